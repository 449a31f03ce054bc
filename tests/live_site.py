"""A real Datasette in a process of its own, spoken to over HTTP as a person's browser does it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLUGIN = "datasette-gphotos-dedupe"
SECRET = "secret-of-the-tests"
START_TIMEOUT_S = 120


@dataclass(frozen=True)
class LiveSite:
    """Where it answers, the one-use link that signs in as root, and its process."""

    url: str
    login: str
    process: subprocess.Popen
    log: Path

    def database_url(self, database: str = "photos") -> str:
        return f"{self.url}/{database}"

    def cpu_s(self) -> float:
        """Processor time of the server so far, in seconds: what a request costs also on a machine that is busy."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self) -> int:
        """Resident memory of the server."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def actor_cookie(actor: str) -> str:
    """The value of the cookie `ds_actor` that a live site believes."""
    from itsdangerous import URLSafeSerializer

    return URLSafeSerializer(SECRET, "actor").dumps({"a": {"id": actor}})


def configuration(plugin: dict[str, Any] | None = None) -> dict[str, Any]:
    """`reviewer` may review, `pusher` may push, `root` may do both, on either line of Datasette."""
    rights = {"gphotos-review": {"id": ["reviewer", "root"]}, "gphotos-push": {"id": ["pusher", "root"]}}
    return {"plugins": {PLUGIN: {**(plugin or {}), "permissions": rights}}, "permissions": rights}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(files: Sequence[Path], port: int, configuration_path: Path, more: Sequence[str] = ()) -> list[str]:
    from datasette.app import Datasette

    option = "-c" if hasattr(Datasette, "add_query") else "-m"
    names = [str(file) for file in files]
    told = ["--root", "--port", str(port), "--secret", SECRET, option, str(configuration_path)]
    return [sys.executable, "-m", "datasette", *names, *told, *more]


@contextmanager
def live_datasette(
    files: Sequence[Path],
    more: Sequence[str] = (),
    plugin: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
    through: Sequence[str] = (),
    queries: Sequence[str] = (),
) -> Iterator[LiveSite]:
    """Datasette with these files, ended when the block is left; started by the program `through` when one is named.

    `queries` are names under which it has ready-made queries of its own that need nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "datasette.json"
        made = {file.stem: {"queries": {name: {"sql": "select 1"} for name in queries}} for file in files if queries}
        told.write_text(json.dumps({**configuration(plugin), "databases": made}), encoding="utf8")
        port, log = free_port(), Path(folder) / "log"
        env = {**os.environ, **(environment or {})}
        with open(log, "w") as errors:
            process = subprocess.Popen(
                [*through, *command(files, port, told, more)], stdout=subprocess.PIPE, stderr=errors, text=True, env=env
            )
        try:
            yield LiveSite(f"http://127.0.0.1:{port}", _wait(process, port, log), process, log)
        finally:
            process.terminate()
            process.wait(timeout=30)
            if process.stdout:
                process.stdout.close()


def _wait(process: subprocess.Popen, port: int, log: Path) -> str:
    """The link that `datasette --root` prints, once the port answers."""
    printed: list[str] = []
    threading.Thread(target=lambda: printed.extend(process.stdout or ()), daemon=True).start()
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        link = next((found.group() for line in printed if (found := re.search(r"http\S+/-/auth-token\?token=\S+", line))), None)
        with closing(socket.socket()) as probe:
            if link and probe.connect_ex(("127.0.0.1", port)) == 0:
                return link
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"Datasette did not start on port {port}:\n{log.read_text()}")
