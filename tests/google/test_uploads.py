"""Uploads: small ones at once, large ones in pieces that go on where they broke off."""

from __future__ import annotations

import contextlib
import hashlib
import io

import pytest

from datasette_gphotos_dedupe.errors import RefusedError
from datasette_gphotos_dedupe.google import uploads
from datasette_gphotos_dedupe.google.uploads import upload

LARGE = bytes(range(256)) * 4096 * 3 + b"end"  # a little over three pieces of 1 MiB


@pytest.fixture
def send(client, monkeypatch):
    monkeypatch.setattr(uploads, "RESUMABLE_FROM_BYTES", 100_000)
    monkeypatch.setattr(uploads, "PIECE_BYTES", 1 << 20)

    def run(data: bytes, sha1: str | None = None) -> str:
        sha1 = sha1 or hashlib.sha1(data).hexdigest()
        return upload(client, lambda: contextlib.closing(io.BytesIO(data)), len(data), "image/jpeg", sha1)

    return run


def received(fake, token: str) -> bytes:
    return fake.world.upload_tokens[token]["data"]


def test_a_small_file_goes_in_one_request(send, fake):
    assert received(fake, send(b"small")) == b"small"
    assert len(fake.requests("POST", "/v1/uploads")) == 1


def test_a_large_file_goes_in_pieces(send, fake):
    assert received(fake, send(LARGE)) == LARGE
    assert [entry["bytes"] for entry in fake.requests("POST", "/v1/uploads")] == [0, 1 << 20, 1 << 20, 1 << 20, 3]


@pytest.mark.parametrize("skip", range(5))
@pytest.mark.parametrize("kind", ["reset", "reset_after", "cut", "503", "503_after", "html"])
def test_an_upload_goes_on_where_it_broke_off(send, fake, kind, skip):
    fake.faults.add(kind, "POST /v1/uploads", skip=skip)
    assert received(fake, send(LARGE)) == LARGE


def test_bytes_damaged_on_the_way_are_refused(send):
    with pytest.raises(RefusedError) as error:
        send(b"small", sha1="00" * 20)
    assert str(error.value) == (
        "Google refused: User-provided checksum does not match received payload content (HTTP 400 INVALID_ARGUMENT)."
    )
