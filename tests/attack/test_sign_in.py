"""Nobody gets in who does not belong, by no address, page, script or header; who is shut out is out at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.util import calc_hash
from websockets.exceptions import InvalidStatus

from data import database, people
from pages.shared.navigation import ENTRIES
from tests.attack.conftest import MARK, ROLES, Office
from tests.attack.intruder import FORGERIES, Intruder
from tests.browser.browsing import HOUSE, Server

PAGES = [entry for entry in ENTRIES if entry.path.is_file()]
DRAWN = (
    "vega_lite_chart", "dataframe", "metric", "deck_gl_json_chart", "download_button", "file_uploader", "selectbox",
)  # fmt: skip
STRANGERS = (None, "nobody@office.example", "gone@office.example", "", " ", "leader@office.example\n", "*", "admin")


def drawn(one: Intruder) -> list[str]:
    """What a refused visitor must never be sent."""
    kinds = [element.WhichOneof("type") for element in one.heard.elements]
    return [kind for kind in kinds if kind in DRAWN]


@pytest.mark.parametrize("stranger", STRANGERS[:5], ids=repr)
def test_a_stranger_is_refused_on_every_page_of_a_fresh_server(
    stranger: str | None, fresh: Callable[..., Server]
) -> None:
    server = fresh()
    with Intruder(server.url, stranger) as one:
        for entry in PAGES:
            one.run(entry.key, "unit=D1&as=admin@office.example")
            # By the hash of a page's script, as Streamlit's own multipage apps name it, and of one that is no page.
            for script in (entry.path, HOUSE / "pages" / "manage" / "persons.py", HOUSE / "app.py"):
                one.run(entry.key, script=calc_hash(str(script)))
        one.run("", widgets=[("view_as", "string_value", "admin@office.example"), *_all_forged()])
    assert drawn(one) == []
    assert one.heard.pages == set()
    assert MARK not in one.heard.text() and "D1B1" not in one.heard.text()
    assert not one.heard.faults


def _all_forged() -> list[tuple[str, str, object]]:
    return [(name, kind, value) for name in ("view_as", "visit_told", "view_state") for kind, value in FORGERIES]


def test_the_address_does_not_make_a_visitor_somebody_else(server: Server) -> None:
    boss, admin = ROLES["management"][0], ROLES["admin"][0]
    with Intruder(server.url, boss) as one:
        heard = one.run("", f"as={admin}&email={admin}&role=admin&view_as={admin}")
    assert "people" not in heard.pages and "hand-in" not in heard.pages
    assert admin not in heard.text()


def test_who_is_shut_out_is_out_at_the_next_click(office: Office, fresh: Callable[..., Server]) -> None:
    engine = database.engine_for(f"sqlite:///{office.home / 'dashboard.db'}")
    with database.writing(engine) as connection:
        people.add(connection, "short@office.example", "Short", "executive", by="test")
    server = fresh()
    with Intruder(server.url, "short@office.example") as one:
        assert one.run().pages
        with database.writing(engine) as connection:
            people.disable(connection, "short@office.example", by="test")
        after = one.run()
    assert after.pages == set()
    assert not [element for element in after.elements if element.WhichOneof("type") in DRAWN]
    with database.reading(engine) as connection:
        lines = people.log(connection, 50, "short@office.example")
    assert {line["action"] for line in lines if line["who"] == "short@office.example"} >= {"signed_in", "refused"}


def test_a_change_of_role_acts_at_the_next_click(office: Office, fresh: Callable[..., Server]) -> None:
    engine = database.engine_for(f"sqlite:///{office.home / 'dashboard.db'}")
    with database.writing(engine) as connection:
        people.add(connection, "moved@office.example", "Moved", "admin", by="test")
    server = fresh()
    with Intruder(server.url, "moved@office.example") as one:
        assert "people" in one.run().pages
        with database.writing(engine) as connection:
            people.add(connection, "moved@office.example", "Moved", "management", by="test")
        after = one.run("people")
    assert "people" not in after.pages and after.not_found
    with database.writing(engine) as connection:
        people.disable(connection, "moved@office.example", by="test")


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1.evil.example", "null"])
def test_a_page_from_elsewhere_cannot_open_the_door(origin: str, server: Server) -> None:
    with pytest.raises(InvalidStatus, match="403"), Intruder(server.url, ROLES["admin"][0], origin=origin):
        pass


def test_the_dashboard_answers_to_its_own_names_only(office: Office, fresh: Callable[..., Server]) -> None:
    server = fresh(STREAMLIT_SERVER_ALLOWED_HOSTS='["dashboard.example.com"]')
    with pytest.raises(InvalidStatus, match="403"), Intruder(server.url, ROLES["admin"][0]):
        pass


def test_without_a_sign_in_the_demos_switch_is_not_there_for_real_data(fresh: Callable[..., Server]) -> None:
    # The embedded database on this machine, but handed-in data: nobody may choose who they are.
    server = fresh(STREAMLIT_SERVER_TRUSTED_USER_HEADERS="{}")
    with Intruder(server.url, ROLES["admin"][0]) as one:
        heard = one.run("", f"as={ROLES['admin'][0]}")
    assert heard.pages == set() and MARK not in heard.text()


@pytest.mark.parametrize(
    "path",
    ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/script-health-check", "/media/0000.csv",
     "/app/static/../secrets.toml", "/.streamlit/secrets.toml", "/data/people.py", "/_stcore/upload_file/x/y"],
)  # fmt: skip
def test_nothing_lies_about_for_whoever_asks_the_server_itself(path: str, server: Server) -> None:
    found = Intruder(server.url).get(path)
    # Streamlit answers an unknown address with its empty page, which holds nothing of ours.
    assert MARK.encode() not in found and b"def " not in found and b"cookie_secret" not in found
    assert b"# HELP" not in found and b'"openapi":' not in found
