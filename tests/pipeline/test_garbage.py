"""While an index is read Python looks for no garbage; whatever becomes of the import, it does again afterwards."""

from __future__ import annotations

import gc

import pytest

from datasette_gphotos_dedupe.pipeline.garbage import SELDOM, set_apart


def test_what_came_first_is_looked_through_no_more_and_what_comes_then_is():
    usual = gc.get_threshold()
    with set_apart() as index_is_read:
        assert not gc.isenabled()
        index = [[number] for number in range(1000)]
        index_is_read()
        assert gc.isenabled() and gc.get_threshold()[0] == SELDOM > usual[0]
        looked_through = {id(each) for each in gc.get_objects()}
        assert looked_through.isdisjoint(map(id, index))
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, usual)


def test_an_import_that_fails_leaves_python_as_it_was():
    with pytest.raises(OSError), set_apart():
        raise OSError
    assert (gc.isenabled(), gc.get_freeze_count()) == (True, 0)
