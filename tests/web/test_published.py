"""A published copy as a stranger meets it: every link, every picture and every POST, with our plugin and without it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from datasette.app import Datasette
from datasette.plugins import pm

from datasette_gphotos_dedupe.export import ExportOptions, allowed_columns, export_database
from datasette_gphotos_dedupe.metadata_file import metadata
from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.planted import plant

from .test_permissions import example

OF_A_KIND = 2
# Pages that a table has one of per row, column or order: so many of each kind are followed, and of all others every one.
KINDS = (
    (re.compile(r"\.blob"), "blob"),
    (re.compile(r"/-/thumbnail/"), "thumbnail"),
    (re.compile(r"/-/duplicates/photo/"), "photo"),
    (re.compile(r"/-/duplicates/[^/?]+/compare"), "comparison"),
    (re.compile(r"/-/duplicates/group-"), "group"),
    (re.compile(r"/-/duplicates\?"), "queue"),
    (re.compile(r"^/report/(\w+)/[^/.]+(\.json)?$"), "row of {0}"),
    (re.compile(r"^/report/(\w+)(?:\.csv|\.json)?\?"), "order or filter of {0}"),
    (re.compile(r"^/report(?:\.json|\.csv)?\?|/-/query"), "sql"),
    (re.compile(r"^/-/(?!static)"), "Datasette's own"),
    (re.compile(r"/\w+_fts_\w+"), "SQLite's own"),
)


@dataclass(frozen=True)
class Walk:
    """What a stranger saw of a copy: path to (status, type, content), and the bytes that no answer may hold."""

    copy: Path
    before: bytes
    hidden: tuple[bytes, ...]
    seen: dict[str, tuple[int, str, bytes]]
    refused: dict[str, int]
    with_plugin: bool


@pytest.fixture(scope="module", params=[True, False], ids=["with our plugin", "without our plugin"])
def walk(request, tmp_path_factory):
    """One walk over everything, by which all tests here judge."""
    folder = tmp_path_factory.mktemp("published")
    planted = plant(folder / "photos.db")
    export_database(folder / "photos.db", folder / "report.db", ExportOptions())
    content = (folder / "report.db").read_bytes()
    shown = {f"{table}.{column}" for table, columns in allowed_columns(ExportOptions()).items() for column in columns}
    # A preview is shown, and what its camera wrote into it is not.
    hidden = tuple(mark for column in {*planted} - shown | {"thumbnails.content"} for mark in planted[column])
    ours = None if request.param else pm.unregister(name="gphotos_dedupe")
    try:
        seen, refused = asyncio.run(_walk_and_post(folder / "report.db"))
    finally:
        if ours:
            pm.register(ours, "gphotos_dedupe")
    return Walk(folder / "report.db", content, hidden, seen, refused, request.param)


async def _walk_and_post(copy: Path) -> tuple[dict[str, tuple[int, str, bytes]], dict[str, int]]:
    datasette = Datasette([], immutables=[str(copy)], metadata=metadata(("report",)))
    seen: dict[str, tuple[int, str, bytes]] = {}
    todo, followed = ["/"], {}
    while todo:
        path = todo.pop(0)
        kind = kind_of(path)
        if path in seen or (kind and followed.get(kind, 0) >= OF_A_KIND):
            continue
        followed[kind] = followed.get(kind, 0) + 1
        answer = await datasette.client.get(path)
        seen[path] = answer.status_code, answer.headers.get("content-type", ""), answer.content
        if answer.status_code == 200 and "text/html" in seen[path][1]:
            todo += addresses(path, answer.text)
    targets = {urlsplit(path).path for path in seen} | {example(route).replace("/photos/", "/report/", 1) for route in ROUTES}
    return seen, {path: await _post(datasette, path) for path in sorted(targets)}


async def _post(datasette: Datasette, path: str) -> int:
    return (await datasette.client.post(path, content=b"action=accept&seen=x&confirm=1")).status_code


def addresses(base: str, text: str) -> list[str]:
    """Every address on this site that a page links to, shows or posts to."""
    found = re.findall(r'(?:href|src|action)="([^"#]+)', text)
    absolute = [urljoin(f"http://localhost{base}", link.replace("&amp;", "&")) for link in found]
    return [link.removeprefix("http://localhost") for link in absolute if urlsplit(link).netloc == "localhost"]


def kind_of(path: str) -> str | None:
    return next((name.format(*matched.groups()) for form, name in KINDS if (matched := form.search(path))), None)


def test_no_link_and_no_picture_is_broken_and_nothing_fails(walk):
    assert {path: status for path, (status, _, _) in walk.seen.items() if status not in (200, 302, 303)} == {}


def test_the_walk_has_come_everywhere(walk):
    shown = " ".join(walk.seen)
    wanted = ["/report/groups", "/report/duplicates", "/report/thumbnails", "/report.db", "/-/static/app.css"]
    ours = ["/-/thumbnail/", "/-/duplicates/group-", "/compare", "/-/static-plugins/datasette_gphotos_dedupe/"]
    wanted += ours if walk.with_plugin else [".blob?"]
    assert [part for part in wanted if part not in shown] == []


def test_nothing_that_the_copy_leaves_out_is_in_any_answer(walk):
    assert len(walk.hidden) > 60
    assert {path: marker for path, (_, _, content) in walk.seen.items() for marker in walk.hidden if marker in content} == {}


def test_no_page_of_the_copy_has_a_form_that_writes(walk):
    posting = [
        path for path, (_, _, content) in walk.seen.items() if path.startswith("/report") and b'method="post"' in content.lower()
    ]
    assert posting == []


def test_every_post_to_an_address_of_ours_is_refused(walk):
    ours = {path: status for path, status in walk.refused.items() if re.match("/report/-/(duplicates|thumbnail|original)", path)}
    assert len(ours) >= len(ROUTES)
    assert {path: status for path, status in ours.items() if not 400 <= status < 500} == {}


def test_no_post_writes_anything(walk):
    """What Datasette itself answers is its own affair: 0.65 has 500 for a POST to a table."""
    assert len(walk.refused) > 60
    assert walk.copy.read_bytes() == walk.before
    assert [path.name for path in walk.copy.parent.glob("report.db*")] == ["report.db"]


def test_the_whole_file_may_be_downloaded(walk):
    assert walk.seen["/report.db"][2] == walk.before


@pytest.mark.asyncio
@pytest.mark.parametrize("view", ["duplicates", "previews", "places", "rescue", "space"])
async def test_a_view_is_complete_as_csv(walk, view):
    datasette = Datasette([], immutables=[str(walk.copy)], settings={"max_returned_rows": 5})
    counted = (await datasette.get_database("report").execute(f"SELECT count(*) FROM {view}")).single_value()
    lines = (await datasette.client.get(f"/report/{view}.csv?_stream=on&_size=3")).text.strip().splitlines()
    assert len(lines) == counted + 1
    assert counted > 5 or view in ("places", "rescue")
