"""Broken pictures cost themselves and nothing else: real reading processes, real limits of the kernel."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time

import pytest

from datasette_gphotos_dedupe.model import Reading, Trouble
from datasette_gphotos_dedupe.pipeline import workers
from datasette_gphotos_dedupe.sources.archives.members import Address

from ..broken_pictures import broken_picture, packed_zeros, png, whole_pictures

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits on a process's time and memory")


def address(name: str, data: bytes) -> Address:
    return Address("", name, len(data), data=data)


@pytest.fixture(scope="module")
def pool():
    with workers.WorkerPool(1) as made:
        yield made


def test_broken_pictures_of_every_format_end_in_a_row_or_a_reading(pool):
    jobs = [pool.read(address(*broken_picture(number))) for number in range(260)]
    outcomes = [job.result() for job in jobs]
    assert {type(outcome) for outcome in outcomes} == {Reading, Trouble}
    codes = {outcome.code for outcome in outcomes if isinstance(outcome, Trouble)}
    assert codes <= {"broken", "truncated", "not_a_picture", "too_large", "empty"}


def test_healthy_pictures_come_out_whole(pool):
    jobs = {name: pool.read(address(name, data)) for name, data in whole_pictures().items()}
    assert {name: type(job.result()).__name__ for name, job in jobs.items()} == dict.fromkeys(jobs, "Reading")


def test_what_a_codec_says_about_a_picture_does_not_reach_the_terminal(pool, capfd):
    damaged = bytearray(whole_pictures()["deflate.tif"])
    damaged[200:400] = bytes(200)
    assert isinstance(pool.read(address("a.tif", bytes(damaged))).result(), (Reading, Trouble))
    assert capfd.readouterr().err == ""


def test_a_picture_that_takes_too_long_costs_itself(monkeypatch):
    """A real one: 400 megapixels out of a megabyte."""
    monkeypatch.setattr(workers, "CPU_S", 0)
    monkeypatch.setattr(workers, "BYTES_PER_CPU_S", 1 << 40)
    slow = png(20_000, 20_000, 8, 2, packed_zeros(20_000 * 60_001))
    with workers.WorkerPool(1) as pool:
        jobs = [pool.read(address("slow.png", slow)), *(pool.read(address("a.jpg", whole_pictures()["plain.jpg"])) for _ in "ab")]
        outcomes = [job.result() for job in jobs]
    assert outcomes[0] == Trouble("too_slow", "decoding it took longer than 0 seconds and was ended")
    assert [type(outcome) for outcome in outcomes[1:]] == [Reading, Reading]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit of memory")
def test_a_picture_that_wants_too_much_memory_costs_itself():
    wide = png(10_000, 10_000, 8, 2, packed_zeros(1000))
    with workers.WorkerPool(1, max_memory_bytes=200_000_000) as pool:
        jobs = [pool.read(address("wide.png", wide)), pool.read(address("a.jpg", whole_pictures()["plain.jpg"]))]
        outcomes = [job.result() for job in jobs]
    assert outcomes[0] == Trouble("too_large", "it needs more memory than one picture may have")
    assert isinstance(outcomes[1], Reading)


@pytest.fixture
def waiting(tmp_path) -> Address:
    """A file that takes minutes to be read to its end: a film of 256 GB that takes no room on the disk."""
    path = tmp_path / "never.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    os.truncate(path, 1 << 38)
    return Address(str(path), path.name, 1 << 38)


def reading_processes() -> list[int]:
    return [process.pid for process in multiprocessing.active_children() if process.name == "pebble_pool_worker"]


def test_a_crash_costs_the_picture_that_was_being_read(waiting):
    others = reading_processes()  # of the pool that the other tests share
    with workers.WorkerPool(1) as pool:
        jobs = [pool.read(waiting), pool.read(address("a.jpg", whole_pictures()["plain.jpg"]))]
        while not jobs[0].is_running():
            time.sleep(0.05)
        (pid,) = set(reading_processes()) - set(others)
        os.kill(pid, signal.SIGSEGV)
        outcomes = [job.result() for job in jobs]
    assert outcomes[0] == Trouble("crashed", "the program that decodes it crashed; the file is most likely damaged")
    assert isinstance(outcomes[1], Reading)


def test_bytes_that_do_not_come_are_tried_again_by_the_next_import(waiting, monkeypatch):
    monkeypatch.setattr(workers, "VIDEO_TIMEOUT_S", 1.0)
    with workers.WorkerPool(1) as pool:
        jobs = [pool.read(waiting), pool.read(address("a.jpg", whole_pictures()["plain.jpg"]))]
        outcomes = [job.result() for job in jobs]
    assert outcomes[0] == Trouble("stalled", "its bytes could not be read within 1 seconds; the next import tries again")
    assert isinstance(outcomes[1], Reading)


def test_a_reading_process_that_is_killed_while_it_waits_is_replaced(pool):
    for _ in range(2):
        assert isinstance(pool.read(address("a.jpg", whole_pictures()["plain.jpg"])).result(), Reading)
        for pid in reading_processes():
            os.kill(pid, signal.SIGKILL)
