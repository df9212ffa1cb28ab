"""The demo: the same for everybody, in keeping with every rule, and its stories can be seen in the rows."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sqlalchemy import Engine, select

from data import database, demo, importer, schema, tables
from data.demo import ledgers, organisation, stories
from data.demo.company import ANNOTATIONS, PEOPLE
from data.demo.days import Days
from data.demo.frames import DTYPES
from data.demo.world import SIZES

LAST = date(2026, 10, 31)
Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def small() -> Tables:
    return demo.generate("small", 1)


@pytest.fixture(scope="module")
def plain() -> Tables:
    """The same dice with no story told."""
    return demo.generate("small", 1, stories=False)


def within(unit: str) -> pl.Expr:
    return pl.col("branch_id").str.starts_with(unit)


def month(column: str) -> pl.Expr:
    return pl.col(column).dt.to_string("%Y-%m")


def share(frame: pl.DataFrame, condition: pl.Expr) -> float:
    assert frame.height >= 20, "too few rows to say anything"
    return float(frame.select(condition.mean()).item())


def closed_for_good() -> pl.Expr:
    again = pl.col("reopened_on") > pl.col("closed_on")
    return pl.col("closed_on").is_not_null() & ~again.fill_null(value=False)


# --- the same for everybody --------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_rows_and_another_seed_others(small: Tables) -> None:
    again, other = demo.generate("small", 1), demo.generate("small", 2)
    assert demo.fingerprint(again) == demo.fingerprint(small)
    assert demo.fingerprint(other) != demo.fingerprint(small)
    # Units keep their codes, names and places whatever the dice: links and the guided tour name them.
    assert other["branches"]["branch_id"].equals(small["branches"]["branch_id"])
    assert other["branches"]["name"].equals(small["branches"]["name"])


def test_the_small_demo_is_there_at_once() -> None:
    began = time.perf_counter()
    demo.generate("small", 3)
    assert time.perf_counter() - began < 5


def test_an_unknown_size_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="small, medium, large"):
        demo.generate("huge")


def test_small_is_sixty_units_in_four_levels_nine_thousand_workers_and_thirty_months(small: Tables) -> None:
    kinds = dict(small["branches"].group_by("kind").len().iter_rows())
    assert kinds == {"company": 1, "division": 8, "branch": 34, "group": 17}
    monthly = small["headcounts"].group_by("month").agg(pl.col("employees").sum()).sort("month")
    assert monthly.height == 30
    assert monthly["month"][-1] == "2026-10"
    average = monthly["employees"].mean()
    assert isinstance(average, float)
    assert abs(average - 9000) < 200


def test_every_table_has_rows_at_full_width_in_the_types_that_are_stored(small: Tables) -> None:
    assert list(small) == [table.name for table in tables.TABLES]
    for table in tables.TABLES:
        assert small[table.name].schema == {column.name: DTYPES[column.kind] for column in table.columns}
        assert small[table.name].height > 0


def test_the_data_date_is_the_end_of_october_2026_and_nothing_happened_after_it(small: Tables) -> None:
    happened = [
        small[table.name][column.name].max() for table in tables.TABLES for column in table.columns if column.happened
    ]
    assert max(day for day in happened if isinstance(day, date)) == LAST


def test_units_lie_in_china_and_abroad_and_below_one_company(small: Tables) -> None:
    branches = small["branches"]
    assert branches.filter(pl.col("parent_id").is_null())["branch_id"].to_list() == ["HQ"]
    assert {"老挝", "埃塞俄比亚", "巴基斯坦", "印度尼西亚", "赞比亚"} <= set(branches["region"])
    assert branches.filter(pl.col("name_en").is_null() | pl.col("latitude").is_null()).is_empty()
    assert branches["name"].is_unique().all()
    assert branches["name_en"].is_unique().all()


def test_some_units_open_within_the_data_and_count_nobody_before(small: Tables) -> None:
    opened = small["branches"].filter(pl.col("opened_on") > date(2024, 5, 1))
    assert opened["branch_id"].to_list() == ["D02P06", "D07P05"]
    early = small["headcounts"].join(opened, on="branch_id").filter(pl.col("month") < month("opened_on"))
    assert early.is_empty()


def test_nobody_works_in_two_units_in_one_month_but_some_move(small: Tables) -> None:
    came = small["attendance"].join(small["activities"].select("activity_id", "held_on"), on="activity_id")
    homes = came.group_by("person_id", month("held_on")).agg(pl.col("branch_id").n_unique())
    assert homes["branch_id"].max() == 1
    ever = came.group_by("person_id").agg(pl.col("branch_id").n_unique())
    assert ever.filter(pl.col("branch_id") > 1).height > 100


def test_half_of_the_workers_take_part_in_a_month_and_nearly_all_in_a_year(small: Tables) -> None:
    came = small["attendance"].join(small["activities"].select("activity_id", "held_on"), on="activity_id")
    employees = int(small["headcounts"].filter(pl.col("month") >= "2025-11")["employees"].sum()) / 12
    year = came.filter(pl.col("held_on") >= date(2025, 11, 1))
    may = year.filter(month("held_on") == "2026-05")["person_id"].n_unique() / employees
    february = year.filter(month("held_on") == "2026-02")["person_id"].n_unique() / employees
    assert 0.45 < may < 0.62
    assert february < may - 0.05, "around Spring Festival the sites are empty"
    assert 0.85 < year["person_id"].n_unique() / employees < 1.0


def test_rates_are_those_of_a_real_group(small: Tables) -> None:
    closed = small["grievances"].filter(closed_for_good() & (pl.col("outcome") != "withdrawn"))
    assert 0.78 < share(closed.filter(pl.col("satisfaction").is_not_null()), pl.col("satisfaction") >= 4) < 0.90
    assert 0.30 < closed["satisfaction"].null_count() / closed.height < 0.45
    assert 0.70 < share(closed.filter(pl.col("confirmed").is_not_null()), pl.col("confirmed")) < 0.88
    decided = small["suggestions"].filter(pl.col("decided_on").is_not_null())
    adopted = decided.filter(pl.col("decision") != "declined")
    assert 0.40 < adopted.height / decided.height < 0.52
    assert 0.50 < share(adopted, pl.col("implemented_on").is_not_null()) < 0.70


def test_the_newest_cases_are_open_and_old_ones_hardly(small: Tables) -> None:
    cases = small["grievances"].filter(~within(stories.LATE_REPORTING.units[0]))
    still = ~closed_for_good()
    assert share(cases.filter(pl.col("filed_on") >= date(2026, 10, 22)), still) > 0.5
    assert share(cases.filter(pl.col("filed_on") < date(2026, 4, 1)), still) < 0.02


def on_land(outlines: Path, places: pl.DataFrame) -> list[bool]:
    """Whether a line eastward from each place crosses an odd number of the land's edges."""
    features = json.loads(outlines.read_text("utf-8"))["features"]
    shape = next(one["geometry"] for one in features if one["properties"]["kind"] == "land")
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    rings = [np.array(ring)[:, :2] for polygon in polygons for ring in polygon]
    (x, y), (to_x, to_y) = np.concatenate([r[:-1] for r in rings]).T, np.concatenate([r[1:] for r in rings]).T
    inside = []
    for east, north in places.select("longitude", "latitude").iter_rows():
        between = (y > north) != (to_y > north)
        meets = x[between] + (north - y[between]) / (to_y - y)[between] * (to_x - x)[between]
        inside.append(int((meets > east).sum()) % 2 == 1)
    return inside


