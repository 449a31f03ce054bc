"""Which archives and folders an import reads: what was given, what belongs to it, and each once."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ..sources.archives.containers import FOLDER, Container, find_containers, in_order_of_parts
from ..store.runs import read_parts_of


def with_earlier_parts(conn: sqlite3.Connection, containers: list[Container]) -> list[Container]:
    """Also the zips of the same exports that an earlier run has read, where they still lie as they were.

    A picture, its sidecar and its film may lie in different parts. Nothing in those is read again but their indexes and sidecars; a
    tgz would have to be read from its start, so it is left to the person to give it again.
    """
    ids = {container.export_id for container in containers if container.export_id}
    known = {str(container.path) for container in containers}
    wanted = {row: row[0] for row in read_parts_of(conn, ids) if row[0].lower().endswith(".zip") and row[0] not in known}
    there: list[str | Path] = [path for path in wanted.values() if os.path.isfile(path)]
    found = [each for each in find_containers(there) if (str(each.path), each.bytes, each.modified_at) in wanted] if there else []
    return in_order_of_parts([*containers, *found])


def outermost(containers: list[Container]) -> list[Container]:
    """Without folders that lie in another one given, or are one by another name: their files would be seen twice."""
    kept: dict[Path, Container] = {}
    for container in containers:
        kept.setdefault(container.path.resolve(), container)
    folders = [path for path, container in kept.items() if container.kind == FOLDER]
    return [each for path, each in kept.items() if each.kind != FOLDER or not any(other in path.parents for other in folders)]
