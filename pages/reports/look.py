"""How papers look: the colours of the pages' light theme, and the face that office programs have."""

from __future__ import annotations

from pages.shared import theme

ACCENT, INK, MUTED = theme.LIGHT.accent, theme.LIGHT.text, theme.LIGHT.muted
LINE, PANEL, PAPER = theme.LIGHT.line, theme.LIGHT.panel, theme.LIGHT.paper
FACE = "Microsoft YaHei"  # where a paper is opened; other machines put their own Chinese face in its place


def plain(colour: str) -> str:
    """Return a colour as Word and PowerPoint write it: six digits, no sign."""
    return colour.removeprefix("#").upper()
