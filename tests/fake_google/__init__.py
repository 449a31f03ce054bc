"""A Google Photos that runs on this machine: OAuth, Library API, Picker API, base URLs.

A real HTTP server that enforces Google's rules as they are since 31 March 2025. It imports nothing of the package it tests: a
fake that shares code shares faults. Only the standard library and Pillow are needed.

    with FakeGoogle() as fake:
        item = fake.world.add_item("a.jpg", created_by=CLIENT_ID)
        ... point a client at fake.url ...

On its own: `python -m tests.fake_google --port 0`.
"""

from .picker import pick
from .server import FakeGoogle
from .world import APPEND, CLIENT_ID, CLIENT_SECRET, EDIT, PICK, READ, REMOVED_SCOPES, SCOPES

__all__ = ["APPEND", "CLIENT_ID", "CLIENT_SECRET", "EDIT", "PICK", "READ", "REMOVED_SCOPES", "SCOPES", "FakeGoogle", "pick"]
