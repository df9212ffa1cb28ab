"""Every text a person sees, in Chinese and English, from gettext catalogues.

English is the message id; Chinese stands in `data/locale/zh/LC_MESSAGES/<folder>.po`, one catalogue per folder of the
house, all read at start-up. It lies in the lowest layer because commands and import reports speak too.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
LOCALE = Path(__file__).parent / "locale"


def mark(message: str) -> str:
    """Return `message` unchanged; marks a text for the catalogue where it is declared, not yet shown."""
    return message


def translate(message: str, language: str, **values: object) -> str:
    """Return `message` in `language` ("zh" or "en"), its `{names}` filled from `values`."""
    text = catalogue(language).get(message, message) if language != "en" else message
    return text.format(**values) if values else text


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return all translated messages of `language`, English id → text; later catalogues must not contradict earlier."""
    messages: dict[str, str] = {}
    for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as stream:
            for message in read_po(stream):
                if message.id and message.string:
                    messages[str(message.id)] = str(message.string)
    return messages
