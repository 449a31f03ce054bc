"""Speed of the SQL functions where people use them: `python scripts/bench_sql.py [photos]` (200,000 when not given).

hamming() on a connection of Datasette and on one of sqlite-utils; nearest_photos() through Datasette's own page of a query,
first call and later ones. Prints what it measured; nothing is asserted.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.store.database import open_database

CALLS = 2_000_000


def make(path: Path, photos: int) -> None:
    """A library of photos with random fingerprints."""
    open_database(path).close()
    conn = sqlite3.connect(path)
    dice = random.Random(1)
    ids = [f"AF1Qip{number:038d}" for number in range(photos)]
    conn.executemany("INSERT INTO photos (photo_id, source, filename) VALUES (?, 'bench', ?)", ((one, one[-9:]) for one in ids))
    rows = ((one, dice.randbytes(32).hex(), '{"turned": "' + "0" * 1000 + '"}') for one in ids)
    conn.executemany(
        "INSERT INTO fingerprints (photo_id, phash, variants, flatness, algorithm) VALUES (?, ?, ?, 0.1, 'bench')", rows
    )
    conn.commit()
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()


def time_hamming(conn: sqlite3.Connection) -> str:
    """Calls a second: one fixed hash against many rows, and rows against rows. The loop's own cost is taken off."""
    conn.execute("CREATE TEMP TABLE hashes AS SELECT phash FROM main.fingerprints LIMIT 2000")
    conn.execute("CREATE TEMP TABLE few AS SELECT phash FROM hashes LIMIT 1000")
    told = []
    for name, call in (
        ("hamming", "hamming(hashes.phash, few.phash)"),
        ("empty loop", "length(hashes.phash) + length(few.phash)"),
    ):
        best = min(_timed(conn, f"SELECT sum({call}) FROM few, hashes") for _ in range(3))
        told.append((name, best))
    seconds, empty = told[0][1], told[1][1]
    return f"{CALLS / seconds / 1e6:.2f} million a second ({CALLS / (seconds - empty) / 1e6:.2f} without the loop around it)"


def _timed(conn: sqlite3.Connection, sql: str) -> float:
    start = time.thread_time()  # a loaded machine lends only a part of itself; the processor's time is what the call costs
    conn.execute(sql).fetchone()
    return time.thread_time() - start


async def measure(path: Path) -> None:
    import sqlite_utils
    from datasette.app import Datasette

    with sqlite_utils.Database(path) as db:
        print(f"hamming in sqlite-utils: {time_hamming(db.conn)}")
    datasette = Datasette([str(path)])
    await datasette.invoke_startup()
    print(f"hamming in Datasette:    {await datasette.get_database('photos').execute_fn(time_hamming)}")
    photo = f"AF1Qip{12345:038d}"
    for name in ("cold", "warm", "warm", "warm"):
        start = time.process_time(), time.perf_counter()
        await datasette.get_database("photos").execute(f"SELECT nearest_photos('{photo}')")
        print(f"nearest_photos, {name}: {_since(start)}")
    _forget()
    for name in ("cold", "warm", "warm"):
        start = time.process_time(), time.perf_counter()
        answer = await datasette.client.get(f"/photos/closest_to_one_photo.json?photo={photo}&max_bits=256")
        print(f"the query page as JSON, {name}: {_since(start)}, status {answer.status_code}")


def _since(start: tuple[float, float]) -> str:
    processor, clock = time.process_time() - start[0], time.perf_counter() - start[1]
    return f"{processor * 1000:.0f} ms of processor, {clock * 1000:.0f} ms on the clock"


def _forget() -> None:
    from datasette_gphotos_dedupe.store import nearest

    nearest._kept.clear()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "photos.db", int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
        asyncio.run(measure(Path(folder) / "photos.db"))
