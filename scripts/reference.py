"""The parts of the README that are taken from the code, so that they cannot drift. `cog` calls these; see scripts/check."""

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

    from datasette_gphotos_dedupe.cli import _load_commands, cli

    _load_commands()
    names = sorted(cli.commands, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    parts = []
    for name in names:
        context = click.Context(
            cli.commands[name], info_name=f"gphotos-to-sqlite {name}", terminal_width=100, max_content_width=100
        )
        help_text = cli.commands[name].get_help(context)
        parts.append(f"### gphotos-to-sqlite {name}\n\n```\n{help_text}\n```\n")
    return "\n".join(parts)


def tables() -> str:
    """Every table and view with its columns, from metadata.yml and the comments of the schema."""
    import yaml

    from datasette_gphotos_dedupe.store.database import open_database

    known = yaml.safe_load((CHECKOUT / "metadata.yml").read_text(encoding="utf8"))
    described = {name: about for database in known["databases"].values() for name, about in database["tables"].items()}
    with tempfile.TemporaryDirectory() as folder, closing(open_database(Path(folder) / "photos.db")) as db:
        rows = db.execute(
            "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY rootpage = 0, rootpage, name"
        )
        parts = [
            _table(name, kind, sql, [row[1] for row in db.execute(f"PRAGMA table_info([{name}])")], described.get(name, {}))
            for name, kind, sql in rows.fetchall()
            if not HIDDEN.search(name)
        ]
    return "\n".join(parts)


def _table(name: str, kind: str, sql: str, columns: list[str], about: dict) -> str:
    comments = dict(re.findall(r"^\s+(\w+) [^\n]*?--\s*(.+)$", sql, re.MULTILINE))
    told = about.get("columns") or {}
    lines = [f"### {name}{' (view)' if kind == 'view' else ''}", ""]
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
    from datasette_gphotos_dedupe.web.routes import ROUTES

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
    from datasette_gphotos_dedupe.web.compat import ACTIONS

    return "\n".join(
        ["| permission | allows to |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in ACTIONS.items()), ""]
    )