def test_every_unit_of_every_size_stands_on_land() -> None:
    size = SIZES["large"]
    units = organisation.units(size.divisions, size.branches, size.groups, Days.ending(size.months, surge=True), True)
    places = organisation.branches(units).filter(pl.col("kind") != "group")
    outlines = Path(demo.__file__).parents[1] / "outlines" / "outlines.geojson"
    wet = places.filter(~pl.Series(on_land(outlines, places)))
    assert wet["name"].to_list() == []


# --- in keeping with every rule ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_import_finds_neither_fault_nor_warning_in_the_demo(small: Tables, tmp_path_factory) -> None:
    engine = database.engine_for(f"sqlite:///{tmp_path_factory.mktemp('rules') / 'demo.db'}")
    result = importer.store_frames(small, by="test", engine=engine, on=date(2026, 11, 1))
    assert [fault.line("en") for fault in result.faults] == []
    assert [fault.line("en") for fault in result.warnings] == []
    engine.dispose()


# --- each story can be seen --------------------------------------------------------------------------------------


def test_the_stories_name_units_and_months_that_are_there(small: Tables) -> None:
    assert len({story.id for story in stories.STORIES}) == len(stories.STORIES)
    for story in stories.STORIES:
        assert set(story.units) <= set(small["branches"]["branch_id"])
        assert set(story.months) <= set(small["headcounts"]["month"])
        assert story.zh
        assert story.en


