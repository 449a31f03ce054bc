"""A Datasette of our own beside this process: started, waited for, ended with it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import GphotosError

HOST = "127.0.0.1"
START_TIMEOUT_S = 60
_ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_LOGIN = re.compile(r"https?://[^/\s]{1,100}/-/auth-token\?token=\S+")


@dataclass(frozen=True)
class Server:
    """Where it answers, the one-use link that signs in as root, and its process."""

    address: str
    login: str | None
    process: subprocess.Popen


def free_port(wanted: int = 0) -> int:
    """The wanted port when it is free; otherwise any that is."""
    for port in (wanted, 0):
        with closing(socket.socket()) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise GphotosError("No port is free on this machine.")


@contextmanager
def running_datasette(
    arguments: Sequence[str],
    port: int,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Iterator[Server]:
    """`datasette` with these arguments and metadata on this machine only, until the block ends.

    What it prints goes into a file and not into a pipe: a pipe that nobody reads is full after some hundred requests, and then
    every answer waits for ever. Raises GphotosError with its last lines when it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="gphotos-") as folder:
        path = log or Path(folder) / "datasette.log"
        told = [*arguments, *_metadata_option(metadata, Path(folder)), "--host", HOST, "--port", str(port)]
        command = [sys.executable, "-m", f"{__package__}.tied_datasette", folder, *told]
        with _ended_by_signals(), _started(command, path, environment or {}) as process:
            yield _wait_until_ready(process, port, path, wants_login="--root" in arguments)


def _metadata_option(metadata: Mapping[str, Any] | None, folder: Path) -> list[str]:
    if metadata is None:
        return []
    path = folder / "metadata.json"
    path.write_text(json.dumps(metadata), encoding="utf8")
    return ["-m", str(path)]


@contextmanager
def _started(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen]:
    """The process, ended when the block is left. It sees by its standard input when this one is killed."""
    told = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
    with open(log, "w", encoding="utf8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.PIPE, env=told)
    try:
        yield process
    finally:
        _end(process)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP leave the block as Ctrl-C does, so that what was started and laid on disk in it goes with it."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        # What is ignored already (nohup) stays so.
        wanted = [number for number in _ENDING_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, _leave) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)  # what shells give for a signal


def _wait_until_ready(process: subprocess.Popen, port: int, log: Path, wants_login: bool) -> Server:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        login = _LOGIN.search(log.read_text(encoding="utf8", errors="replace"))
        with closing(socket.socket()) as probe:
            if (login or not wants_login) and probe.connect_ex((HOST, port)) == 0:
                return Server(f"http://{HOST}:{port}", login.group() if login else None, process)
        time.sleep(0.1)
    said = log.read_text(encoding="utf8", errors="replace").strip().splitlines()
    last = said[-1:] if any(line.startswith("Traceback") for line in said) else said[-5:]
    raise GphotosError(f"Datasette did not start on port {port}: {' '.join(last) or 'it said nothing'}")


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdin:
            process.stdin.close()
