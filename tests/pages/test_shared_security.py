"""An unsafe production does not start, and says what to do; the demo starts as it is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from data.words import LANGUAGES
from pages.shared import people, security
from tests.pages.conftest import HOUSE, PEOPLE

SAFE_AUTH = """
[auth]
redirect_uri = "https://dashboard.example.com/oauth2callback"
cookie_secret = "kq3Vb8yT1sZ6mN0wXc5rE9uJ2hL7gF4dPaOiUyTrEwQ"
client_id = "dashboard"
client_secret = "of-the-provider"
server_metadata_url = "https://keycloak.example.com/.well-known/openid-configuration"
"""


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    """Streamlit's settings as they were, afterwards."""
    names = (
        *security._NEEDED, "server.address", "server.trustedUserHeaders", "server.allowedHosts", "server.cookieSecret",
    )  # fmt: skip
    before = {name: config.get_option(name) for name in names}
    yield
    for name, value in before.items():
        config.set_option(name, value)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Where the secrets would lie."""
    return tmp_path / "secrets.toml"


def found(secrets: Path) -> set[str]:
    problems = security.problems(secrets)
    for problem in problems:
        for language in LANGUAGES:
            assert "{" not in problem.text(language).replace("[\"", "")
    return {problem.rule for problem in problems}


def production(secrets: Path) -> None:
    secrets.write_text(SAFE_AUTH)
    secrets.chmod(0o600)
    config.set_option("server.allowedHosts", ["dashboard.example.com"])


# Safe by Streamlit's own default; a production that changes them does not start.
BY_THEMSELVES = ("server.enableXsrfProtection", "server.enableCORS", "server.enableAgentApi", "global.developmentMode")


def test_the_settings_that_come_with_it_are_the_safe_ones() -> None:
    with (HOUSE / ".streamlit" / "config.toml").open("rb") as stream:
        shipped = tomllib.load(stream)
    relied_on = {**security._NEEDED, "server.address": "127.0.0.1", "server.maxUploadSize": 20,
                 "server.allowedHosts": ["localhost", "127.0.0.1", "::1"]}  # fmt: skip
    for name, needed in relied_on.items():
        section, _dot, option = name.partition(".")
        given = shipped.get(section, {}).get(option)
        assert given == needed or (given is None and name in BY_THEMSELVES), name


@pytest.mark.parametrize(
    ("named", "address", "held", "is_demo"),
    [
        ("", "127.0.0.1", True, True), ("", "::1", True, True), ("", "localhost", True, True),
        ("", "0.0.0.0", True, False), ("", "10.1.2.3", True, False), ("", None, True, False),  # noqa: S104
        ("", "127.0.0.1", False, False), ("header", "127.0.0.1", True, False), ("auth", "127.0.0.1", True, False),
    ],
)  # fmt: skip
def test_the_switch_stands_in_for_signing_in_with_demo_data_on_this_machine_alone(
    named: str, address: str | None, held: bool, is_demo: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.shared.people.visitors.holds_demo", lambda: held)
    monkeypatch.setattr("pages.shared.people.st.secrets", {"auth": {}} if named == "auth" else {})
    config.set_option("server.address", address)
    config.set_option("server.trustedUserHeaders", {"X-Remote-User": "email"} if named == "header" else None)
    assert people.demo() is is_demo


def test_an_address_that_nobody_has_confirmed_lets_nobody_in(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.shared.people.demo", lambda: False)
    # Denied as some providers send it, or as others do: a word.
    for claim in (False, "false"):
        app = AppTest.from_file(str(HOUSE / "app.py"), default_timeout=30)
        app.user = {"email": PEOPLE["admin"][0], "email_verified": claim}
        app.run()
        assert not app.exception
        assert not app.sidebar.text and not app.selectbox
        assert app.session_state["visit_told"] == (PEOPLE["admin"][0], "refused")
    # A trusted header says no more than the address.
    for claims in ({"email": "x@example.com"}, {"email_verified": True}, {"email_verified": "true"}):
        assert people.confirmed(claims)


def test_the_demo_starts_as_it_is(secrets: Path) -> None:
    assert found(secrets) == set()


def test_a_safe_production_starts(secrets: Path) -> None:
    production(secrets)
    assert found(secrets) == set()
    secrets.unlink()
    config.set_option("server.trustedUserHeaders", {"X-Remote-User": "email"})
    assert found(secrets) == set()


@pytest.mark.parametrize("address", ["0.0.0.0", "10.1.2.3", "::", None])  # noqa: S104
def test_nobody_is_let_in_from_elsewhere_without_signing_in(address: str | None, secrets: Path) -> None:
    config.set_option("server.address", address)
    assert security.OPEN_ADDRESS in found(secrets)


def test_the_proxys_header_is_believed_on_this_machine_only(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.set_option("server.trustedUserHeaders", {"X-Remote-User": "email"})
    config.set_option("server.address", "10.1.2.3")
    assert security.FORGEABLE in found(secrets)
    monkeypatch.setenv("DASHBOARD_BEHIND_FIREWALL", "1")
    assert security.FORGEABLE not in found(secrets)


def test_two_ways_to_say_who_is_signed_in_are_one_too_many(secrets: Path) -> None:
    production(secrets)
    config.set_option("server.trustedUserHeaders", {"X-Remote-User": "email"})
    assert security.TWO_WAYS in found(secrets)


@pytest.mark.parametrize("secret", ["", "…", "changeme", "short", "a" * 64])
def test_a_cookie_secret_that_can_be_guessed_is_refused(secret: str, secrets: Path) -> None:
    production(secrets)
    secrets.write_text(SAFE_AUTH.replace("kq3Vb8yT1sZ6mN0wXc5rE9uJ2hL7gF4dPaOiUyTrEwQ", secret))
    assert security.WEAK_SECRET in found(secrets)


def test_a_secret_of_the_servers_own_that_can_be_guessed_is_refused(secrets: Path) -> None:
    production(secrets)
    config.set_option("server.cookieSecret", "a-word")
    assert found(secrets) == {security.WEAK_SECRET}


def test_secrets_that_everybody_can_read_are_refused(secrets: Path) -> None:
    production(secrets)
    secrets.chmod(0o644)
    assert found(secrets) == {security.READABLE}
    # Also those of the database alone, in the demo.
    secrets.write_text('[connections.dashboard]\nurl = "postgresql://dashboard:password@db/dashboard"\n')
    assert security.READABLE in found(secrets)


def test_half_a_sign_in_is_refused(secrets: Path) -> None:
    production(secrets)
    secrets.write_text("\n".join(line for line in SAFE_AUTH.splitlines() if "client_secret" not in line))
    assert security.NO_AUTH in found(secrets)


@pytest.mark.parametrize("name", security._NEEDED)
def test_a_setting_that_undoes_a_fence_is_refused_in_production_and_not_in_the_demo(name: str, secrets: Path) -> None:
    needed = security._NEEDED[name]
    config.set_option(name, (not needed) if isinstance(needed, bool) else "full")
    assert found(secrets) == set()
    production(secrets)
    assert found(secrets) == {security.WRONG}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DASHBOARD_MINIMUM_GROUP", "2"), ("DASHBOARD_CLOSING_DAY", "31"), ("DASHBOARD_KEEP_AUDIT_DAYS", "0"),
        ("DASHBOARD_KEEP_FILES_DAYS", "long"), ("DASHBOARD_UPLOAD_FILES", "0"), ("DASHBOARD_UPLOAD_MEMORY", "2 GB"),
        ("DASHBOARD_UPLOAD_SECONDS", "-1"),
    ],
)  # fmt: skip
def test_a_setting_that_no_page_could_work_with_is_refused_in_the_demo_too(
    name: str, value: str, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    (problem,) = security.problems(secrets)
    assert name in problem.text("zh") and value in problem.text("en")


@pytest.mark.parametrize("hosts", [[], ["*"]])
def test_a_dashboard_reached_by_any_name_is_refused(hosts: list[str], secrets: Path) -> None:
    production(secrets)
    config.set_option("server.allowedHosts", hosts)
    assert security.NO_HOSTS in found(secrets)


def test_the_name_at_which_people_sign_in_is_allowed(secrets: Path) -> None:
    production(secrets)
    config.set_option("server.allowedHosts", ["localhost"])
    assert found(secrets) == {security.OTHER_HOST}


@pytest.mark.parametrize(
    ("path", "is_shut"),
    [
        ("/_stcore/metrics", True), ("/_stcore/agent/interact", True), ("/_stcore/agent/openapi.json", True),
        ("/_stcore/agent/mcp", True), ("/_stcore/script-health-check", True), ("/_stcore/health", False),
        ("/_stcore/stream", False), ("/overview", False), ("/", False),
    ],
)  # fmt: skip
def test_doors_that_nobody_goes_through_are_shut(path: str, is_shut: bool) -> None:
    assert security.shut(path) is is_shut