def test_wage_grievances_surge_before_each_spring_festival(small: Tables, plain: Tables) -> None:
    def pay(frames: Tables, start: date, end: date) -> int:
        cases = frames["grievances"].filter(pl.col("category") == "pay")
        return cases.filter(pl.col("filed_on").is_between(start, end)).height

    for before, after in (
        ((date(2024, 12, 12), date(2025, 1, 20)), (date(2025, 3, 1), date(2025, 4, 9))),
        ((date(2025, 12, 31), date(2026, 2, 8)), (date(2026, 3, 15), date(2026, 4, 23))),
    ):
        assert pay(small, *before) > 2.5 * pay(small, *after)
        assert pay(plain, *before) < 1.5 * pay(plain, *after)
    others = small["grievances"].filter(pl.col("category") != "pay")
    january = others.filter(month("filed_on") == "2026-01").height
    april = others.filter(month("filed_on") == "2026-04").height
    assert january < 1.3 * april, "only pay surges"


def test_the_reorganised_division_closes_in_time_less_and_less(small: Tables, plain: Tables) -> None:
    def on_time(frames: Tables, start: date, end: date, where: pl.Expr) -> float:
        # Limits in calendar days need no calendar: the other categories are left out here.
        levels = frames["service_levels"].filter(pl.col("day_kind") == "calendar").select("category", "closing_days")
        due = pl.coalesce("due_on", pl.col("filed_on") + pl.duration(days=pl.col("closing_days")))
        cases = frames["grievances"].join(levels, on="category").with_columns(due=due)
        cases = cases.filter(where & pl.col("due").is_between(start, end) & pl.col("outcome").ne_missing("withdrawn"))
        return share(cases, closed_for_good() & (pl.col("closed_on") <= pl.col("due")))

    year, autumn = (date(2025, 3, 1), date(2026, 2, 28)), (date(2026, 8, 1), date(2026, 10, 30))
    inside = within(stories.REORGANISATION.units[0])
    others = ~inside & ~within(stories.LATE_REPORTING.units[0])
    assert on_time(small, *year, inside) > 0.8
    assert on_time(small, *autumn, inside) < on_time(small, *year, inside) - 0.15
    assert abs(on_time(small, *autumn, others) - on_time(small, *year, others)) < 0.05
    assert abs(on_time(plain, *autumn, inside) - on_time(plain, *year, inside)) < 0.10


