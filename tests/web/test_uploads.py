"""The page By upload: each photo of an upload is counted once, folded or opened, before and after it was decided."""

from __future__ import annotations

import html
import re

import pytest
import pytest_asyncio

from datasette_gphotos_dedupe.store.review.decisions import refresh_decided
from tests.made_library import build_library, photo_id

from .site import Site, make_datasette, rows

pytestmark = pytest.mark.asyncio
PROVED, HELD, EDITED, NOWHERE = 7, 1, 2, 1


@pytest_asyncio.fixture
async def library(tmp_path):
    """Eleven previews of one upload beside their originals: one of the proved ones may be somebody else's, and is held back."""
    db = build_library(tmp_path / "photos.db", groups=PROVED + HELD + EDITED + NOWHERE, size=2, thumbnails=False)
    with db.atomic():
        for number, relation in enumerate(["smaller_copy"] * (PROVED + HELD) + ["edited"] * EDITED + ["series"] * NOWHERE):
            _make_preview(db, number, relation)
        db["photos"].update(photo_id(2 * PROVED + 1), {"album_only": 1})
        refresh_decided(db.conn)
    db.close()
    return tmp_path / "photos.db"


def _make_preview(db, number: int, relation: str) -> None:
    original, preview = photo_id(2 * number), photo_id(2 * number + 1)
    name = f"{number:08x}-aaaa-4bbb-8ccc-0123456789ab.jpg"
    values = {"filename": name, "uploaded_at": "2022-04-12T20:00:00Z", "width": 1024, "height": 700}
    db["photos"].update(preview, {**values, "origin": "driveDesktopUploader"})
    db.execute("UPDATE pairs SET relation = ?, remade_from = ? WHERE photo_a = ?", [relation, original, original])
    suggested = "remove" if relation == "smaller_copy" else None
    role = "look_alike" if relation == "series" else "copy"
    sql = "UPDATE group_members SET role = ?, relation = ?, suggested = ? WHERE photo_id = ?"
    db.execute(sql, [role, relation, suggested, preview])


@pytest_asyncio.fixture
async def site(library):
    return Site(make_datasette([library]), "root")


async def upload_of(site) -> dict:
    found = (await site.get("duplicates/uploads.json")).json()["uploads"]
    return next(upload for upload in found if upload["name_pattern"] == "36 machine characters")


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).replace(" ,", ",").split())


async def both(site, upload_id: str) -> tuple[list[str], list[str]]:
    """The numbers of an upload when it is opened, and on its folded line, which is there while another is opened."""
    opened = (await site.get(f"duplicates/uploads?upload={upload_id}")).text
    listed = (await site.get("duplicates/uploads.json")).json()["uploads"]
    other = next(one["batch_id"] for one in listed if one["batch_id"] != upload_id)
    page = (await site.get(f"duplicates/uploads?upload={other}")).text
    (line,) = re.findall(r'<section class="gp-batch-line"(?:(?!</section>).)*36 machine.*?</section>', page, re.DOTALL)
    pattern = r"\d+ (?:can go|decided|you decide)"
    return re.findall(pattern, plain(opened.partition('class="gp-batch-line"')[0])), re.findall(pattern, plain(line))


async def accept(site, upload: dict) -> None:
    plan = (await site.get(f"duplicates/uploads.json?upload={upload['batch_id']}")).json()["plan"]
    answer = await site.post("duplicates/accept", {"upload": upload["batch_id"], "expected": plan["digest"]})
    assert answer.status_code == 303


async def test_an_upload_counts_the_same_folded_and_opened(site):
    upload = await upload_of(site)
    opened, folded = await both(site, upload["batch_id"])
    assert opened == folded == ["7 can go", "3 you decide"]
    assert (upload["can"], upload["held"], upload["asks"], upload["decided"], upload["nowhere"]) == (7, 1, 3, 0, 1)


async def test_what_was_accepted_is_decided_and_asks_nobody(site):
    upload = await upload_of(site)
    await accept(site, upload)
    opened, folded = await both(site, upload["batch_id"])
    assert opened == folded == ["7 decided", "3 you decide"]
    page = plain((await site.get(f"duplicates/uploads?upload={upload['batch_id']}")).text)
    assert "7 copies are marked to be removed." in page and "0 can go" not in page
    assert "1 copy is proved and held back: it was seen only in an album folder" in page
    after = await upload_of(site)
    assert after["photos"] == after["can"] + after["decided"] + after["asks"] + after["nowhere"]


async def test_an_upload_of_which_all_is_decided_is_settled(site, library):
    upload = await upload_of(site)
    await accept(site, upload)
    for number in range(PROVED, PROVED + HELD + EDITED):
        assert (await site.decide({photo_id(2 * number + 1): "keep"}, photo_id(2 * number))).status_code == 200
    after = await upload_of(site)
    assert (after["decided"], after["asks"], after["settled"]) == (10, 0, True)
    page = plain((await site.get("duplicates/uploads")).text)
    assert re.search(r"on 12 April 2022 Settled [^.]+\. 7 copies are marked to be removed, 1 is nowhere else \.", page), page
    opened = plain((await site.get(f"duplicates/uploads?upload={upload['batch_id']}")).text)
    assert re.search(r"on 12 April 2022 Settled [^.]+\. Names of 36 machine characters.* 10 decided 7 copies", opened), opened
    assert rows(library, "SELECT count(*) FROM decisions WHERE decision = 'remove'") == [(7,)]


async def test_photos_that_are_kept_are_shown_as_staying(site):
    upload = await upload_of(site)
    kept = PROVED + HELD
    await site.decide({photo_id(2 * kept + 1): "keep"}, photo_id(2 * kept))
    page = (await site.get(f"duplicates/uploads?upload={upload['batch_id']}&show=elsewhere")).text
    assert (page.count(">Stays<"), page.count(">You decide<")) == (1, 1)
