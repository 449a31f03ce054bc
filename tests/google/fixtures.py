"""A fake Google, somebody signed in to it, and a clock on which waiting takes no time."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from datasette_gphotos_dedupe.google.api_calls import Client, open_client
from datasette_gphotos_dedupe.google.limits import Clock
from tests.fake_google import FakeGoogle, pick


class StoppedWatch:
    """Time that passes only by waiting; `waited` lists every wait, in slices put together."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.start = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self) -> Clock:
        return Clock(
            now=lambda: self.start + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
            chance=lambda: 0.0,
        )


@pytest.fixture
def fake(monkeypatch):
    with FakeGoogle() as google:
        monkeypatch.setenv("GPHOTOS_LIBRARY_API", google.url)
        monkeypatch.setenv("GPHOTOS_PICKER_API", google.url)
        yield google


def write_private(path: Path, content: dict) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    return path


@pytest.fixture
def auth_path(fake, tmp_path) -> Path:
    return write_private(tmp_path / "auth.json", fake.signed_in())


@pytest.fixture
def watch() -> StoppedWatch:
    return StoppedWatch()


@pytest.fixture
def client(auth_path, watch) -> Client:
    return open_client(auth_path, watch.clock())


def pick_when_asked(fake, items, after_polls: int = 2):
    """The person taps Done once the program has asked `after_polls` times."""

    def person() -> None:
        while len(fake.requests("GET", "/v1/sessions/")) < after_polls:
            time.sleep(0.005)
        pick(fake.world, next(iter(fake.world.sessions)), items)

    thread = threading.Thread(target=person, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def slow_client(client, watch, monkeypatch):
    """Waiting takes a moment, so that the person has time to tap."""
    sleep = watch.sleep
    monkeypatch.setattr(watch, "sleep", lambda seconds: (time.sleep(0.002), sleep(seconds))[1])
    client.transport.clock = Clock(client.clock.now, client.clock.monotonic, watch.sleep, client.clock.chance)
    return client
