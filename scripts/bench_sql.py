"""Speed of the SQL functions where people use them: `python scripts/bench_sql.py [photos [library.db]]`.

200,000 photos when not given. With a name the library is kept there and used again. hamming() on a connection of Datasette and
on one of sqlite-utils, beside the cost of any Python function in SQLite; nearest_photos() through Datasette's own page of a
query, first call and later ones. Prints what it measured; nothing is asserted.
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
    """Calls a second of hamming(): many rows against a hash that stays the same for 2,000 of them.

    Beside it what SQLite needs to call a Python function that does nothing: no function written in Python can be faster.
    """
    conn.create_function("bare_function", 2, lambda a, b: 0, deterministic=True)
    conn.execute("CREATE TEMP TABLE hashes AS SELECT phash FROM main.fingerprints LIMIT 2000")
    conn.execute("CREATE TEMP TABLE few AS SELECT phash FROM hashes LIMIT 250")
    calls = conn.execute("SELECT count(*) FROM few, hashes").fetchone()[0]
    best: dict[str, float] = {}
    for name in ("hamming", "bare_function") * 3:  # in turns, so that a neighbour on the machine slows both
        seconds = _timed(conn, f"SELECT sum({name}(hashes.phash, few.phash)) FROM few CROSS JOIN hashes")
        best[name] = min(best.get(name, seconds), seconds)
    own, bare = (calls / best[name] / 1e6 for name in ("hamming", "bare_function"))
    return f"{own:.2f} million a second; a Python function that does nothing: {bare:.2f} million"


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
    print(f"hamming in Datasette:    {await datasette.get_database(path.stem).execute_fn(time_hamming)}")
    photo = f"AF1Qip{12345:038d}"
    for name in ("cold", "warm", "warm", "warm"):
        start = time.process_time(), time.perf_counter()
        await datasette.get_database(path.stem).execute(f"SELECT nearest_photos('{photo}')")
        print(f"nearest_photos, {name}: {_since(start)}")
    _forget()
    for name in ("cold", "warm", "warm"):
        start = time.process_time(), time.perf_counter()
        answer = await datasette.client.get(f"/{path.stem}/closest_to_one_photo.json?photo={photo}&max_bits=256")
        print(f"the query page as JSON, {name}: {_since(start)}, status {answer.status_code}")


def _since(start: tuple[float, float]) -> str:
    processor, clock = time.process_time() - start[0], time.perf_counter() - start[1]
    return f"{processor * 1000:.0f} ms of processor, {clock * 1000:.0f} ms on the clock"


def _forget() -> None:
    from datasette_gphotos_dedupe.store.matching import nearest

    nearest._kept.clear()


def main(photos: int = 200_000, kept: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(kept) if kept else Path(folder) / "photos.db"
        if not path.exists():
            make(path, photos)
        asyncio.run(measure(path))


if __name__ == "__main__":
    main(*(int(one) if one.isdigit() else one for one in sys.argv[1:3]))
