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
    from datasette_gphotos_dedupe.core.pictures.hash_variants import CROPS, OFF_CENTRE, TURNS

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
    """What may be left of a copy that is made again, and how far it may be changed by that."""
    from datasette_gphotos_dedupe.core.verdict.measures import ON_PURPOSE, SAME_LEFT, STRUCTURE

    lines = ["| what is measured | column of `pairs` | a copy has |", "|---|---|---|"]
    for measure in (*SAME_LEFT, *ON_PURPOSE, STRUCTURE):
        lines.append(f"| {measure.words} | {f'`{measure.column}`' if measure.column else ''} | {measure.border} |")
    return "\n".join([*lines, ""])


def developed_limits() -> str:
    """How far the previews of a RAW file and of a developed picture may differ."""
    from datasette_gphotos_dedupe.core.verdict.measures import DEVELOPED

    lines = ["| column of `pairs` | what it measures on the previews | a developed picture has |", "|---|---|---|"]
    lines += [f"| `{measure.column}` | {measure.words} | {measure.border} |" for measure in DEVELOPED]
    return "\n".join([*lines, ""])


def rules() -> str:
    """The rules of the verdict in their order."""
    from datasette_gphotos_dedupe.core.verdict.relation import RULES

    lines = ["| | when | then |", "|---|---|---|"]
    lines += [f"| {place} | {rule.words} | {_THEN[rule.words]} |" for place, rule in enumerate(RULES, start=1)]
    return "\n".join([*lines, ""])


_THEN = {
    "the previews have nothing in common": "different pictures: no pair at all",
    "one is a film and one a photo": "`look_alike`",
    "the cameras' clocks differ, the camera counted on, or two cameras took them": "`series` when near in time, else `look_alike`",
    "one agrees with the other when it is turned or mirrored": "`turned` or `mirrored`",
    "one holds something beside its picture that the other lacks": "`look_alike`",
    "one is named as an edited version": "`edited`",
    "the smaller one is made again from a part of the larger one": "`crop`",
    "it is made again, with a change that no resizer makes": "`edited`",
    "it is made again": "`smaller_copy`, `other_format`, `re_encode`, or `raw_and_jpeg` of what lies in a RAW file",
    "a RAW file and a developed picture, of one clock, camera and name, whose previews agree": "`raw_and_jpeg`",
    "it is made again but for one place": "`edited`",
    "the previews differ in many places": "`series` when the cameras' clocks are near, else `look_alike`",
    "the previews agree, but show different parts": "`crop`",
    "the previews agree": "`look_alike`: nothing is proved",
    "anything else": "`edited`",
}


def keeper_rules() -> str:
    """The rules that choose who stays, in their order: those that cannot be changed, then those of the default policy."""
    from datasette_gphotos_dedupe.core.groups.keeper import FIXED, Policy

    names = [*((name, "always") for name in (*FIXED, "holds")), *((name, "can be reordered") for name in Policy().rules)]
    lines = ["| | rule | stays | |", "|---|---|---|---|"]
    lines += [f"| {place} | `{name}` | {_RULE_WORDS[name]} | {kind} |" for place, (name, kind) in enumerate(names, start=1)]
    return "\n".join([*lines, ""])


_RULE_WORDS = {
    "own": "what is certainly the person's own, and not seen in albums only",
    "not_removed": "what nobody decided to remove",
    "chosen": "what the person made the keeper",
    "decided_keep": "what the person decided to keep, unless it is a small copy",
    "in_google": "what is in Google Photos, against what lies in a folder on this disk alone",
    "moves": "what moves or has several pages, against a still",
    "holds": "what the others can be made again from",
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
    from datasette_gphotos_dedupe.core.search import candidates, namesakes
    from datasette_gphotos_dedupe.core.verdict import align, compare, judge_pair, names_and_clocks, pair_facts, target, wording

    rows = [
        (f"{fingerprint.THUMBNAIL_SIDE} pixels", "longer side of the preview, on which overlay and differences are measured"),
        (f"{compare.BLOCK} x {compare.BLOCK} pixels", "one block: a line of a caption, a face in a group"),
        (f"{judge_pair.HOPELESS:g}", "correlation of the overlay below which nothing corresponds and the pair is dropped"),
        (f"{align.MAX_TILT_DEGREES:g} degrees", "the largest tilt of the horizon that is undone"),
        (f"{pair_facts.KEPT_WHOLE:.0%}", "of each side must be shown by both; less is a crop"),
        (f"{target.SMALLEST} pixels", "of the shorter side are too few to prove anything with"),
        (f"{namesakes.MAX_NAMESAKES}", "photos may share a name or a second for it to bring them together"),
        (f"{wording.SERIES_GAP_S:g} s", "two shots of one scene within this time are a series"),
        (f"{names_and_clocks.SAME_SECOND_S:g} s", "stored times nearer than this are one time"),
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