def test_one_unit_closes_fast_and_satisfies_nobody(small: Tables) -> None:
    closed = small["grievances"].filter(closed_for_good() & (pl.col("outcome") != "withdrawn"))
    here = within(stories.FAST_UNSATISFYING.units[0])
    days = (pl.col("closed_on") - pl.col("filed_on")).dt.total_days()
    mine, others = closed.filter(here), closed.filter(~here)
    assert mine.select(days.median()).item() < 0.5 * others.select(days.median()).item()
    own = small["grievances"].filter(here & (pl.col("filed_on") < date(2026, 10, 1)))
    assert share(own, closed_for_good()) > 0.97
    assert share(mine.filter(pl.col("satisfaction").is_not_null()), pl.col("satisfaction") >= 4) < 0.45
    assert share(mine.filter(pl.col("confirmed").is_not_null()), pl.col("confirmed")) < 0.45
    assert share(mine, pl.col("reopened_on").is_not_null()) > 3 * share(others, pl.col("reopened_on").is_not_null())


def test_one_unit_is_too_quiet_for_its_size(small: Tables, plain: Tables) -> None:
    unit = stories.TOO_QUIET.units[0]

    def per_worker(frames: Tables, rows: pl.DataFrame, where: pl.Expr) -> float:
        return rows.filter(where).height / float(frames["headcounts"].filter(where)["employees"].sum())

    size = small["headcounts"].filter(within(unit))["employees"].mean()
    assert isinstance(size, float)
    assert size > 250
    for frames, low, high in ((small, 0.0, 0.35), (plain, 0.5, 2.0)):
        came = frames["attendance"].join(frames["activities"].select("activity_id", "held_on"), on="activity_id")
        came = came.select("branch_id", "person_id", month("held_on").alias("month")).unique()
        sheets = frames["survey_answers"].select("branch_id", "respondent_id").unique()
        for rows in (frames["grievances"], frames["suggestions"], sheets):
            ratio = per_worker(frames, rows, within(unit)) / per_worker(frames, rows, ~within(unit))
            assert low <= ratio < high
        # Party life goes on, so participation is low rather than nothing.
        taking = per_worker(frames, came, within(unit)) / per_worker(frames, came, ~within(unit))
        assert (taking < 0.6) == (frames is small)


def test_a_small_unit_has_three_cases_all_closed_in_time(small: Tables) -> None:
    unit = stories.SMALL_PERFECT.units[0]
    cases = small["grievances"].filter(within(unit))
    assert cases["filed_on"].dt.to_string("%Y-%m").to_list() == list(stories.SMALL_PERFECT.months)
    assert ((cases["closed_on"] - cases["filed_on"]).dt.total_days() <= 10).all()
    assert (cases["satisfaction"] >= 4).all()
    assert (small["headcounts"].filter(within(unit))["employees"] < 20).all()


def test_a_unit_reports_late(small: Tables) -> None:
    unit, silent = stories.LATE_REPORTING.units[0], list(stories.LATE_REPORTING.months)
    heads = small["headcounts"]
    assert heads.filter(within(unit))["month"].max() == "2026-07"
    assert set(silent) <= set(heads.filter(~within(unit))["month"])
    for name, column in (("activities", "held_on"), ("grievances", "filed_on"), ("suggestions", "submitted_on")):
        assert small[name].filter(within(unit))[column].max() <= date(2026, 7, 31)  # type: ignore[operator]
    # What happened to its cases since is not known here either.
    later = pl.any_horizontal(pl.col("responded_on", "closed_on", "reopened_on") > date(2026, 7, 31))
    assert small["grievances"].filter(within(unit) & later).is_empty()
    came = small["attendance"].join(small["activities"].select("activity_id", "held_on"), on="activity_id")
    assert came.filter(within(unit))["held_on"].max() <= date(2026, 7, 31)  # type: ignore[operator]


