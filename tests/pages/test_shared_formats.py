"""Numbers, months and missing values look alike everywhere, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from pages.shared import formats
from queries.filters import Month


@pytest.mark.parametrize(
    ("unit", "number", "zh", "en"),
    [
        ("rate", 0.953, "95.3%", "95.3%"),
        ("rate", 1.2, "120.0%", "120.0%"),
        ("rate", 0.0, "0.0%", "0.0%"),
        ("rate", None, "–", "–"),
        ("count", 0, "0", "0"),
        ("count", 9_999, "9,999", "9,999"),
        ("count", 12_345, "1.23万", "12.3k"),
        ("count", 100_000, "10万", "100k"),
        ("count", 1_234_567, "123万", "1.23M"),
        ("count", 234_567_890, "2.35亿", "235M"),
        ("yuan", 9_640_000.0, "964万元", "¥9.64M"),
        ("yuan", 800.4, "800元", "¥800"),
        ("days", 1, "1天", "1 day"),
        ("days", 12.0, "12天", "12 days"),
        ("days", 12.5, "12.5天", "12.5 days"),
        ("per_100", 3.21, "3.2", "3.2"),
        ("per_head", 1.234, "1.23", "1.23"),
        ("index", 78.54, "78.5", "78.5"),
        ("score", -2.84, "−2.8", "−2.8"),
    ],
)
def test_a_value_is_written_by_its_unit(unit: formats.Unit, number: float | None, zh: str, en: str) -> None:
    assert formats.value(unit, number, "zh") == zh
    assert formats.value(unit, number, "en") == en


@pytest.mark.parametrize(
    ("unit", "difference", "zh", "en"),
    [
        ("rate", 0.012, "+1.2个百分点", "+1.2 pp"),
        ("rate", -0.06, "−6.0个百分点", "−6.0 pp"),
        ("rate", -0.0001, "±0.0个百分点", "±0.0 pp"),
        ("count", 3, "+3", "+3"),
        ("count", -12_345, "−1.23万", "−12.3k"),
        ("days", 0, "±0天", "±0 days"),
        ("rate", None, "–", "–"),
    ],
)
def test_a_change_carries_its_sign(unit: formats.Unit, difference: float | None, zh: str, en: str) -> None:
    assert formats.change(unit, difference, "zh") == zh
    assert formats.change(unit, difference, "en") == en


def test_a_small_group_reads_less_than_the_least_group_and_never_its_value() -> None:
    assert formats.value("count", 3, "zh", suppressed=True) == formats.suppressed_sign() == "<5"


def test_the_sign_of_small_groups_follows_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_MINIMUM_GROUP", "10")
    assert formats.suppressed_sign() == "<10"


def test_a_minus_is_none_that_a_spreadsheet_takes_for_a_formula() -> None:
    assert not formats.change("count", -3, "en").startswith("-")


@pytest.mark.parametrize(
    ("start", "end", "zh", "en"),
    [
        (Month(2025, 3), Month(2025, 3), "2025年3月", "Mar 2025"),
        (Month(2025, 1), Month(2025, 6), "2025年1–6月", "Jan–Jun 2025"),
        (Month(2024, 7), Month(2025, 6), "2024年7月–2025年6月", "Jul 2024–Jun 2025"),
    ],
)
def test_months_are_written_as_people_write_them(start: Month, end: Month, zh: str, en: str) -> None:
    assert formats.span(start, end, "zh") == zh
    assert formats.span(start, end, "en") == en


def test_days_and_calendar_groups() -> None:
    assert formats.day(date(2025, 3, 5), "zh") == "2025年3月5日"
    assert formats.day(date(2025, 3, 5), "en") == "5 Mar 2025"
    assert [formats.period(label, "zh") for label in ("2024-07", "2024-Q3", "2024")] == [
        "2024年7月",
        "2024年三季度",
        "2024年",
    ]
    assert [formats.period(label, "en") for label in ("2024-07", "2024-Q3", "2024")] == ["Jul 2024", "Q3 2024", "2024"]
