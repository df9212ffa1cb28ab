"""Who is looking: role and units, as the people table says; every answer is computed for one viewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["executive", "union_staff", "management", "admin", "operator"]
ROLES: tuple[Role, ...] = ("executive", "union_staff", "management", "admin")


@dataclass(frozen=True)
class Viewer:
    """One person looking: e-mail, role, and the units whose subtrees are theirs (empty = all)."""

    email: str
    role: Role
    units: tuple[str, ...] = ()

    @property
    def sees_cases(self) -> bool:
        """Whether single cases of the viewer's own units may be shown; small groups are then not suppressed."""
        return self.role in ("union_staff", "operator")


# Whoever sits at the machine with the database in hand: the commands, without suppression.
OPERATOR = Viewer("operator", "operator")
