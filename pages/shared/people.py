"""Who is looking: told by the identity provider or a trusted proxy, looked up in our own table on every run.

In the demo (embedded database with demo data, no sign-in configured, server bound to this machine) a switch
“view as” stands in for signing in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from data import visitors
from pages.shared import states
from pages.shared.words import Language, _
from queries.viewers import Role, Viewer

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SWITCH, _TOLD = "view_as", "visit_told"


@dataclass(frozen=True)
class Person:
    """A visitor who may look: who, by what name, in what language (None: the browser's), and whether in the demo."""

    viewer: Viewer
    name: str
    language: Language | None = None
    personas: tuple[tuple[str, str], ...] = ()  # in the demo: (address, role and name) of all it can be looked at as

    @property
    def demo(self) -> bool:
        """Whether the switch “view as” stands in for signing in."""
        return bool(self.personas)


def role_name(role: Role) -> str:
    """Return what a role is called."""
    return {
        "executive": _("Executive"),
        "union_staff": _("Union staff"),
        "management": _("Management side"),
        "admin": _("Administrator"),
        "operator": _("Operator"),
    }[role]


def who() -> Person:
    """Return the visitor; ends the run with a screen that says why for one who may not look."""
    present = visitors.everyone() if demo() else []
    personas = tuple((row["email"], f"{role_name(row['role'])} · {row['name']}") for row in present)
    email = _chosen(personas) if personas else st.user.get("email")
    if not email:
        states.signed_out(can_sign_in=signs_in())
        st.stop()
    try:
        if personas:
            row = next((row for row in present if row["email"] == email), None)
        else:
            row = visitors.visitor(str(email)) if confirmed(st.user) else None
    except visitors.Unreachable:
        states.unreachable()
        st.stop()
    if row is None:
        _tell(str(email), "refused")
        states.refused(str(email), can_sign_out=signs_in())
        st.stop()
    _tell(str(email), "signed_in")
    viewer = Viewer(row["email"], row["role"], row["units"])
    # The demo's visitors are not the people they look as: their browser's language decides.
    return Person(viewer, row["name"], None if personas else row["language"], personas)


def confirmed(claims: Mapping[str, object]) -> bool:
    """Return whether the identity provider does not deny that the address is the visitor's own.

    Where people may write any address into their account, one who has not confirmed it could be anybody.
    """
    return str(claims.get("email_verified", True)).lower() != "false"


def demo() -> bool:
    """Return whether “view as” may stand in for signing in."""
    return (
        not signs_in()
        and not st.get_option("server.trustedUserHeaders")
        and st.get_option("server.address") in LOOPBACK
        and visitors.holds_demo()
    )


def signs_in() -> bool:
    """Return whether an identity provider is configured."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def switch(person: Person) -> None:
    """Draw who is looking; in the demo the switch, which says what it is."""
    if not person.demo:
        st.text(f"{person.name} · {role_name(person.viewer.role)}")
        if signs_in():
            st.button(_("Sign out"), on_click=st.logout, type="tertiary", icon=":material/logout:")
        return
    names = dict(person.personas)
    st.selectbox(
        _("View as"),
        list(names),
        key=_SWITCH,
        format_func=names.__getitem__,
        on_change=_switched,
    )
    st.caption(_("Demo data on this machine only: this switch stands in for signing in."))


def _switched() -> None:
    # The address must not bring the former person back when the page is loaded anew.
    st.query_params["as"] = st.session_state[_SWITCH]


def _chosen(personas: tuple[tuple[str, str], ...]) -> str:
    """Return the address of the person the demo is looked at as: the switch's, the link's, else the first's."""
    may = [email for email, _name in personas]
    wanted = [st.session_state.get(_SWITCH), st.query_params.get("as"), may[0]]
    chosen: str = next(email for email in wanted if email in may)
    st.session_state[_SWITCH] = chosen
    return chosen


def _tell(email: str, action: str) -> None:
    """Log the visit once a session, not at every click."""
    if st.session_state.get(_TOLD) != (email, action):
        visitors.tell(email, action)
        st.session_state[_TOLD] = (email, action)
