from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.demo.library import Library, build_library


@pytest.fixture(scope="session")
def library() -> Library:
    return build_library()
