"""The rules that one row alone can break: what must be filled, ranges, the order of dates, what goes together."""

from __future__ import annotations

from datetime import date

import polars as pl

from data.faults import Faults


def check_rows(table: str, frame: pl.DataFrame, today: date) -> Faults: ...


def warn_rows(table: str, frame: pl.DataFrame) -> Faults: ...
