"""The parts of the documentation that are taken from the code, so that they cannot drift. `cog` calls these; see scripts/check."""

from __future__ import annotations

import re
import tempfile
from contextlib import closing
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
HIDDEN = re.compile(r"^(_|sqlite_)|_fts(_|$)")
ORDER = (
    "demo",
    "takeout",
    "folder",
    "toolkit-csv",
    "auth",
    "library",
    "picker",
    "fingerprint",
    "match",
    "status",
    "find",
    "push",
)


def commands() -> str:
    """`--help` of every command, in the order a person meets them."""
    import click

    from datasette_gphotos_dedupe.cli.command_line import cli, load_commands

    load_commands()
    names = sorted(cli.commands, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    parts = []
    for name in names:
        context = click.Context(
            cli.commands[name], info_name=f"gphotos-to-sqlite {name}", terminal_width=100, max_content_width=100
        )
        help_text = cli.commands[name].get_help(context)
        parts.append(f"## gphotos-to-sqlite {name}\n\n```\n{help_text}\n```\n")
    return "\n".join(parts)


def tables() -> str:
    """Every table and view with its columns, from metadata.yml and the comments of the schema."""
    import yaml

    from datasette_gphotos_dedupe.store.database import open_database

    known = yaml.safe_load((CHECKOUT / "metadata.yml").read_text(encoding="utf8"))
    described = {name: about for database in known["databases"].values() for name, about in database["tables"].items()}
    with tempfile.TemporaryDirectory() as folder, closing(open_database(Path(folder) / "photos.db")) as db:
        order = list(described)
        rows = db.execute("SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        rows = sorted(rows, key=lambda row: (row[1] == "view", order.index(row[0]) if row[0] in order else len(order), row[0]))
        parts = [
            _table(name, kind, sql, [row[1] for row in db.execute(f"PRAGMA table_info([{name}])")], described.get(name, {}))
            for name, kind, sql in rows
            if not HIDDEN.search(name)
        ]
    return "\n".join(parts)


def _table(name: str, kind: str, sql: str, columns: list[str], about: dict) -> str:
    comments = dict(re.findall(r"^\s+(\w+) [^\n]*?--\s*(.+)$", sql, re.MULTILINE))
    told = about.get("columns") or {}
    lines = [f"## {name}{' (view)' if kind == 'view' else ''}", ""]
    if about.get("description"):
        lines += [about["description"].strip(), ""]
    lines += ["| column | what it holds |", "|---|---|"]
    lines += [
        f"| `{column}` | {(told.get(column) or comments.get(column) or '').strip().replace('|', '/')} |" for column in columns
    ]
    return "\n".join([*lines, ""])


def queries() -> str:
    """The canned queries by title."""
    from datasette_gphotos_dedupe.queries import QUERIES

    lines = ["| query | asks |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{query.name}` | {query.description} |" for query in QUERIES), ""])


def routes() -> str:
    """Every address that the plugin adds to a database, with the permission its writing half needs."""
    from datasette_gphotos_dedupe.web.site.routes import ROUTES

    lines = ["| address | methods | needs |", "|---|---|---|"]
    for route in ROUTES:
        needs = "view-table" + (f"; {route.reads}" if route.reads else "") + (f"; POST {route.writes}" if route.writes else "")
        lines.append(f"| `{_address(route.pattern)}` | {', '.join(route.methods)} | {needs} |")
    return "\n".join([*lines, ""])


def _address(pattern: str) -> str:
    address = re.sub(r"\(\?P<json>\\\.json\)\?", "[.json]", pattern.strip("^$"))
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", address)


