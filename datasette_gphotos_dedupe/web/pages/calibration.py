"""`/<db>/-/duplicates/calibration`: how far apart pairs lie, samples to judge, and the border that is drawn from it."""

from __future__ import annotations

import sqlite3
from typing import Any

from ...core.verdict.personal_border import MAX_BITS, Caution, suggest_caution
from ...errors import GphotosError
from ...model import RELATIONS, REMOVABLE_RELATIONS
from ...store.matching import calibration as stored
from ..site.forms import Body, read_body, whole_number
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer, redirect
from .queue_rows import remembered
from .tabs import fetch_tabs

SAMPLES = 6
JUDGED_SHOWN = 20
AXIS_BITS = 64  # no radius reaches further; pairs that keepers asked for may


async def calibration(library: Library, wants_json: bool):
    """GET shows distances and samples; POST saves a judgement about a pair or the border."""
    if library.request.method == "POST":
        return await _save(library, wants_json)
    relation, distance = _asked(library.request.args)
    found = await library.read(_read, library.tables, relation, distance)
    if wants_json:
        return json_answer({"ok": True, **_as_json(found)})
    return await page_answer(library, "gphotos_calibration.html", {**found, "tabs": await fetch_tabs(library)})


def _asked(args: Any) -> tuple[str, int | None]:
    relation, distance = (args.get("relation") or "").strip(), (args.get("distance") or "").strip()
    if relation and relation not in RELATIONS:
        raise GphotosError(f"{relation} is not a relation. Known are {', '.join(RELATIONS)}.")
    sentence = f"distance must be a whole number of bits up to {MAX_BITS}, not {distance[:40]}."
    bits = whole_number(distance, sentence) if distance else None
    if bits is not None and bits > MAX_BITS:
        raise GphotosError(sentence)
    return relation, bits


def _read(conn: sqlite3.Connection, tables: frozenset[str], relation: str, distance: int | None) -> dict[str, Any]:
    counted = remembered(conn, ("histogram",), lambda: stored.read_histogram(conn))
    judged = stored.read_judgements(conn) if "judgements" in tables else []
    suggestion = suggest_caution(stored.judgements_of(judged))
    caution = stored.read_caution(conn) if "match_state" in tables else Caution()
    asked = distance if distance is not None else _interesting(counted, relation)
    shown = stored.read_nearest_distance(conn, relation, asked)
    knows_judged = "judgements" in tables
    return {
        "relation": relation,
        "distance": shown,
        "asked": distance,
        "histograms": histograms(counted),
        "axis_bits": max([AXIS_BITS, *(bits for _, bits, _ in counted)]),
        "samples": stored.read_unjudged_pairs(conn, relation, shown, SAMPLES, knows_judged) if shown is not None else [],
        "judged": judged,
        "told": _told(judged),
        "caution": caution,
        "suggestion": suggestion,
        "held": stored.count_held(conn, suggestion) if knows_judged and suggestion != Caution() else None,
        "limit": JUDGED_SHOWN,
        "removable": REMOVABLE_RELATIONS,
    }


def _interesting(counted: list[tuple[str, int, int]], relation: str) -> int:
    """Where to look first: the far end of what may be suggested for removal, or of the relation that was chosen."""
    wanted = {relation} if relation else REMOVABLE_RELATIONS
    return max((bits for name, bits, _ in counted if name in wanted), default=0)


def histograms(counted: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    """For each relation there is, surest first: its bars, and in numbers what the bars show."""
    found = []
    for relation in RELATIONS:
        bars = [(bits, count) for name, bits, count in counted if name == relation]
        if not bars:
            continue
        pairs = sum(count for _, count in bars)
        found.append(
            {
                "relation": relation,
                "removable": relation in REMOVABLE_RELATIONS,
                "pairs": pairs,
                "median": _share_within(bars, pairs / 2),
                "most_within": _share_within(bars, pairs * 0.9),
                "farthest": bars[-1][0],
                "highest": max(count for _, count in bars),
                "bars": bars,
            }
        )
    return found


def _share_within(bars: list[tuple[int, int]], wanted: float) -> int:
    """The distance within which at least so many pairs lie."""
    seen = 0
    for bits, count in bars:
        seen += count
        if seen >= wanted:
            return bits
    return bars[-1][0]


def _told(judged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Judgements counted by relation."""
    rows = []
    for relation in RELATIONS:
        said = [bool(row["same"]) for row in judged if row["relation"] == relation]
        if said:
            rows.append({"relation": relation, "same": sum(said), "apart": len(said) - sum(said)})
    return rows


def _as_json(found: dict[str, Any]) -> dict[str, Any]:
    held = found["held"]
    return {
        "relation": found["relation"] or None,
        "distance": found["distance"],
        "histograms": [
            {**row, "bars": [{"bits": bits, "pairs": count} for bits, count in row["bars"]]} for row in found["histograms"]
        ],
        "samples": found["samples"],
        "judgements": found["judged"],
        "border": vars(found["caution"]),
        "suggested_border": {**vars(found["suggestion"]), "holds_back": held[0] if held else 0},
    }


async def _save(library: Library, wants_json: bool):
    if not {"judgements", "match_state"} <= library.tables:
        raise GphotosError("Nothing was saved: you may not view the tables judgements and match_state.")
    body = await read_body(library.request)
    action = body.text("action", "judge")
    if action == "judge":
        told = await _judge(library, body)
    elif action == "border":
        told = await _draw(library, body)
    else:
        raise GphotosError(f"{action} is not an action. Known are judge, border.")
    if wants_json:
        return json_answer({"ok": True, **told})
    if "message" in told:
        library.datasette.add_message(library.request, told["message"])
    query = {name: value for name in ("relation", "distance") if (value := body.text(name))}
    return redirect(library.url("duplicates", "calibration", **query) + ("#samples" if action == "judge" else ""))


async def _judge(library: Library, body: Body) -> dict[str, Any]:
    said = body.text("same")
    if said not in ("0", "1", ""):
        raise GphotosError("same must be 1 (the same picture), 0 (not the same) or empty (take it back).")
    pair = body.text("photo_a"), body.text("photo_b")
    same = bool(int(said)) if said else None
    await library.write(stored.save_judgement, *pair, same, library.actor_id)
    return {"photo_a": pair[0], "photo_b": pair[1], "same": same}


async def _draw(library: Library, body: Body) -> dict[str, Any]:
    caution = stored.caution_from(body.text("min_confidence"), body.text("max_bits"))
    held = await library.write(stored.save_caution, caution)
    message = f"Saved. {held:,} suggestions were taken back; those that may come again do so with: gphotos-to-sqlite match"
    return {"border": vars(caution), "held_back": held, "message": f"{message} {library.name}.db"}