def test_the_suggestion_drive_worked(small: Tables, plain: Tables) -> None:
    def monthly(frames: Tables, start: date, end: date) -> float:
        rows = frames["suggestions"].filter(within("D05") & pl.col("submitted_on").is_between(start, end))
        months = (end.year - start.year) * 12 + end.month - start.month + 1
        return rows.height / months

    def adopted(start: date, end: date, where: pl.Expr) -> float:
        rows = small["suggestions"].filter(where & pl.col("submitted_on").is_between(start, end))
        return share(rows.filter(pl.col("decision").is_not_null()), pl.col("decision") != "declined")

    before, since = (date(2024, 9, 1), date(2025, 8, 31)), (date(2025, 9, 1), date(2026, 8, 31))
    assert monthly(small, *since) > 1.8 * monthly(small, *before)
    assert monthly(plain, *since) < 1.3 * monthly(plain, *before)
    assert adopted(*since, within("D05")) > adopted(*before, within("D05")) + 0.10
    assert abs(adopted(*since, ~within("D05")) - adopted(*before, ~within("D05"))) < 0.05


def test_a_unit_was_closed_with_its_cases(small: Tables) -> None:
    unit, end = stories.CLOSED_UNIT.units[0], date(2025, 12, 31)
    assert small["branches"].filter(within(unit))["closed_on"].to_list() == [end]
    assert small["headcounts"].filter(within(unit))["month"].max() == "2025-12"
    cases = small["grievances"].filter(within(unit))
    assert cases.height > 20
    assert cases["closed_on"].null_count() == 0
    assert cases["closed_on"].max() <= end  # type: ignore[operator]
    for name, column in (("activities", "held_on"), ("suggestions", "submitted_on"), ("notices", "published_on")):
        assert small[name].filter(within(unit))[column].max() <= end  # type: ignore[operator]


def test_the_hotline_brings_cases_from_the_month_it_opened(small: Tables, plain: Tables) -> None:
    def hotline(frames: Tables, start: date, end: date) -> float:
        rows = frames["grievances"].filter(pl.col("filed_on").is_between(start, end))
        return share(rows, pl.col("channel") == "hotline")

    opened = date.fromisoformat(f"{stories.HOTLINE.months[0]}-01")
    assert hotline(small, date(2024, 5, 1), date(2025, 5, 31)) < 0.05
    assert hotline(small, opened, date(2025, 6, 30)) > 0.12
    assert hotline(small, opened, LAST) > 0.17
    assert hotline(plain, opened, LAST) < 0.05


def test_without_stories_no_unit_is_closed_late_or_especially_small_in_voice(plain: Tables) -> None:
    assert plain["branches"]["closed_on"].null_count() == plain["branches"].height
    last = plain["headcounts"].group_by("branch_id").agg(pl.col("month").max())
    assert set(last["month"]) == {"2026-10"}


# --- consultation ------------------------------------------------------------------------------------------------


def test_consultation_has_what_the_room_shows_late_replies_overdue_promises_and_contracts_running_out(
    small: Tables,
) -> None:
    meetings = small["meetings"]
    waiting = meetings.filter(pl.col("held_on").is_null())
    assert (waiting["kind"] == "joint_consultation").all()
    overdue = pl.col("requested_on") < date(2026, 10, 11)
    assert not waiting.filter(overdue & pl.col("replied_on").is_null()).is_empty()
    assert not waiting.filter(~overdue).is_empty()
    took = (pl.col("replied_on") - pl.col("requested_on")).dt.total_days()
    late = share(meetings.filter(pl.col("replied_on").is_not_null()), took > 20)
    assert 0.03 < late < 0.25
    congresses = meetings.filter(pl.col("kind") == "workers_congress")
    assert 0.8 < share(congresses, pl.col("present") * 3 >= pl.col("delegates") * 2) < 1
    promises = small["commitments"]
    assert promises.filter(pl.col("done_on").is_null() & (pl.col("due_on") < LAST)).height > 10
    assert promises.filter(pl.col("metric").is_not_null()).height > 100
    contracts = small["contracts"]
    soon = pl.col("expires_on").is_between(LAST, date(2027, 1, 31))
    assert not contracts.filter(soon).is_empty()
    assert not contracts.filter((pl.col("filed_on") - pl.col("signed_on")).dt.total_days() > 10).is_empty()
    assert not contracts.filter(pl.col("clauses_fulfilled") < pl.col("clauses")).is_empty()
    lapsed = contracts.filter(within("D04") & (pl.col("kind") == "comprehensive"))
    assert lapsed["expires_on"].max() < LAST  # type: ignore[operator]


