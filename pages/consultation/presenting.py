"""The meeting on the projector: one slide at a time from what is frozen, full width, large type, keys ← and →."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st

from data.frozen import Frozen
from data.words import mark, translate
from pages.consultation import promises
from pages.consultation.evidence import BOTH
from pages.consultation.frozen_view import Content, FrozenView, frozen_view, item_chart, shown
from pages.shared import charts, formats
from pages.shared.sidebar import OWN_NAMES
from pages.shared.view import View
from pages.shared.words import Language, _, code_label, metric_name, speak

# The root size carries every other: at 1920 × 1080 the last row of the room reads 24 pixels; a 4:3 projector gets less.
STYLE = """<style>
html { font-size: clamp(15px, 1.25vw, 26px) !important; }
[data-testid="stSidebar"], [data-testid="stHeader"], .st-key-filter_bar { display: none !important; }
[data-testid="stMainBlockContainer"] { max-width: 100%; padding: 1.2rem 2.4rem 5.2rem; }
.st-key-room_bar { position: fixed; left: 0; right: 0; bottom: 0; z-index: 50; padding: .6rem 2.4rem; background: light-dark(#f6f5f3, #1b1e22); border-top: 1px solid light-dark(#dfddd8, #363a40); }
.r-page { display: flex; flex-direction: column; min-height: calc(100vh - 7.6rem); }
.r-page .r-cards { flex: 1; grid-auto-rows: minmax(6.2rem, 1fr); }
.r-page .r-cards div { display: flex; flex-direction: column; justify-content: center; }
.r-cover { justify-content: center; }
.r-cover h1, .r-end h1 { font-size: 3rem; margin-bottom: .8rem; }
.r-cover ol { font-size: 1.45rem; line-height: 1.6; margin: 1rem 0; padding-left: 1.6em; border-left: .25rem solid light-dark(#a3262a, #e5777b); }
.r-cover li small, .r-slide td small { display: block; font-size: .8em; color: light-dark(#5b6068, #a9adb3); }
.r-end { justify-content: center; }
.r-slide h1 { font-size: 2.1rem; font-weight: 650; line-height: 1.25; margin: 0 0 .4rem; padding: 0; }
.r-slide h2 { font-size: 1.35rem; font-weight: 500; line-height: 1.3; margin: 0 0 .5rem; padding: 0; color: light-dark(#4b5057, #b9bdc2); }
.r-slide p { font-size: 1.3rem; line-height: 1.45; margin: 0 0 .4rem; }
.r-slide .r-small { font-size: .95rem; color: light-dark(#5b6068, #a9adb3); overflow-wrap: anywhere; margin-top: .7rem; }
.r-cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .8rem; }
.r-cards div { border: 1px solid light-dark(#dfddd8, #363a40); border-radius: .5rem; padding: .5rem .9rem; }
.r-cards b { display: block; font-size: 2.2rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.r-cards span { font-size: 1.05rem; line-height: 1.3; } .r-cards i { font-style: normal; font-size: .92rem; color: light-dark(#5b6068, #a9adb3); display: block; }
.r-cards.r-four { grid-template-columns: repeat(4, 1fr); margin-bottom: .5rem; }
.r-table { border-collapse: collapse; width: 100%; font-size: 1.1rem; line-height: 1.35; }
.r-table th, .r-table td { text-align: left; padding: .42rem .8rem .42rem 0; border: 0; border-bottom: 1px solid light-dark(#e8e6e2, #2c3035); vertical-align: top; }
.r-table th { font-weight: 500; font-size: .92rem; color: light-dark(#5b6068, #a9adb3); }
.r-table td:first-child, .r-table td:last-child { white-space: nowrap; }
.r-cover.r-two-tongues ol { font-size: 1.15rem; line-height: 1.35; margin: .5rem 0; } .r-cover.r-two-tongues h1 { font-size: 2.2rem; margin-bottom: .3rem; }
.r-cover.r-two-tongues p { font-size: 1.05rem; margin-bottom: .2rem; }
.r-two-tongues .r-table { font-size: 1rem; line-height: 1.25; } .r-two-tongues .r-table td { padding-top: .28rem; padding-bottom: .28rem; }
.r-two { display: grid; grid-template-columns: 1fr 1fr; gap: 1.2rem; } .r-two h3 { font-size: 1.05rem; margin: 0 0 .2rem; padding: 0; font-weight: 600; color: light-dark(#a3262a, #e5777b); }
.r-two div { background: light-dark(#f6f5f3, #1b1e22); border-radius: .4rem; padding: .6rem .9rem; }
.r-two p { white-space: pre-line; }
</style>"""  # noqa: E501
# A chart beside one on a desk: letters at least, at most and one per so many pixels; height, and under two languages.
LETTERS, MOST_LETTERS, WIDTH, TALLER, LESS_TALL = 1.4, 2.0, 850, 1.4, 1.0
ROWS, MOST = 6, 4  # promises on one slide that the last row can read, and slides of them
TONGUES: Mapping[str, str] = {"zh": OWN_NAMES["zh"], "en": OWN_NAMES["en"], "both": mark("Both")}

Slide = tuple[str, Mapping[str, Any] | None]


def slides(content: Content) -> list[Slide]:
    """Return the slides of a meeting in order: cover, last promises, figures, the items, the end."""
    return [
        ("cover", None),
        *(("ledger", {"from": start}) for start in range(0, min(len(content["ledger"]), ROWS * MOST) or 1, ROWS)),
        ("figures", None),
        *(("item", i) for i in content["items"]),
        ("end", None),
    ]


def draw(seen: View, frozen: Frozen, leave: Callable[[], None], record: Callable[[str | None], None] | None) -> None:
    """Draw the slide the address names and the ways to the others; `record` takes down what is decided on an item."""
    content = frozen.told
    found = slides(content)
    place = _place(len(found))
    kind, item = found[place]
    st.html(STYLE)
    tongue = st.query_params.get("tongue", seen.language)
    tongues: tuple[Language, ...] = BOTH if tongue == "both" else ("en",) if tongue == "en" else ("zh",)
    shown_in = frozen_view(content, tongues[0])
    speak(tongues[0])  # charts and formats follow the slide, the controls the visitor
    try:
        with st.container(key="room_slide"):
            _BODIES[kind](shown_in, frozen, tongues, item)
    finally:
        speak(seen.language)
    with st.container(key="room_bar", gap="xsmall"):
        _controls(found, place, tongue, leave, item if kind == "item" else None)
        if record is not None and kind in ("item", "end"):
            record(item["item_id"] if item else None)


def _place(count: int) -> int:
    given = st.query_params.get("item", "0")
    return min(int(given), count - 1) if given.isdigit() else 0


def _go(place: int) -> None:
    st.query_params["item"] = str(place)
    st.session_state["room_since"] = time.time()


def _speak() -> None:
    st.query_params["tongue"] = st.session_state["room_tongue"]


def _controls(
    found: list[Slide], place: int, tongue: str, leave: Callable[[], None], item: Mapping[str, Any] | None
) -> None:
    if st.session_state.get("room_tongue") != tongue:
        st.session_state["room_tongue"] = tongue if tongue in TONGUES else "zh"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="room_controls"):
        st.button(_("Back"), key="room_back", shortcut="Left", on_click=_go, args=(place - 1,), disabled=place == 0)
        st.button(
            _("Next"),
            key="room_next",
            shortcut="Right",
            on_click=_go,
            args=(place + 1,),
            disabled=place == len(found) - 1,
        )
        st.text(f"{place + 1} / {len(found)}")
        if item is not None:
            _timer(int(item["minutes"]))
        st.segmented_control(
            _("Language"), list(TONGUES), key="room_tongue", on_change=_speak, label_visibility="collapsed",
            format_func=lambda key: _(TONGUES[key]), required=True,
        )  # fmt: skip
        st.button(_("Leave"), key="room_leave", icon=":material/close_fullscreen:", type="tertiary", on_click=leave)


@st.fragment(run_every="1s")
def _timer(minutes: int) -> None:
    """Draw how long this item has been spoken about, of the time it has."""
    since = st.session_state.setdefault("room_since", time.time())
    spent = int(time.time() - since)
    over = "! " if spent > minutes * 60 else ""
    st.text(f"{over}{spent // 60:02}:{spent % 60:02} / {minutes:02}:00")


# --- the slides ----------------------------------------------------------------------------------------------------


def _both(texts: Mapping[Any, str], tongues: tuple[Language, ...], tag: str) -> str:
    """Return a text in the languages shown, the second one smaller below."""
    said = list(dict.fromkeys(texts[of] for of in tongues))
    second = {"h1": "h2", "p": "p"}[tag]
    return "".join(
        f"<{tag if n == 0 else second}>{escape(text)}</{tag if n == 0 else second}>" for n, text in enumerate(said)
    )


def _words(message: str, tongues: tuple[Language, ...], tag: str, **values: object) -> str:
    return _both({of: translate(message, of, **values) for of in tongues}, tongues, tag)


def _second(texts: Mapping[Any, str], tongues: tuple[Language, ...]) -> str:
    """Return a text of a list or a table, the other language smaller below it."""
    first, *others = dict.fromkeys(texts[of] for of in tongues)
    return escape(first) + "".join(f"<small>{escape(text)}</small>" for text in others)


def _slide(*parts: str, page: str = "") -> None:
    two = "r-two-tongues" if st.query_params.get("tongue") == "both" else ""
    st.html(f'<div class="r-slide {page} {two}">{"".join(parts)}</div>')


def _seal(frozen: Frozen) -> str:
    said = _(
        "Frozen {at} UTC · data version {version} · SHA-256 {sha256}",
        at=f"{frozen.frozen_at:%Y-%m-%d %H:%M}",
        version=frozen.data_version,
        sha256=frozen.sha256,
    )
    return f'<p class="r-small">{escape(said)}</p>'


def _cover(seen: FrozenView, frozen: Frozen, tongues: tuple[Language, ...], _item: Content | None) -> None:
    meeting = seen.content["meeting"]
    listed = "".join(f"<li>{_second(item['title'], tongues)}</li>" for item in seen.content["items"])
    kind = {of: f"{code_label('meeting_kind', meeting['kind'], of)} · {seen.content['sentence'][of]}" for of in BOTH}
    _slide(
        f"<h1>{escape(meeting['title'])}</h1>", _both(kind, tongues, "p"), f"<ol>{listed}</ol>" if listed else "",
        _words(mark("Both sides see the same figures, as they were when they were frozen."), tongues, "p"),
        _seal(frozen), page="r-page r-cover",
    )  # fmt: skip


def _ledger(seen: FrozenView, frozen: Frozen, tongues: tuple[Language, ...], part: Content | None) -> None:
    rows, start = seen.content["ledger"], part["from"] if part else 0
    counts = {state: sum(row["state"] == state for row in rows) for state in promises.STATES}
    cards = "".join(
        f"<div><b>{counts[state]}</b><span>"
        + " / ".join(escape(translate(promises.STATES[state], of)) for of in tongues)
        + "</span></div>"
        for state in promises.STATES
    )
    names = (mark("State"), mark("Promise"), mark("Since the promise"), mark("Unit"), mark("Owner"))
    heads = "".join(f"<th>{escape(' / '.join(translate(name, of) for of in tongues))}</th>" for name in names)
    body = "".join(_promise(seen, row, tongues) for row in rows[start : start + ROWS])
    rest = len(rows) - ROWS * MOST if start + ROWS >= ROWS * MOST else 0
    more = translate(mark("{count} more in the ledger"), tongues[0], count=rest) if rest > 0 else ""
    table = f'<table class="r-table"><tr>{heads}</tr>{body}</table>'
    none = _words(mark("No promises here."), tongues, "p")
    _slide(
        _words(mark("What was promised, and what became of it"), tongues, "h1"),
        "" if start else f'<div class="r-cards r-four">{cards}</div>',
        table if rows else none, f'<p class="r-small">{escape(more)}</p>' if more else "",
    )  # fmt: skip


def _promise(seen: FrozenView, row: Content, tongues: tuple[Language, ...]) -> str:
    unit = {of: seen.snapshot.name(row["branch_id"], of) for of in tongues}
    state = {of: promises.state(row, of) for of in tongues}
    effect = {of: promises.effect(row, of) for of in tongues}
    topic = escape(row["topic"]) + (f"<small>{escape(row['evidence'])}</small>" if row.get("evidence") else "")
    cells = (_second(state, tongues), topic, _second(effect, tongues), _second(unit, tongues))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}<td>{escape(row['owner'] or '–')}</td></tr>"


def _figures(seen: FrozenView, frozen: Frozen, tongues: tuple[Language, ...], _item: Content | None) -> None:
    of = tongues[0]
    cards = []
    for figure in seen.content["figures"]:
        name = " / ".join(escape(figure["names"][tongue]) for tongue in tongues)
        before = translate(mark("before {value}"), of, value=shown(figure, of, "before"))
        aim = figure["target"]
        if aim is not None:
            before += " · " + translate(mark("Target {value}"), of, value=formats.value(figure["unit"], aim, of))
        cards.append(f"<div><span>{name}</span><b>{escape(shown(figure, of))}</b><i>{escape(before)}</i></div>")
    _slide(
        _words(mark("The figures both sides look at"), tongues, "h1"), _both(seen.content["sentence"], tongues, "p"),
        f'<div class="r-cards">{"".join(cards)}</div>', _seal(frozen), page="r-page",
    )  # fmt: skip


def _item_slide(seen: FrozenView, frozen: Frozen, tongues: tuple[Language, ...], item: Content | None) -> None:
    assert item is not None
    _slide(_both(item["title"], tongues, "h1"), _both(item["evidence"], tongues, "p"))
    drawing = item_chart(seen, item)
    if drawing is not None:
        drawing = replace(drawing, spec=_larger(drawing.spec, TALLER if len(tongues) == 1 else LESS_TALL))
        metric, branch = item["chart"]["metric"], item["chart"]["branch"]
        charts.figure(
            seen, drawing, key=f"room_{item['item_id']}",
            title=f"{metric_name(metric, seen.language)} · {seen.snapshot.name(branch, seen.language)}" + _code(item),
        )  # fmt: skip
    sides = [(mark("Union"), item["union_position"]), (mark("Management side"), item["management_position"])]
    if drawing is None or any(text for _side, text in sides):
        told = "".join(
            "<div><h3>"
            + escape(" / ".join(translate(side, of) for of in tongues))
            + f"</h3><p>{escape(text or '–')}</p></div>"
            for side, text in sides
        )
        _slide(f'<div class="r-two">{told}</div>')


def _larger(part: Any, taller: float) -> Any:
    """Return a specification whose letters and height are read from the back of the room."""
    if isinstance(part, dict):
        return {name: _sized(name, value, taller) for name, value in part.items()}
    return [_larger(one, taller) for one in part] if isinstance(part, list) else part


def _sized(name: str, value: Any, taller: float) -> Any:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return _larger(value, taller)
    if name.lower().endswith("fontsize"):
        # The wider the screen, the larger: letters are seen from as far away as the screen is wide.
        return {"expr": f"{value} * max({LETTERS}, min({MOST_LETTERS}, width / {WIDTH}))"}
    if name == "labelLimit":
        return round(value * MOST_LETTERS)
    return round(value * taller) if name == "height" else value


def _code(item: Content) -> str:
    return f" · {code_label(item['dimension'], item['code'])}" if item["dimension"] and item["code"] else ""


def _end(seen: FrozenView, frozen: Frozen, tongues: tuple[Language, ...], _item: Content | None) -> None:
    _slide(
        _words(mark("What was decided today is promised, and will be looked at first next time."), tongues, "h1"),
        _seal(frozen),
        page="r-page r-end",
    )


_BODIES: Mapping[str, Callable[[FrozenView, Frozen, tuple[Language, ...], Content | None], None]] = {
    "cover": _cover,
    "ledger": _ledger,
    "figures": _figures,
    "item": _item_slide,
    "end": _end,
}
