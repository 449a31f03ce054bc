"""metadata.yml for Datasette, made of what `descriptions` says of tables, views and columns."""

from __future__ import annotations

from typing import Any

from .descriptions import TABLES

HIDDEN = ("_sqlite_migrations", "photos_fts")


def metadata(databases: tuple[str, ...] = ("photos", "report")) -> dict[str, Any]:
    """Datasette's metadata for databases of these names, as plain dicts and lists."""
    tables: dict[str, Any] = {}
    for name, table in TABLES.items():
        tables[name] = {"description": table.description, **table.settings, "columns": dict(table.columns)}
    for name in HIDDEN:
        tables[name] = {"hidden": True}
    return {
        "title": "Duplicate photos",
        "description": "Photos in a Google Photos library that show the same picture.",
        "about": "datasette-gphotos-dedupe",
        "databases": {
            database: {"title": "Duplicate photos", "description": "Groups, evidence and decisions.", "tables": tables}
            for database in databases
        },
    }


def metadata_yaml(databases: tuple[str, ...] = ("photos", "report")) -> str:
    """The same as the text of a metadata.yml."""
    import yaml

    command = " ".join(("gphotos-to-sqlite metadata", *databases))
    text = yaml.safe_dump(metadata(databases), sort_keys=False, allow_unicode=True, width=120)
    return f"# Works on Datasette 0.65 and 1.0. Written by: {command}\n{text}"
