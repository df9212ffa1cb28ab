"""At most five findings, the weightiest first, each told once, and none when nothing happened."""

import numpy as np
import polars as pl

from queries.statistics.findings import Finding, findings, of_change, of_silence, of_units
from queries.statistics.funnel import funnel
from queries.statistics.process import latest_change
from queries.statistics.silence import silence


def one(metric: str, unit: str | None, p: float, size: float, kind: str = "unit") -> Finding:
    return Finding(kind, metric, unit, 0.1, 0.05, 0.15, 0.0, p, size, True)  # type: ignore[arg-type]


def test_nothing_is_reported_when_nothing_was_compared_or_nothing_is_sure() -> None:
    assert findings([]) == ()
    assert findings([one("closure_rate", f"D{i}", 0.02 + i / 100, 100) for i in range(40)]) == ()


def test_looking_at_many_things_makes_each_harder_to_believe() -> None:
    lone = one("closure_rate", "D1", 0.004, 10)
    others = [one("response_rate", f"D{i}", 0.5, 10) for i in range(2, 102)]
    assert findings([lone]) == (lone,)
    assert findings([lone, *others]) == ()


def test_at_most_five_the_weightiest_first_each_unit_once_and_each_metric_twice() -> None:
    sure = [one(f"m{i // 3}", f"D{i}", 1e-6, size=i) for i in range(30)]
    chosen = findings(sure)
    assert [finding.size for finding in chosen] == [29, 28, 26, 25, 23]
    same_unit = findings([one("a", "D1", 1e-6, 1), one("b", "D1", 1e-6, 2), one("c", None, 1e-6, 0.5)])
    assert [(finding.metric, finding.unit) for finding in same_unit] == [("b", "D1"), ("c", None)]


def test_the_order_of_the_comparisons_does_not_matter() -> None:
    compared = [one(f"m{i}", f"D{i}", 1e-6, size=i % 3) for i in range(9)]
    assert findings(compared) == findings(compared[::-1])


def world(generator: np.random.Generator) -> tuple[Finding, ...]:
    """Eight metrics over 36 months and 40 units, three voices; one KPI is up, one unit bad, one silent."""
    compared: list[Finding] = []
    for number in range(8):
        sizes = generator.integers(100, 400, 36)
        rates = generator.binomial(sizes, np.where((np.arange(36) >= 30) & (number == 4), 0.9, 0.75)) / sizes
        change = latest_change(rates.tolist(), denominators=sizes.tolist())
        assert change is not None
        compared.append(of_change(f"metric_{number}", change, 1, float(sizes[change.since :].sum())))
    size = generator.integers(10, 200, 40)
    share = np.full(40, 0.85)
    size[3], share[3] = (200, 0.5)
    units = pl.DataFrame(
        {"unit": [f"D{i}" for i in range(40)], "numerator": generator.binomial(size, share), "denominator": size}
    )
    compared += of_units("closure_rate", funnel(units, 1), 1)
    people = generator.integers(50, 500, 40)
    people[8] = 400
    level = np.where(np.arange(40) == 8, 0.1, 1.0)
    voices = pl.concat(
        pl.DataFrame(
            {
                "unit": [f"D{i}" for i in range(40)],
                "measure": measure,
                "observed": generator.poisson(rate * people * level),
                "exposure": people,
            }
        )
        for measure, rate in (("grievances", 0.06), ("suggestions", 0.15), ("answers", 0.6))
    )
    compared += of_silence("silence", silence(voices))
    return findings(compared)


def test_three_planted_stories_are_found_named_and_lead_to_their_page() -> None:
    chosen = world(np.random.default_rng(6))
    assert {(finding.kind, finding.metric, finding.unit) for finding in chosen} == {
        ("change", "metric_4", None),
        ("unit", "closure_rate", "D3"),
        ("silence", "silence", "D8"),
    }
    by_kind = {finding.kind: finding for finding in chosen}
    assert by_kind["change"].better is True
    assert by_kind["change"].low < 0.15 < by_kind["change"].high
    assert by_kind["unit"].better is False
    assert by_kind["unit"].high < by_kind["unit"].reference
    assert by_kind["unit"].link == (("branch", "D3"),)
    assert by_kind["silence"].value < 0.2
