"""Settings that are whole numbers, read from the environment."""

from __future__ import annotations

import os

from data.told import Told


def whole(setting: str, default: int, wrong: str, *, least: int = 1, most: int | None = None) -> int:
    """Return what an environment variable says, `default` where it says nothing; Told `wrong` for anything else.

    `wrong` is a message with {setting}, {value} and, where it names them, {least} and {most}.
    """
    said = os.environ.get(setting, "").strip() or str(default)
    if not said.isdecimal() or int(said) < least or (most is not None and int(said) > most):
        raise Told(wrong, setting=setting, value=said, least=least, most=most)
    return int(said)
