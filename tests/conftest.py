"""What every test gets: no network beyond loopback, and Ctrl-C as a terminal gives it."""

from __future__ import annotations

import signal
import socket
from importlib.metadata import entry_points

import pytest
from datasette.plugins import pm

OTHER_PLUGINS = ("cluster_map", "json_html", "render_images")
for _name in OTHER_PLUGINS:
    if pm.has_plugin(_name):  # they change what pages show; the tests that want them ask for them
        pm.unregister(name=_name)

# `nohup`, `&` in a script and some build machines start what they run deaf to Ctrl-C, and every program started from here would
# inherit that: those that tests send the signal to would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


@pytest.fixture
def other_plugins():
    """The plugins that people run beside ours: datasette-cluster-map, datasette-json-html and datasette-render-images."""
    found = [point for point in entry_points(group="datasette") if point.name in OTHER_PLUGINS]
    assert sorted(point.name for point in found) == list(OTHER_PLUGINS)
    for point in found:
        pm.register(point.load(), point.name)
    yield
    for point in found:
        pm.unregister(name=point.name)


@pytest.fixture
def without_our_plugin():
    """Datasette as on a machine where this package is not installed."""
    ours = pm.unregister(name="gphotos_dedupe")
    yield
    pm.register(ours, "gphotos_dedupe")