def permissions() -> str:
    """The two permissions of the plugin."""
    from datasette_gphotos_dedupe.web.site.compat import ACTIONS

    return "\n".join(
        ["| permission | allows to |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in ACTIONS.items()), ""]
    )


def fingerprint_limits() -> str:
    """How far apart two fingerprints may lie for their photos to be compared, by what was hashed."""
    from datasette_gphotos_dedupe.core.pictures.fingerprint import HASH_SIDE, RADIUS_BITS, VARIANTS
    from datasette_gphotos_dedupe.core.pictures.variants import CROPS, OFF_CENTRE, TURNS

    whole = {name: VARIANTS[name] for name in VARIANTS if name not in {*CROPS, *OFF_CENTRE, *TURNS}}
    rows = [("the whole picture", 1, (RADIUS_BITS,)), ("cut around the middle", len(CROPS), [VARIANTS[name] for name in CROPS])]
    rows.append(("cut off the middle", len(OFF_CENTRE), [VARIANTS[name] for name in OFF_CENTRE]))
    rows += [(_VARIANT_WORDS[name], 1, (radius,)) for name, radius in whole.items()]
    rows.append(("turned or mirrored", len(TURNS), [VARIANTS[name] for name in TURNS]))
    lines = [f"| what was hashed | hashes | compared when at most so many of {HASH_SIDE**2} bits differ |", "|---|---|---|"]
    lines += [f"| {name} | {count} | {_span(radii)} |" for name, count, radii in rows]
    return "\n".join([*lines, ""])


_VARIANT_WORDS = {
    "wide": "cut to 16:9",
    "square": "cut to a square",
    "trim": "without an even border",
    "screen": "a picture inside a screenshot",
}


def _span(values) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def remade_limits() -> str:
    """What may be left when one picture is made again from the other, and how far it may have been changed for that."""
    from datasette_gphotos_dedupe.core.verdict.measures import ON_PURPOSE, SAME_LEFT, STRUCTURE

    rows = [*((one, "not the same pixels") for one in SAME_LEFT), *((one, one.changed or "") for one in ON_PURPOSE)]
    return _measures([*rows, (STRUCTURE, "too little to be seen, unless the names are one")])


def developed_limits() -> str:
    """What two developments of one exposure may differ by on their previews."""
    from datasette_gphotos_dedupe.core.verdict.measures import DEVELOPED

    return _measures([(one, "") for one in DEVELOPED])


def _measures(rows) -> str:
    told = any(beyond for _, beyond in rows)
    lines = [
        "| measured | what it is | a copy has |" + (" beyond it |" if told else ""),
        "|---|---|---|" + ("---|" if told else ""),
    ]
    for measure, beyond in rows:
        name = f"`pairs.{measure.column}`" if measure.column else f"{measure.name}".replace("_", " ")
        lines.append(f"| {name} | {measure.words} | {measure.border} |" + (f" {beyond} |" if told else ""))
    return "\n".join([*lines, ""])


def keeper_rules() -> str:
    """The rules that choose who stays, in their order: those that cannot be changed, then those of the default policy."""
    from datasette_gphotos_dedupe.core.groups.keeper import FIXED, Policy

    names = [*((name, "always") for name in FIXED), *((name, "can be reordered") for name in Policy().rules)]
    lines = ["| | rule | stays | |", "|---|---|---|---|"]
    lines += [f"| {place} | `{name}` | {_RULE_WORDS[name]} | {kind} |" for place, (name, kind) in enumerate(names, start=1)]
    return "\n".join([*lines, ""])


_RULE_WORDS = {
    "own": "what is certainly the person's own, and not seen in albums only",
    "not_removed": "what nobody decided to remove",
    "chosen": "what the person made the keeper",
    "decided_keep": "what the person decided to keep, unless it is a small copy",
    "moves": "what moves or has several pages, against a still",
    "protected": "a favourite, or a photo in a protected album, unless it is a small copy",
    "original": "original quality, against storage saver",
    "pixels": "the most pixels",
    "format": "the preferred format: RAW, then HEIC, then JPEG",
    "metadata": "the one with camera, the camera's time, place, description and albums",
    "name": "the one named as the camera named it, without a mark of copying",
    "density": "the least compressed",
    "earliest": "the one uploaded first",
}


def single_limits() -> str:
    """The other limits of the matching, each with what it is for."""
    from datasette_gphotos_dedupe.core.pictures import fingerprint
    from datasette_gphotos_dedupe.core.search import candidates
    from datasette_gphotos_dedupe.core.verdict import align, case, compare, films, verify, witness, wording

    rows = [
        (f"{fingerprint.THUMBNAIL_SIDE} pixels", "longer side of the preview, on which everything but the proof is measured"),
        (f"{compare.BLOCK} x {compare.BLOCK} pixels", "one block of it: a line of a caption, a face in a group"),
        (f"{verify.HOPELESS:g}", "correlation of the overlay below which nothing corresponds and the pair is dropped"),
        (f"{align.MAX_TILT_DEGREES:g} degrees", "the largest tilt of the horizon that is undone"),
        (f"{case.KEPT_WHOLE:.0%}", "of each side must be shown by both; less is a crop"),
        (f"{case.KEPT_DEVELOPED:.1%}", "of each side, of a RAW file and its picture: developing cuts the edges"),
        (f"{wording.SERIES_GAP_S:g} s", "two shots of one scene within this time are a series"),
        (f"{films.SAME_LENGTH_S:g} s", "two films that are one may differ in length by this"),
        (f"{witness.SAME_SECOND_S:g} s", "stored times nearer than this are one time"),
        (
            f"{candidates.MAX_EQUAL}",
            "photos with one and the same fingerprint are all compared with each other; beyond, with their first",
        ),
        (
            f"{candidates.MAX_NEIGHBOURS}",
            "photos within reach of one are all compared with it; in a larger crowd only the nearest",
        ),
    ]
    return "\n".join(["| limit | what it is for |", "|---|---|", *(f"| {value} | {purpose} |" for value, purpose in rows), ""])