def test_the_company_and_its_divisions_have_targets_for_every_year_of_the_data(small: Tables) -> None:
    closing = small["targets"].filter(pl.col("metric") == "closure_rate")
    assert set(closing["year"]) == {2024, 2025, 2026}
    for year in (2024, 2025, 2026):
        units = closing.filter(pl.col("year") == year)["branch_id"].to_list()
        assert units == ["HQ", *(f"D{number:02}" for number in range(1, 9))]


# --- a month's ledgers -------------------------------------------------------------------------------------------


def test_last_months_tables_and_this_months_ledgers_make_this_months_tables(small: Tables) -> None:
    before, after = ledgers.as_of(small, date(2026, 8, 31)), ledgers.as_of(small, date(2026, 9, 30))
    found = ledgers.ledgers(small, "2026-09")
    assert {"headcounts", "activities", "attendance", "grievances", "suggestions", "notices"} <= set(found)
    assert "branches" not in found, "nothing changed there"
    for name, rows in after.items():
        key = list(tables.BY_NAME[name].key)
        handed_in = found.get(name, rows.clear())
        both = pl.concat([before[name].join(handed_in, on=key, how="anti"), handed_in]).sort(key)
        assert both.equals(rows.sort(key)), name
    assert set(found["headcounts"]["month"]) == {"2026-09"}
    updated = found["grievances"].filter(pl.col("filed_on") < date(2026, 9, 1))
    assert updated.filter(pl.col("closed_on") >= date(2026, 9, 1)).height > 20


@pytest.mark.slow
def test_a_months_ledgers_are_handed_in_as_files_and_leave_the_same_rows(small: Tables, tmp_path) -> None:
    engine = database.engine_for(f"sqlite:///{tmp_path / 'ledgers.db'}")
    importer.store_frames(ledgers.as_of(small, date(2026, 9, 30)), by="test", engine=engine, validate=False)
    found = ledgers.ledgers(small, "2026-10")
    files = ledgers.write(found, tmp_path / "ledgers", "-2026年10月")
    result = importer.import_files(files, by="test", engine=engine)
    assert [fault.line("en") for fault in result.faults] == []
    assert {name: counts.new + counts.changed for name, counts in result.counts.items()} == {
        name: rows.height for name, rows in found.items()
    }
    with database.reading(engine) as connection:
        table = schema.HANDED_IN["suggestions"]
        wanted = select(table.c.suggestion_id, table.c.verified_benefit).order_by(table.c.suggestion_id)
        expected = small["suggestions"].select("suggestion_id", "verified_benefit").rows()
        assert connection.execute(wanted).fetchall() == expected
    engine.dispose()


# --- storing -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_goes_into_an_empty_database_once_with_people_and_notes(empty: Engine) -> None:
    first = demo.main("small", 1, engine=empty)
    assert first.counts["branches"].new == 60
    with database.reading(empty) as connection:
        people = dict(connection.execute(select(schema.people.c.email, schema.people.c.role)).fetchall())
        notes = set(connection.scalars(select(schema.annotations.c.annotation_id)))
        kinds = list(connection.scalars(select(schema.imports.c.kind)))
    assert people == {address: role for address, _, role, _, _ in PEOPLE}
    assert notes == {row[0] for row in ANNOTATIONS}
    assert kinds == ["demo"]
    again = demo.main("small", 1, engine=empty)
    assert again.unchanged
    with database.reading(empty) as connection:
        assert list(connection.scalars(select(schema.imports.c.kind))) == ["demo"]
    with pytest.raises(demo.NotEmpty, match="empty one"):
        demo.main("small", 2, engine=empty)
