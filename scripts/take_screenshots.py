#!/usr/bin/env python3
"""The pictures of the documentation, taken from the demo with Chromium. `scripts/screenshots` calls this in the demo's environment."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import run_demo  # puts the checkout on the path

from datasette_gphotos_dedupe.cli.demo import make_takeout, run_command
from datasette_gphotos_dedupe.demo.library import build_library
from datasette_gphotos_dedupe.report import save_report
from tests.browser.chromium import PAINTED, chromium
from tests.fake_google import FakeGoogle

IMAGES = run_demo.CHECKOUT / "docs" / "images"
WINDOW = {"width": 1180, "height": 760}
QUALITY = 72  # WebP: text stays sharp, and the whole set below 600 KB


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, FakeGoogle() as google:
        database, auth = import_demo(google, Path(folder))
        save_report(database, Path(folder) / "report.html")
        with run_demo.datasette(database, run_demo.free_port(), auth) as (address, login), chromium() as browser:
            page = browser.new_page(viewport=WINDOW, device_scale_factor=1)
            page.goto(login)
            for name, picture in take_all(page, address, Path(folder) / "report.html"):
                save(name, picture)


def import_demo(google: FakeGoogle, folder: Path) -> tuple[Path, Path]:
    """The demo's library with everything done to it that the demo does; the database and the pretended sign-in."""
    library = build_library()
    parts = make_takeout(library, folder)
    run_demo.give_photos(google, library)
    auth = run_demo.sign_in(google, folder / "auth.json")
    os.environ["GPHOTOS_LIBRARY_API"] = os.environ["GPHOTOS_PICKER_API"] = google.url
    database = folder / "photos.db"
    run_command("takeout", database, *parts)
    run_command("library", database, "--auth", auth)
    return database, auth


def take_all(page: Any, address: str, report: Path):
    """Name and PNG of each picture, in the order of the pages."""
    queue = f"{address}/photos/-/duplicates"
    groups = page.request.get(f"{queue}.json?relation=smaller_copy").json()["groups"]
    group = f"{queue}/{groups[0]['group_id']}"
    yield "queue", shown(page, queue)
    yield "group", shown(page, group)
    yield "compare", shown(page, f"{group}/compare")
    yield "query", shown(page, f"{address}/photos/drive_uploads_with_larger_twin?_hide_sql=1", height=620)
    yield "report", shown(page, report.as_uri())


def shown(page: Any, address: str, height: int = WINDOW["height"]) -> bytes:
    """A page as a person sees its first screen, once its pictures are there."""
    page.set_viewport_size({**WINDOW, "height": height})
    answer = page.goto(address)
    if answer is not None and answer.status != 200 and not address.startswith("file:"):
        sys.exit(f"{address} answered {answer.status}: no picture of that.")
    page.evaluate(PAINTED)
    return page.screenshot()


def save(name: str, png: bytes) -> None:
    from PIL import Image

    target = IMAGES / f"{name}.webp"
    Image.open(io.BytesIO(png)).convert("RGB").save(target, "WEBP", quality=QUALITY, method=6)
    print(f"{target.relative_to(run_demo.CHECKOUT)}: {target.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
