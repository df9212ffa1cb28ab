"""Rationalisation proposals: from idea to verified benefit. Definitions: the catalogue, “Suggestions 合理化建议”."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data import tables
from queries import grievances
from queries.cut import KEYS, Array, Cut, Sums, number_of_month, stock, summed
from queries.distinct import People

DECISIONS = {code: i for i, (code, _) in enumerate(tables.DECISIONS)}
_ADOPTED = pl.col("decision").is_in([DECISIONS["adopted"], DECISIONS["partly_adopted"]])


def proposals(cut: Cut) -> pl.LazyFrame:
    """Return all suggestions as known on A: later fields empty."""
    return cut.snapshot.table(("suggestions", cut.known), lambda: _proposals(cut)).lazy()


def _proposals(cut: Cut) -> pl.DataFrame:
    rows = cut.snapshot.suggestions
    if cut.natural:
        return rows
    decided, implemented = pl.col("decided") <= cut.known, pl.col("implemented") <= cut.known
    return rows.filter(pl.col("submitted") <= cut.known).with_columns(
        pl.when(decided).then("decided").alias("decided"),
        pl.when(decided).then("decision").alias("decision"),
        pl.when(implemented).then("implemented").alias("implemented"),
        pl.when(implemented).then("verified_fen").alias("verified_fen"),
    )


@summed
def suggestions_submitted(cut: Cut) -> Sums:
    """Suggestions submitted in the period."""
    return cut.count(proposals(cut), "submitted")


def suggestions_per_100(cut: Cut) -> Sums:
    """Suggestions submitted per hundred employees, as a yearly rate."""
    return grievances.per_hundred(cut, suggestions_submitted(cut))


def proposer_rate(cut: Cut) -> Sums:
    """Distinct people submitting in the period, over average employees; unsigned suggestions left out."""
    themes = cut.where.get("theme")
    if cut.code is None:
        people = _proposers(cut, themes)[:, :, None]
    else:
        places = range(len(cut.codes))
        wanted = [(c,) if themes is None or c in themes else () for c in places]
        people = np.stack([_proposers(cut, theme) for theme in wanted], axis=2)
    return Sums(people, cut.average(cut.employees()))


def _proposers(cut: Cut, themes: tuple[int, ...] | None) -> Array:
    """Return groups × periods: different people who by A submitted something of these themes (None = any)."""
    snapshot = cut.snapshot
    signed = snapshot.table("signed", lambda: _signed(snapshot.suggestions))
    people = snapshot.once(
        "proposers", lambda: People.of(snapshot.tree, *(signed[name].to_numpy() for name in ("person", "u", "m")))
    )

    def rows() -> NDArray[np.bool_]:
        chosen = pl.lit(True) if themes is None else pl.col("theme").is_in(themes)
        return signed.select((pl.col("submitted") <= cut.known) & chosen).to_series().to_numpy()

    counts = snapshot.table(("proposers", themes, cut.known.isoformat()), lambda: people.counts(rows()))
    return people.over(cut, rows, counts)


def _signed(suggestions: pl.DataFrame) -> pl.DataFrame:
    rows = suggestions.filter(pl.col("person").is_not_null()).select("person", "u", "theme", "submitted")
    return rows.with_columns(m=number_of_month("submitted")).sort("submitted")


@summed
def adoption_rate_decided(cut: Cut) -> Sums:
    """Adopted or partly adopted, of those decided in the period."""
    return cut.share(proposals(cut), "decided", _ADOPTED)


@summed
def adoption_rate_submitted(cut: Cut) -> Sums:
    """Adopted or partly adopted by A, of those submitted in the period."""
    return cut.share(proposals(cut), "submitted", _ADOPTED)


@summed
def implementation_rate_adopted(cut: Cut) -> Sums:
    """Implemented by A, of those adopted or partly adopted in the period."""
    return cut.share(proposals(cut).filter(_ADOPTED), "decided", pl.col("implemented").is_not_null())


@summed
def implementation_rate_submitted(cut: Cut) -> Sums:
    """Implemented by A, of those submitted in the period."""
    return cut.share(proposals(cut), "submitted", pl.col("implemented").is_not_null())


def durations(cut: Cut) -> pl.LazyFrame:
    """Return g, p, c, days and decided for those submitted in the period; undecided ones run until A."""
    until = pl.col("decided").fill_null(pl.lit(cut.known))
    return cut.of_day(proposals(cut), "submitted").select(
        *KEYS, days=(until - pl.col("submitted")).dt.total_days(), event=pl.col("decided").is_not_null()
    )


@summed
def decided_within_15(cut: Cut) -> Sums:
    """Suggestions submitted in the period and decided within 15 days."""
    return _decided_within(cut, 15)


@summed
def decided_within_30(cut: Cut) -> Sums:
    """Suggestions submitted in the period and decided within 30 days."""
    return _decided_within(cut, 30)


def _decided_within(cut: Cut, days: int) -> Sums:
    taken = (pl.col("decided") - pl.col("submitted")).dt.total_days()
    return cut.count(proposals(cut).filter(taken <= days), "submitted")


def median_days_to_decision(cut: Cut) -> Sums:
    """Kaplan–Meier median days to the decision of those submitted in the period, the undecided ones counted."""
    return grievances.medians(cut, durations(cut))


@stock
def undecided_suggestions(cut: Cut) -> Sums:
    """Suggestions without a decision at A."""
    return cut.standing(proposals(cut).filter(pl.col("decided").is_null()))


def verified_benefit(cut: Cut) -> Sums:
    """Verified benefit of the suggestions implemented in the period, in yuan."""
    return in_yuan(_verified_fen(cut))


@summed
def _verified_fen(cut: Cut) -> Sums:
    return cut.count(proposals(cut), "implemented", pl.col("verified_fen"))


def in_yuan(sums: Sums) -> Sums:
    """Return sums of fen as yuan."""
    return Sums(sums.numerator / 100)


@summed
def production_linked_suggestion_share(cut: Cut) -> Sums:
    """Production-linked ones, of those submitted in the period that say so."""
    told = proposals(cut).filter(pl.col("production_linked").is_not_null())
    return cut.share(told, "submitted", pl.col("production_linked"))
