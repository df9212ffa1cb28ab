"""Correcting in place: each sees the rows of the own units only, and nothing can be stored before something changed."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from data import corrections
from tests.pages.conftest import Opened


def units(app: AppTest) -> list[str]:
    return list(app.selectbox(key="correct_unit").options)


def test_each_ledger_opens_and_nothing_is_to_be_stored_yet(open_page: Opened) -> None:
    app = open_page("correct", role="admin")
    for ledger in corrections.CORRECTED:
        app.segmented_control(key="correct_table").set_value(ledger).run()
        assert not app.exception
        assert app.button(key="correct_store").disabled
        assert "尚无改动。" in [caption.value for caption in app.caption]
        # Only who answers for all units writes notes for the whole enterprise.
        assert ("全企业" in units(app)) == (ledger == "annotations")


def test_a_clerk_has_the_own_units_only(open_page: Opened) -> None:
    app = open_page("correct", role="union_staff")
    app.segmented_control(key="correct_table").set_value("annotations").run()
    mine = units(app)
    assert "全企业" not in mine
    assert set(mine) < set(units(open_page("correct", role="admin")))
