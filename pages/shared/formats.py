"""How numbers, months and days look, in both languages: the only place that writes a number as text.

A missing value is “–”, a suppressed one “<5”, everywhere. Large counts shorten to 万/亿 or k/M.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date

from data.words import mark, translate
from pages.shared.words import Language, language
from queries.disclosure import minimum_group
from queries.filters import Month
from queries.metric import Unit

MISSING = "–"
MINUS = "−"  # U+2212: as wide as a plus, and no spreadsheet takes it for a formula


# From which size on a count is shortened, and by what: (from, divisor, sign), the largest first.
_SHORT: dict[str, tuple[tuple[float, float, str], ...]] = {
    "zh": ((1e8, 1e8, "亿"), (1e4, 1e4, "万")),
    "en": ((1e9, 1e9, "bn"), (1e6, 1e6, "M"), (1e4, 1e3, "k")),
}
# English words whose form depends on the number.
_DAYS = (mark("{number} day"), mark("{number} days"))


def percent(number: float | None, digits: int = 1, of: Language | None = None) -> str:
    """Return a fraction as a percentage: 0.953 → 95.3%."""
    return MISSING if number is None else _figure(number * 100, digits) + "%"


def count(number: float | None, of: Language | None = None, *, whole: bool = False) -> str:
    """Return a count: 9,876; from 10,000 on 1.23万 or 12.3k, unless the `whole` number is asked for."""
    if number is None:
        return MISSING
    if not whole:
        for start, divisor, sign in _SHORT[of or language()]:
            if abs(number) >= start:
                return _significant(number / divisor) + sign
    return _figure(number, 0 if _whole(number) else 1)


def yuan(number: float | None, of: Language | None = None) -> str:
    """Return an amount in yuan: 12.3万元, or ¥123k."""
    if number is None:
        return MISSING
    if (of or language()) == "zh":
        return count(round(number), of) + "元"
    return (MINUS if number < 0 else "") + "¥" + count(abs(round(number)), of)


def days(number: float | None, of: Language | None = None) -> str:
    """Return a number of days: 12天, 12 days."""
    if number is None:
        return MISSING
    return translate(_DAYS[abs(number) != 1], of or language(), number=_figure(number, 0 if _whole(number) else 1))


def decimal(number: float | None, digits: int = 1, of: Language | None = None) -> str:
    """Return a number with that many decimals: per 100 people, an index, a score."""
    return MISSING if number is None else _figure(number, digits)


def points(difference: float | None, of: Language | None = None) -> str:
    """Return a difference of two fractions in percentage points, with its sign."""
    if difference is None:
        return MISSING
    return translate(mark("{number} pp"), of or language(), number=_signed(difference * 100, 1))


def suppressed_sign() -> str:
    """Return what stands for a figure of a group too small to show: “<5”, by the configured least group."""
    return f"<{minimum_group()}"


def value(unit: Unit, number: float | None, of: Language | None = None, *, suppressed: bool = False) -> str:
    """Return a metric's value by its unit; “–” where there is none, “<5” where the group is too small to show."""
    if suppressed:
        return suppressed_sign()
    if unit == "rate":
        return percent(number, 1, of)
    if unit == "count":
        return count(number, of)
    if unit == "yuan":
        return yuan(number, of)
    if unit == "days":
        return days(number, of)
    return decimal(number, 2 if unit == "per_head" else 1, of)


def change(unit: Unit, difference: float | None, of: Language | None = None) -> str:
    """Return a difference between two values of one metric with its sign: points for rates, else in its unit."""
    if difference is None:
        return MISSING
    if unit == "rate":
        return points(difference, of)
    sign = "+" if difference > 0 else MINUS if difference < 0 else "±"
    return sign + value(unit, abs(difference), of)


@lru_cache(maxsize=4096)
def _written(when: date, pattern: str, tongue: Language) -> str:
    return format_date(when, pattern, _locale(tongue))


def month(when: Month, of: Language | None = None) -> str:
    """Return a month: 2025年3月, Mar 2025."""
    pattern = "y年M月" if (of or language()) == "zh" else "MMM y"
    return _written(when.first, pattern, of or language())


def day(when: date, of: Language | None = None) -> str:
    """Return a day: 2025年3月5日, 5 Mar 2025."""
    pattern = "y年M月d日" if (of or language()) == "zh" else "d MMM y"
    return _written(when, pattern, of or language())


def span(start: Month, end: Month, of: Language | None = None) -> str:
    """Return a range of months: 2025年1–6月, Jan–Jun 2025, 2024年7月–2025年6月."""
    tongue = of or language()
    if start == end:
        return month(start, tongue)
    if start.year != end.year:
        return f"{month(start, tongue)}–{month(end, tongue)}"
    if tongue == "zh":
        return f"{start.year}年{start.month}–{end.month}月"
    return f"{format_date(start.first, 'MMM', _locale('en'))}–{month(end, 'en')}"


def period(label: str, of: Language | None = None) -> str:
    """Return the name of a calendar group: 2024-07 → 2024年7月, 2024-Q3 → 2024年三季度, 2024 → 2024年."""
    tongue = of or language()
    if "-Q" in label:
        year, quarter = label.split("-Q")
        return f"{year}年{'一二三四'[int(quarter) - 1]}季度" if tongue == "zh" else f"Q{quarter} {year}"
    if "-" in label:
        return month(Month.parse(label), tongue)
    return f"{label}年" if tongue == "zh" else label


def axis(unit: Unit, of: Language | None = None) -> str:
    """Return a Vega expression that writes `datum.value` as an axis does: shorter than `value`, the same signs."""
    if unit == "rate":
        return "format(datum.value, '.0%')"
    if unit not in ("count", "yuan"):
        return "format(datum.value, ',.2~f')"
    steps = "".join(
        f"abs(datum.value) >= {start:.0f} ? format(datum.value / {divisor:.0f}, ',.3~g') + '{sign}' : "
        for start, divisor, sign in _SHORT[of or language()]
    )
    return steps + "format(datum.value, ',~g')"


def _figure(number: float, digits: int) -> str:
    text = f"{abs(number):,.{digits}f}"  # both languages group and point alike
    negative = number < 0 and any(c in "123456789" for c in text)  # no “−0.0”
    return MINUS + text if negative else text


def _signed(number: float, digits: int) -> str:
    text = _figure(number, digits)
    if text.startswith(MINUS):
        return text
    return ("+" if any(c in "123456789" for c in text) else "±") + text


def _significant(number: float) -> str:
    """Three figures: 1.23, 12.3, 123; zeros at the end fall away."""
    digits = 2 if abs(number) < 9.995 else 1 if abs(number) < 99.95 else 0
    text = _figure(number, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(number: float) -> bool:
    return float(number).is_integer()


@cache
def _locale(tongue: str) -> Locale:
    return Locale("zh", "CN", "Hans") if tongue == "zh" else Locale("en", "GB")
