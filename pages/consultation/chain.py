"""The follow-through chain: chosen from what exists, and drawn as category → suggestion → motion → item → … → class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape

import streamlit as st

from data.agenda import OUTCOMES, STEPS, Item, Plan
from data.words import mark, translate
from pages.consultation import promises
from pages.shared import formats
from pages.shared.view import View
from pages.shared.words import Language, _, code_label
from queries import chain
from queries.chain import Known

OUTCOME_NAMES: Mapping[str, str] = {
    "A": mark("A · solved"),
    "B": mark("B · under way"),
    "C": mark("C · planned"),
    "D": mark("D · explained"),
}
STEP_NAMES: Mapping[str, str] = {
    "category": mark("Category of grievances"),
    "suggestion": mark("Suggestion"),
    "motion": mark("Motion"),
    "commitment": mark("Promise"),
    "clause": mark("Contract clause"),
}
FREE = ("motion", "clause")  # steps that no ledger lists one by one: others can be written as well
REFERENCE_LENGTH = 60
# What stands before the item, and what follows from it.
BEFORE, AFTER = STEPS[:3], STEPS[3:]

STYLE = """<style>
.c-chain { display: flex; flex-wrap: wrap; align-items: stretch; gap: .3rem; margin: 0 0 .7rem; font-size: .9rem; }
.c-chain > div { border: 1px solid light-dark(#dfddd8, #363a40); border-radius: .4rem; padding: .3rem .6rem;
  max-width: 24rem; line-height: 1.35; }
.c-chain > div.c-item { border-color: light-dark(#a3262a, #e5777b); border-width: 1.5px; font-weight: 600; }
.c-chain > i { align-self: center; font-style: normal; color: light-dark(#5b6068, #a9adb3); }
.c-chain small { display: block; color: light-dark(#5b6068, #a9adb3); font-size: .78rem; font-weight: 400; }
.c-chain > div.c-class { background: light-dark(#f6f5f3, #23272c); font-weight: 600; }
</style>"""


def chosen(seen: View, plan: Plan, found: Item) -> Callable[[], tuple[tuple[str, str], ...]]:
    """Draw what the item follows from and leads to, to be chosen from what exists; return what gives the choice."""
    known = chain.known(seen.viewer, plan.branch_id, seen.snapshot, suggestions=True)
    options = chain.choices(known)
    picked: dict[str, list[str]] = {}
    for step in STEPS:
        kept = [reference for kind, reference in found.links if kind == step]
        name = STEP_NAMES[step]
        picked[step] = st.multiselect(
            _(name), [*options[step], *(one for one in kept if one not in options[step])], kept,
            format_func=partial(choice, known, step, of=seen.language),
            key=f"link_{step}_{found.item_id}", accept_new_options=step in FREE,
            placeholder=_("Choose, or write another") if step in FREE else _("Choose"),
        )  # fmt: skip
    return lambda: tuple((step, one.strip()[:REFERENCE_LENGTH]) for step in STEPS for one in picked[step])


def choice(known: Known, step: str, reference: str, of: Language) -> str:
    """Return a reference as the union staff choose it: with number and title."""
    if step == "category":
        return code_label("category", reference, of)
    if step == "commitment":
        return f"{reference} · {known.topics[reference]}" if reference in known.topics else reference
    if step == "clause":
        return _contract(known, reference, of)
    title = (known.suggestions if step == "suggestion" else known.motions).get(reference)
    return f"{reference} · {title}" if title else reference


def references(known: Known, links: Sequence[tuple[str, str]], step: str, of: Language) -> list[str]:
    """Return what a step of the chain names, as both sides may read it: a suggestion is a case and only counted."""
    named = [reference for kind, reference in links if kind == step]
    if step == "suggestion":
        return [translate(mark("{count} in all"), of, count=formats.count(len(named), of))] if named else []
    told = []
    for one in named:
        if step == "commitment" and one in known.topics:
            row = known.commitments.get(one)
            became = f" ({promises.called(promises.STATES, row['state'], of)})" if row else ""
            told.append(f"{one} {known.topics[one]}{became}")
        elif step == "motion":
            told.append(known.motions.get(one, one))
        else:
            told.append(choice(known, step, one, of))
    return told


def draw(seen: View, plan: Plan, items: Sequence[Item]) -> None:
    """Draw each item's chain with its outcome class, and how many items have which class."""
    known = chain.known(seen.viewer, plan.branch_id, seen.snapshot)
    counts = {outcome: sum(item.outcome == outcome for item in items) for outcome in OUTCOMES}
    open_ones = sum(item.outcome is None for item in items)
    said = [f"{_(OUTCOME_NAMES[outcome])} {formats.count(count)}" for outcome, count in counts.items()]
    st.caption("　".join([*said, _("no class yet {count}", count=formats.count(open_ones))]))
    st.html(STYLE + "".join(_row(known, n, item, seen.language) for n, item in enumerate(items, 1)))


def _row(known: Known, number: int, item: Item, of: Language) -> str:
    boxes = [*_boxes(known, item, BEFORE, of)]
    decision = f"<small>{escape(item.decision)}</small>" if item.decision else ""
    boxes.append(f'<div class="c-item">{number}. {escape(item.title[of])}{decision}</div>')
    boxes += _boxes(known, item, AFTER, of)
    outcome = _(OUTCOME_NAMES[item.outcome]) if item.outcome else _("no class yet")
    boxes.append(f'<div class="c-class"><small>{escape(_("Outcome class"))}</small>{escape(outcome)}</div>')
    return f'<div class="c-chain">{"<i>→</i>".join(boxes)}</div>'


def _boxes(known: Known, item: Item, steps: Sequence[str], of: Language) -> list[str]:
    found = []
    for step in steps:
        told = references(known, item.links, step, of)
        if told:
            name = STEP_NAMES[step]
            listed = "<br>".join(escape(one) for one in told)
            found.append(f"<div><small>{escape(_(name))}</small>{listed}</div>")
    return found


def _contract(known: Known, clause: str, of: Language) -> str:
    kind = known.contracts.get(chain.contract_of(clause))
    if kind is None:
        return clause
    return translate(
        mark("{kind} contract {number}"), of, kind=code_label("contract_kind", kind, of), number=clause
    )
