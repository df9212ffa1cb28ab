"""Errors that a person is told about, in their language."""

from __future__ import annotations

from data import words


class Told(Exception):
    """Something that cannot be done: a gettext id that says what to do about it, and its parameters."""

    def __init__(self, rule: str, **params: object) -> None:
        super().__init__(rule.format(**params))
        self.rule, self.params = rule, params

    def text(self, language: str) -> str:
        """Return what to tell, in `language` ("zh" or "en")."""
        return words.translate(self.rule, language, **self.params)
