"""A whole exchange has an end: an answer that drips is not waited for, whichever part of it does."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest
import requests

from datasette_gphotos_dedupe.google import deadline
from datasette_gphotos_dedupe.google.auth_file import guarded_session

LIMIT_S = 0.6
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 400
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200
HEADERS = b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 200
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" * 100
KINDS = {"headers": HEADERS, "body without a length": ENDLESS, "chunks": CHUNKED, "interim answers": CONTINUED, "silence": b""}


@contextlib.contextmanager
def server(answer: bytes, wait_s: float, first: int = 0):
    """Sends `first` bytes at once and the rest one by one; silence when there is nothing to send."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    threads = []

    def drip(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(answer[:first])
            for place in range(first, len(answer)):
                if stop.wait(wait_s):
                    return
                connection.sendall(answer[place : place + 1])
            while not answer and not stop.wait(0.05):
                pass

    def serve() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                threads.append(threading.Thread(target=drip, args=(listener.accept()[0],)))
                threads[-1].start()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        accepting.join()
        for thread in threads:
            thread.join()
        listener.close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(deadline, "EXCHANGE_TIMEOUT_S", LIMIT_S)
    monkeypatch.setattr(deadline, "BYTES_SENT_PER_S", 10_000_000)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_drips_is_hung_up_in_time(kind):
    with server(KINDS[kind], 0.02) as port, guarded_session() as session:
        begun = time.monotonic()
        with pytest.raises(requests.Timeout, match="it does not end"):
            session.get(f"http://127.0.0.1:{port}/")
        assert LIMIT_S - 0.1 < time.monotonic() - begun < LIMIT_S + 2


def test_a_handshake_that_does_not_end_is_hung_up_in_time():
    # A server that answers the beginning of TLS with the beginning of a long record, a byte at a time.
    with server(b"\x16\x03\x03\x40\x00" + b"\x02" * 16_384, 0.02) as port, guarded_session() as session:
        begun = time.monotonic()
        with pytest.raises(requests.Timeout, match="it does not end"):
            session.get(f"https://127.0.0.1:{port}/")
        assert time.monotonic() - begun < LIMIT_S + 2


def test_an_answer_in_time_is_an_answer_and_leaves_nothing_behind():
    with server(ANSWER, 0.001, first=30) as port, guarded_session() as session:
        answer = session.get(f"http://127.0.0.1:{port}/")
        assert (answer.status_code, answer.json(), answer.content) == (200, {}, b"{}")
        time.sleep(LIMIT_S + 0.2)
        assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_what_is_sent_gets_time_of_its_own(monkeypatch):
    monkeypatch.setattr(deadline, "BYTES_SENT_PER_S", 1_000)
    with server(ANSWER, 0.02) as port, guarded_session() as session:  # the answer takes some 1.5 s
        assert session.post(f"http://127.0.0.1:{port}/", data=b"x" * 4_000).json() == {}


def test_a_connection_that_is_used_again_ends_in_time_too(fake):
    with guarded_session() as session:
        for _ in range(3):
            assert session.get(f"{fake.url}/v1/albums").status_code == 401
        fake.before_answer = lambda entry: time.sleep(LIMIT_S + 1)
        with pytest.raises(requests.Timeout, match="it does not end"):
            session.get(f"{fake.url}/v1/albums")
        fake.before_answer = None
        assert session.get(f"{fake.url}/v1/albums").status_code == 401
