"""A meeting's frozen figures as pages and documents see them: the usual charts, fed from what is kept, not today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, TypeVar, cast
from weakref import ref

from pages.shared import charts, formats
from pages.shared.drawing import Drawing
from pages.shared.view import Choice, View
from pages.shared.words import Language
from queries import metrics
from queries.agenda import management_of
from queries.answers import Answer
from queries.filters import Filters, Month
from queries.freezing import answer_of
from queries.snapshot import Snapshot

Content = Mapping[str, Any]
VALUE, SUPPRESSED = 3, 6  # places in a frozen row


T = TypeVar("T")


class Names:
    """What of a snapshot a drawing needs: the frozen names of units and the data date."""

    def __init__(self, content: Content) -> None:
        self._names = content["units"]
        self.data_date = date.fromisoformat(content["data_date"])

    def name(self, unit: str, language: str) -> str:
        """Return a unit's name as it was."""
        return str(self._names[unit][language]) if unit in self._names else unit

    def once(self, _key: object, make: Callable[[], T]) -> T:
        """Return what `make` gives: a document is drawn once anyway."""
        return make()


@dataclass(frozen=True)
class FrozenView(View):
    """A view of frozen content: same filters, names and dates for whoever looks, whenever."""

    content: Content = field(default_factory=dict)
    names: Names | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The frozen names stand in for the snapshot."""
        return cast(Snapshot, self.names)

    @cached_property
    def filters(self) -> Filters:
        """The meeting's filters."""
        meeting = self.content["meeting"]
        return Filters(Month.parse(meeting["first_month"]), Month.parse(meeting["last_month"]), meeting["branch_id"])

    @cached_property
    def branch(self) -> str | None:
        """The meeting's unit."""
        return str(self.content["meeting"]["branch_id"])

    @property
    def sentence(self) -> str:
        """The filters as one line, as frozen."""
        return str(self.content["sentence"][self.language])

    def answer(self, figure: Content, by: str | None) -> Answer:
        """Return one of a figure's frozen answers: its total (None), by `month`, or by `branch`."""
        rows = {None: [figure["total"]], "month": figure["months"], "branch": figure["units"]}[by]
        day = date.fromisoformat(figure["data_date"])
        return answer_of(figure["metric"], by, rows, self.filters, day, figure["definition"])


def frozen_view(content: Content, language: Language) -> FrozenView:
    """Return the view of a meeting's frozen content in one language."""
    names = Names(content)
    viewer = management_of(content["meeting"]["branch_id"])
    return FrozenView(viewer, ref(cast(Snapshot, names)), language, Choice(), content=content, names=names)


def shown(figure: Content, of: Language, row: str = "total") -> str:
    """Return a figure's value as text, “<5” where the group is too small."""
    found = figure[row]
    return formats.value(figure["unit"], found[VALUE], of, suppressed=found[SUPPRESSED])


def item_chart(seen: FrozenView, item: Content) -> Drawing | None:
    """Return the chart of an item's figures: by month as a line, by unit as bars; None for one without figures."""
    chart = item["chart"]
    if chart is None or not any(row[VALUE] is not None for row in chart["rows"]):
        return None
    day = date.fromisoformat(seen.content["data_date"])
    filters = Filters(seen.filters.start, seen.filters.end, chart["branch"])
    answer = answer_of(chart["metric"], chart["by"], chart["rows"], filters, day)
    if chart["by"] == "month":
        return charts.line(seen, answer, target=chart["target"])
    return charts.bars(seen, answer, target=chart["target"], clicks=False)


def figure_name(figure: Content, of: Language) -> str:
    """Return a figure's name as frozen."""
    return str(figure["names"][of])


def unit_of(metric: str) -> formats.Unit:
    """Return the unit of a metric's values."""
    return metrics.find(metric).unit
