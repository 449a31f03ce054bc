"""`python -m tests.fake_google --port 0`: the fake on its own, for trying things by hand and for the demo."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from . import FakeGoogle
from .world import CLIENT_ID


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fake_google", description="A Google Photos on this machine.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--uploaded-by-app", metavar="DIR", help="pictures that this app has uploaded")
    parser.add_argument("--uploaded-by-person", metavar="DIR", help="pictures that came from a phone or the web page")
    parser.add_argument("--client-secret", metavar="FILE", help="write a client_secret.json that points here")
    parser.add_argument("--auth", metavar="FILE", help="write an auth.json of somebody signed in here")
    parser.add_argument("--reupload", choices=["A", "B", "C"], default="A", help="what becomes of bytes that are there already")
    parser.add_argument("--testing", action="store_true", help="the consent screen is in Testing: sign-ins end after seven days")
    parser.add_argument("--log", action="store_true", help="write a line for each request to the standard error output")
    arguments = parser.parse_args()
    with FakeGoogle(arguments.port) as fake:
        fake.log_to = sys.stderr if arguments.log else None
        fake.world.switches.testing = arguments.testing
        fake.world.switches.reupload = arguments.reupload
        _fill(fake, arguments.uploaded_by_app, CLIENT_ID)
        _fill(fake, arguments.uploaded_by_person, None)
        for path, content in ((arguments.client_secret, fake.client_secret()), (arguments.auth, fake.signed_in())):
            if path:
                _write_private(Path(path), content)
        print(
            f"Fake Google at {fake.url}\nexport GPHOTOS_LIBRARY_API={fake.url}\nexport GPHOTOS_PICKER_API={fake.url}", flush=True
        )
        ended = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *ignored: ended.set())
        ended.wait()


def _fill(fake: FakeGoogle, folder: str | None, created_by: str | None) -> None:
    for path in sorted(Path(folder).rglob("*")) if folder else ():
        if path.is_file():
            fake.world.add_item(path.name, path.read_bytes(), created_by=created_by)


def _write_private(path: Path, content: dict) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=2)


if __name__ == "__main__":
    main()
