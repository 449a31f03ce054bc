"""Runs the match step in children that are killed, or get Ctrl-C, at a chosen SQL statement: `python -m tests.pipeline.match_driver DIR`.

DIR holds `base.db`, not matched yet. Prints as JSON: the statements of an undisturbed run, and for each disturbed one where it was
stopped, how its process ended, and whether a run after it ended in the same tables.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

from datasette_gphotos_dedupe.core.search import flat_search
from datasette_gphotos_dedupe.pipeline import grouping, matching, proving_on_originals
from datasette_gphotos_dedupe.pipeline.matching import MatchOptions, match_library
from datasette_gphotos_dedupe.store.database import open_database
from tests.pipeline.test_matching import tables

POINTS = 25  # for each signal; every one is two or three runs of about 50 ms


def match(path: Path, stop_at: int = 0, how: int = 0) -> int:
    """Match once, with a signal to ourselves at a statement; the number of statements."""
    db, count = open_database(path), 0

    def trace(sql: str) -> None:
        nonlocal count
        count += 1
        if count == stop_at and how == signal.SIGKILL:
            os.kill(os.getpid(), how)
        elif count == stop_at:
            # an exception raised in here would be swallowed: it has to come when this call is over
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, 0.0003)

    db.conn.set_trace_callback(trace)
    try:
        match_library(db, options=MatchOptions(workers=1))
    finally:
        db.conn.close()
    return count


def match_in_child(path: Path, stop_at: int, how: int) -> int:
    """The exit code of a child that matches; negative: the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            match(path, stop_at, how)
        except KeyboardInterrupt:
            os._exit(130)
        except BaseException:
            os._exit(99)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def result(path: Path) -> dict:
    db = open_database(path)
    told = {"sound": db.execute("PRAGMA integrity_check").fetchone()[0], **tables(db)}
    db.conn.close()
    return told


def main(folder: Path) -> None:
    # no threads in this process, or its children could not be forked safely; and small batches, to be hit between two
    flat_search.open_index = flat_search.NumpyIndex
    matching.PAIRS_AT_ONCE = grouping.PAIRS_AT_ONCE = 3
    proving_on_originals.FEW_PAIRS, proving_on_originals.SAVED_EVERY_S = 1000, 0.0
    whole, draw = shutil.copy(folder / "base.db", folder / "whole.db"), random.Random(3)
    statements = match(Path(whole))  # fills the caches of previews that the children inherit
    expected, runs = result(Path(whole)), []
    for how in (signal.SIGKILL, signal.SIGINT):
        for number in range(POINTS):
            point = 1 + number * statements // POINTS
            path = Path(shutil.copy(folder / "base.db", folder / f"{how}-{point}.db"))
            ended = match_in_child(path, point, how)
            if number % 2:
                match_in_child(path, draw.randrange(1, statements), how)
            match_in_child(path, 0, 0)
            runs.append([point, ended, result(path) == expected])
    print(json.dumps({"statements": statements, "runs": runs}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
