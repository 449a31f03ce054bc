from __future__ import annotations

import pytest_asyncio

from tests.google.conftest import auth_path, fake  # noqa: F401
from tests.made_library import build_library

from .site import Site, make_datasette


@pytest_asyncio.fixture
async def library(tmp_path):
    """The path of a library of 24 groups of 3."""
    path = tmp_path / "photos.db"
    build_library(path, groups=24, size=3).close()
    return path


@pytest_asyncio.fixture
async def ds(library):
    made = make_datasette([library])
    await made.invoke_startup()
    return made


@pytest_asyncio.fixture
async def root(ds):
    return Site(ds, "root")


@pytest_asyncio.fixture
async def anonymous(ds):
    return Site(ds)
