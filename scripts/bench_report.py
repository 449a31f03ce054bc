"""How a browser takes a report of many groups: `python scripts/bench_report.py [groups]` (10,000 when not given).

Needs Chromium and the test environment. Prints what it measured; nothing is asserted.
"""

from __future__ import annotations

import io
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.report import save_report
from tests.made_library import build_library

PAINTS = (
    """() => Object.fromEntries(performance.getEntriesByType('paint').map(entry => [entry.name, Math.round(entry.startTime)]))"""
)
# One function, made once: the page's own policy forbids to make another in every frame.
PAINTED = """() => new Promise(done => {
  const look = () => performance.getEntriesByType('paint').length > 1 ? done() : requestAnimationFrame(look);
  look();
})"""
# The time until the browser has painted the page behind a link: two frames after the jump.
JUMP = """anchor => new Promise(done => {
  const start = performance.now();
  location.hash = anchor;
  requestAnimationFrame(() => requestAnimationFrame(() => done(Math.round(performance.now() - start))));
})"""
SCROLL = """() => new Promise(done => {
  const gaps = []; let last = performance.now(), left = 120;
  const step = now => {
    gaps.push(now - last); last = now; window.scrollBy(0, 60);
    if (--left) requestAnimationFrame(step);
    else done([Math.round(gaps.sort((a, b) => a - b)[60]), Math.round(Math.max(...gaps))]);
  };
  requestAnimationFrame(step);
})"""


def photograph(number: int) -> Image.Image:
    """A preview that compresses as a photograph's does: soft shapes with some grain."""
    dice = random.Random(number)
    small = Image.frombytes("RGB", (16, 12), dice.randbytes(16 * 12 * 3)).resize((320, 240), Image.BICUBIC)
    grain = Image.frombytes("L", (320, 240), dice.randbytes(320 * 240)).filter(ImageFilter.GaussianBlur(1))
    return Image.blend(small, Image.merge("RGB", (grain,) * 3), 0.25)


def previews(photos: int) -> Iterator[bytes]:
    """A JPEG for each photo, no two alike: a browser takes a picture that it has seen before from its memory."""
    some = [photograph(number) for number in range(500)]
    for number in range(photos):
        buffer = io.BytesIO()
        moved, around = divmod(number, len(some))
        ImageChops.offset(some[around], 3 * moved, moved).save(buffer, "JPEG", quality=80)
        yield buffer.getvalue()


def make(folder: Path, groups: int) -> Path:
    """A library of `groups` groups of 3 photos, each with a preview of its own, and its report."""
    build_library(folder / "photos.db", groups=groups, size=3, thumbnails=False).close()
    conn = sqlite3.connect(folder / "photos.db")
    ids = [row[0] for row in conn.execute("SELECT photo_id FROM photos ORDER BY photo_id")]
    rows = ((photo_id, content, 320, 240) for photo_id, content in zip(ids, previews(len(ids)), strict=True))
    conn.executemany("INSERT INTO thumbnails VALUES (?, ?, ?, ?)", rows)
    conn.commit()
    conn.close()
    start = time.perf_counter()
    told = save_report(folder / "photos.db", folder / "report.html")
    print(f"{told.groups:,} groups, {told.photos:,} photos, {told.pages} pages, {told.bytes / 1e6:,.1f} MB", end="")
    print(f", written in {time.perf_counter() - start:,.1f} s")
    return folder / "report.html"


def measure(report: Path) -> None:
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(300_000)
        start = time.perf_counter()
        page.goto(report.as_uri(), wait_until="commit")
        page.evaluate(PAINTED)
        print(f"first paint {page.evaluate(PAINTS)['first-contentful-paint']} ms after opening", end="")
        page.wait_for_load_state("load")
        print(f", everything loaded after {time.perf_counter() - start:,.1f} s")
        for anchor in ("#series-2", "#crop-10", "#group-7001", "#re_encode-1"):
            if page.locator(anchor).count():
                print(f"jump to {anchor}: {page.evaluate(JUMP, anchor)} ms")
        median, worst = page.evaluate(SCROLL)
        print(f"scrolling a page: median frame {median} ms, worst {worst} ms")
        print(f"show all pages below each other: {page.evaluate(JUMP, '#all')} ms")
        median, worst = page.evaluate(SCROLL)
        print(f"scrolling all: median frame {median} ms, worst {worst} ms")
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        measure(make(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
