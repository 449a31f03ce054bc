"""What every test gets: no network beyond loopback."""

from __future__ import annotations

import socket

import pytest

_real_connect = socket.socket.connect


@pytest.fixture(autouse=True)
def refuse_the_outside_world(monkeypatch):
    """A test that leaves the machine fails: nothing here may depend on, or talk to, the real Google."""

    def connect(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        return _real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
