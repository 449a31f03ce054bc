from __future__ import annotations

import io

from datasette_gphotos_dedupe.pipeline.progress import Progress, describe


def test_a_step_is_described_with_share_rate_and_time_left():
    text = describe("Reading pictures", 1200, 8000, 30.0)
    assert text == "Reading pictures: 1,200 of 8,000 (15%), 40 a second, 2 min 50 s left"


def test_a_slow_step_counts_by_the_minute():
    assert describe("Pushing", 1, 4, 20.0) == "Pushing: 1 of 4 (25%), 3 a minute, 1 min 0 s left"


def test_away_from_a_terminal_one_line_a_minute_is_printed():
    now = [0.0]
    stream = io.StringIO()
    progress = Progress(stream, clock=lambda: now[0])
    progress.start("Reading", 200)
    for _ in range(120):
        now[0] += 1
        progress.advance()
    progress.finish()
    assert len(stream.getvalue().splitlines()) == 4  # start, two minutes, end


def test_starting_the_workers_is_not_counted_and_no_time_is_told_from_too_little():
    now = [0.0]
    stream = io.StringIO()
    stream.isatty = lambda: True
    progress = Progress(stream, clock=lambda: now[0])
    progress.start("Reading", 1000)
    now[0] += 30  # the workers start
    for _ in range(100):
        now[0] += 0.1
        progress.advance()
    told = stream.getvalue().split("\r")
    assert all(" left" not in line for line in told if line.startswith("Reading: ") and int(line.split()[1]) < 40)
    assert told[-1].strip() == "Reading: 99 of 1,000 (9%), 10 a second, 1 min 30 s left"


def test_silent_prints_nothing():
    stream = io.StringIO()
    progress = Progress(stream, silent=True)
    progress.start("Reading", 1)
    progress.advance()
    progress.finish()
    assert stream.getvalue() == ""
