from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.demo.library import SampleLibrary, build_library


@pytest.fixture(scope="session")
def library() -> SampleLibrary:
    return build_library()
