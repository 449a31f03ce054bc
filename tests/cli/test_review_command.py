"""`review`: one command, and the queue is open; the long form is told, and nobody waits for an answer because a pipe is full."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from datasette_gphotos_dedupe.cli.datasette_server import free_port, running_datasette
from datasette_gphotos_dedupe.cli.reviewing import SETTINGS, plan_review
from datasette_gphotos_dedupe.errors import GphotosError
from tests.made_library import build_library

REQUESTS = 900  # of some 80 bytes in the log: beyond what a pipe of 64 KB holds


@pytest.fixture
def library(tmp_path):
    build_library(tmp_path / "photos.db", groups=2).close()
    return tmp_path / "photos.db"


@contextmanager
def reviewing(path: Path, *options: str, before: Sequence[str] = (), **environment: str):
    """The command as a person runs it, and the lines it prints until it is ready."""
    command = [sys.executable, *before, "-m", "datasette_gphotos_dedupe.cli", "review", str(path), "--no-open", *options]
    told = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=told)
    try:
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("Ctrl-C"):
                break
        yield process, lines
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def link_in(lines: list[str]) -> str:
    return re.search(r"http://127\.0\.0\.1:\d+/-/gphotos-review\?token=\S+", "\n".join(lines)).group()


def test_one_command_opens_the_queue_signed_in_and_says_the_long_form(library):
    with reviewing(library, "--setting", "default_page_size", "7") as (_, lines):
        assert lines[0] == "This runs:"
        assert lines[1] == "  gphotos-to-sqlite metadata photos > metadata.yml"
        assert lines[2].startswith(f"  datasette {library} --root --setting sql_time_limit_ms 10000")
        assert "--setting default_page_size 7 -m metadata.yml --port" in lines[2]
        browser = requests.Session()
        queue = browser.get(link_in(lines))
        assert (queue.status_code, queue.url.partition("127.0.0.1")[2].partition("/")[2]) == (200, "photos/-/duplicates")
        base = queue.url.partition("/photos/")[0]
        plan = browser.get(f"{base}/photos/-/duplicates/accept.json")
        assert (plan.status_code, plan.json().get("photos")) == (200, 2), plan.text  # only who may review sees it
        again = requests.get(link_in(lines), headers={"accept": "application/json"})
        assert again.status_code == 403


def test_who_has_no_link_may_not_review(library):
    with reviewing(library) as (_, lines):
        base = link_in(lines).partition("/-/")[0]
        assert requests.get(f"{base}/photos/-/duplicates/accept.json").status_code == 403
        assert requests.get(f"{base}/-/gphotos-review?token=guessed").status_code == 403
        assert requests.get(link_in(lines)).status_code == 200  # a wrong guess does not use it up


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_it_and_its_datasette(library):
    with reviewing(library) as (process, lines):
        address = link_in(lines).partition("/-/")[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=5)


def ends_within(address: str, seconds: float) -> bool:
    """Whether nobody answers there any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            requests.get(f"{address}/-/versions.json", timeout=5)
        except requests.ConnectionError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name)
def test_the_datasette_it_started_ends_with_it_however_it_ends(library, tmp_path, number):
    (tmp_path / "temporary").mkdir()
    with reviewing(library, TMPDIR=str(tmp_path / "temporary")) as (process, lines):
        address = link_in(lines).partition("/-/")[0]
        process.send_signal(number)
        status = process.wait(timeout=30)
        assert ends_within(address, 20)
    assert status == (-number if number == signal.SIGKILL else 128 + number)
    deadline = time.monotonic() + 20
    while (left := [path.name for path in (tmp_path / "temporary").iterdir()]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_the_datasette_ends_also_while_it_answers_somebody(library):
    """Whoever is being answered keeps a server from ending by itself."""
    with reviewing(library) as (process, lines), contextlib.closing(socket.socket()) as half:
        address = link_in(lines).partition("/-/")[0]
        half.connect(("127.0.0.1", int(address.rpartition(":")[2])))
        half.sendall(b"GET /-/versions.json HTTP/1.1\r\nHost: 127.0.0.1\r\n")  # and never more
        process.kill()
        assert ends_within(address, 20)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_who_closes_the_terminal_after_nohup_leaves_it_running(library):
    deaf = "import signal, os, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    with reviewing(library, before=["-c", deaf]) as (process, lines):
        process.send_signal(signal.SIGHUP)
        assert requests.get(link_in(lines), timeout=20).status_code == 200
        assert process.poll() is None


def test_a_library_that_cannot_be_written_is_opened_as_it_is(library):
    plan = plan_review(library, [], writable=False)
    assert plan.arguments[:3] == ("-i", str(library), "--root")
    assert plan_review(library, [("cache_size_kb", "1")], writable=True).arguments.count("cache_size_kb") == 1
    assert all(name in plan.arguments for name in SETTINGS)


def test_a_library_that_is_not_there_is_told(tmp_path):
    with reviewing(tmp_path / "photos.db") as (_, lines):
        assert lines == [
            f"Error: {tmp_path / 'photos.db'} does not exist. Import something first: "
            f"gphotos-to-sqlite takeout {tmp_path / 'photos.db'} takeout-*.zip"
        ]


def test_datasette_answers_however_many_requests_there_were(library):
    """Its output used to go into a pipe that nobody read: after some 650 requests every answer waited for ever."""
    with running_datasette([str(library)], free_port()) as server, requests.Session() as browser:
        for number in range(REQUESTS):
            answer = browser.get(f"{server.address}/-/versions.json?_=a-rather-long-query-string-{number}", timeout=20)
        assert answer.status_code == 200


def test_a_datasette_that_does_not_start_says_why(tmp_path):
    refused = pytest.raises(GphotosError, match="did not start on port .*no-such-option")
    with refused, running_datasette(["--no-such-option"], free_port()):
        pass
