#!/usr/bin/env python3
"""The demo, once its environment is there: sample library, pretend Google, Datasette. `scripts/demo` calls this."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from datasette_gphotos_dedupe.cli.datasette_server import free_port, running_datasette  # noqa: E402
from datasette_gphotos_dedupe.cli.demo import make_takeout, print_findings, run_command  # noqa: E402
from datasette_gphotos_dedupe.cli.reviewing import open_on_desktop  # noqa: E402
from datasette_gphotos_dedupe.demo.library import SampleLibrary, build_library  # noqa: E402
from tests.fake_google import CLIENT_ID, FakeGoogle  # noqa: E402


def main() -> None:
    options = parse_arguments()
    began = time.monotonic()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    library = build_library()
    parts = make_takeout(library, folder)
    with FakeGoogle() as google:
        give_photos(google, library)
        auth = sign_in(google, folder / "auth.json")
        os.environ["GPHOTOS_LIBRARY_API"] = os.environ["GPHOTOS_PICKER_API"] = google.url
        database = folder / "photos.db"
        run_command("takeout", database, *parts)
        run_command("library", database, "--auth", auth)
        print_findings(str(database), library, must_pass=options.check)
        if options.check:
            return
        with datasette(database, options.port or free_port(), auth) as (address, login):
            greet(folder, address, login, time.monotonic() - began)
            if not options.no_open:
                open_on_desktop(login)
            wait_for_ctrl_c()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A sample library in Datasette, with a pretend Google behind it.")
    parser.add_argument("--port", type=int, help="port of Datasette (default: a free one)")
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")
    parser.add_argument("--check", action="store_true", help="make everything, print what was found, and end; status 1 if amiss")
    parser.add_argument(
        "--folder", type=Path, default=Path("demo-library"), help="where everything is written (default: %(default)s)"
    )
    return parser.parse_args()


def give_photos(google: FakeGoogle, library: SampleLibrary) -> None:
    """The pretend Google holds the whole library; this program's project uploaded some of it."""
    for item in library.items:
        taken_at = datetime.fromtimestamp(item.taken, timezone.utc)
        google.world.add_item(item.title, item.content, taken_at=taken_at, created_by=CLIENT_ID if item.by_app else None)


def sign_in(google: FakeGoogle, path: Path) -> Path:
    """An auth.json as `gphotos-to-sqlite auth` leaves it, good for the pretend Google only."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(google.signed_in(), file)
    return path


@contextmanager
def datasette(database: Path, port: int, auth: Path) -> Iterator[tuple[str, str]]:
    """Datasette on the database; gives its address and the one-use link that signs in as root."""
    settings = database.with_name("metadata.json")
    settings.write_text(json.dumps(metadata(auth)), encoding="utf8")
    arguments = [str(database), "--root", "-m", str(settings)]
    with running_datasette(arguments, port, database.with_name("datasette.log")) as server:
        yield server.address, server.login or ""


def metadata(auth: Path) -> dict:
    import yaml

    known = yaml.safe_load((CHECKOUT / "metadata.yml").read_text(encoding="utf8"))
    known.setdefault("plugins", {}).setdefault("datasette-gphotos-dedupe", {})["auth"] = str(auth)
    return known


def greet(folder: Path, address: str, login: str, seconds: float) -> None:
    print(f"\nReady after {seconds:.0f} seconds. The database, the export and the pretended sign-in are in {folder}.")
    print(f"Sign in as root with this link (it works once): {login}")
    print(f"Then open: {address}/photos/-/duplicates")
    print("Ctrl-C ends Datasette and the pretend Google.", flush=True)


def wait_for_ctrl_c() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print("\nStopped.")


if __name__ == "__main__":
    main()
