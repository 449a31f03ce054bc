"""How fast matching is, side by side with others in one run: `python scripts/bench_match.py --photos 200000`.

Hashes are made: random ones, of which a tenth have copies 0 to 20 bits away, as thumbnails and re-encodes have. Peers (faiss is
required; imagededup, pybktree and czkawka where installed, best in an environment of their own) do the same work on the same data.
BK-tree, numpy and imagededup are measured on a sample of queries against all hashes and scaled up. On a busy machine believe the
seconds of the processors more than those of the clock. `--steps` picks: search, variants, new, flood, whole, growth, fingerprint.
`--no-proofs` leaves out of the step whole that copies are made again from their originals, which depends on how large those are.

How the time grows with the number of photos (the step growth measures it, for `--photos` and what is a half and a quarter of it):

- the plain search compares each hash with those after it, so ten times the photos take a hundred times as long. At this radius, near
  a quarter of the bits, every index that is exact looks at more hashes than there are;
- the variants ask a number of tables that the radii alone set, so ten times the photos take ten times as long, and somewhat more:
  the share of chance meetings grows too (a given hash meets a tenth of a hash in each table at 200,000 photos, half of one
  at a million), and the tables no longer fit into the processor's cache;
- reading, pixels and groups grow with photos and copies. So from 100,000 photos to a million the whole step goes from about ten
  times as long, where variants and pixels count most, to a hundred times, where the plain search does;
- memory: some hundred bytes for each photo, and 100 for each of the eight million variants that are searched at once.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.core.pictures.fingerprint import RADIUS_BITS, VARIANTS
from datasette_gphotos_dedupe.core.search.candidates import Library, VariantHashes, find_candidates
from datasette_gphotos_dedupe.core.search.flat_search import Hits, NumpyIndex, hits_within, pairs_within
from datasette_gphotos_dedupe.core.search.table_search import hits_by_table
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.store.packed_variants import pack_missing
from scripts.fingerprint_speed import bench_fingerprint
from scripts.memory import PeakMemory
from scripts.processor_time import cpu_seconds

STEPS = ("search", "variants", "new", "flood", "whole", "growth", "fingerprint")
LOOKS = 2_000  # different pictures among the previews of originals and copies


def made_hashes(count: int, seed: int = 1) -> np.ndarray:
    """Random hashes; the last tenth are copies of others, 0 to 20 bits away."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    source = copied(count, seed)
    hashes[count - len(source) :] = near(hashes[source], 20, rng)
    return hashes


def copied(count: int, seed: int = 1) -> np.ndarray:
    """Of which photo each of the last tenth is a copy."""
    return np.random.default_rng([seed, count]).permutation(count - count // 10)[: count // 10]


def near(hashes: np.ndarray, most_bits: int, rng: np.random.Generator) -> np.ndarray:
    """Each hash with 0 to `most_bits` bits changed."""
    bits = np.unpackbits(hashes, axis=1)
    for row, count in enumerate(rng.integers(0, most_bits + 1, len(bits))):
        bits[row, rng.choice(256, count, replace=False)] ^= 1
    return np.packbits(bits, axis=1)


class Seconds(float):
    """Seconds by the clock, with those of the processors (children that ended included) as `cpu`."""

    cpu: float = 0.0


def timed(work: Callable[[], object]) -> tuple[Seconds, object]:
    start, cpu = time.perf_counter(), cpu_seconds()
    result = work()
    seconds = Seconds(time.perf_counter() - start)
    seconds.cpu = cpu_seconds() - cpu
    return seconds, result


class Phases(Progress):
    """Notes how long each step took."""

    def __init__(self) -> None:
        super().__init__(silent=True)
        self.seconds: dict[str, float] = {}

    def finish(self) -> None:
        if self._label:
            self.seconds[self._label] = time.monotonic() - self._began
        super().finish()

    def __str__(self) -> str:
        return ", ".join(f"{label.lower()} {seconds:.1f}" for label, seconds in self.seconds.items())


def peak_mb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20) if sys.platform == "darwin" else peak >> 10


def line(what: str, seconds: float, reference_s: float | None = None, note: str = "") -> None:
    ratio = f"{seconds / reference_s:8.2f} x" if reference_s else " " * 10
    cpu = f"{seconds.cpu:9.2f} cpu" if isinstance(seconds, Seconds) else " " * 13
    click.echo(f"  {what:<50}{seconds:9.2f} s {cpu} {ratio}  {note}")


def bench_search(hashes: np.ndarray, sample: int) -> float:
    """Every pair within the base radius; returns our seconds."""
    import faiss

    click.echo(f"All pairs within {RADIUS_BITS} of 256 bits, {len(hashes):,} photos (x = times faiss flat)")
    index = faiss.IndexBinaryFlat(256)
    index.add(hashes)
    faiss_s, (limits, _, _) = timed(lambda: index.range_search(hashes, RADIUS_BITS + 1))
    expected = (int(limits[-1]) - len(hashes)) // 2
    ours_s, hits = timed(lambda: Hits.joined(list(pairs_within(hashes, RADIUS_BITS))))
    assert len(hits.first) == expected, f"{len(hits.first)} pairs instead of {expected}"
    line("faiss IndexBinaryFlat.range_search", faiss_s, faiss_s, f"{expected:,} pairs")
    line("ours, exact", ours_s, faiss_s, f"{len(hits.first):,} pairs, peak memory {peak_mb():,} MB")
    share = len(hashes) / sample
    numpy_index = NumpyIndex()
    numpy_index.add(hashes)
    numpy_s, _ = timed(lambda: numpy_index.search(hashes[:sample], RADIUS_BITS))
    line(f"numpy brute force ({sample} queries, scaled)", numpy_s * share, faiss_s)
    bench_bk_tree(hashes, sample // 10 or 1, faiss_s)
    bench_imagededup(hashes, sample, faiss_s)
    return ours_s


def bench_bk_tree(hashes: np.ndarray, sample: int, reference_s: float) -> None:
    try:
        import pybktree
    except ImportError:
        click.echo("  BK-tree: pybktree is not installed")
        return
    values = [int.from_bytes(row.tobytes(), "big") for row in hashes[:20_000]]
    tree = pybktree.BKTree(lambda a, b: (a ^ b).bit_count(), values)
    seconds, _ = timed(lambda: [tree.find(value, RADIUS_BITS) for value in values[:sample]])
    # at this radius a BK-tree visits nearly every node, so time grows with the square
    scale = len(hashes) / sample * len(hashes) / len(values)
    line(f"BK-tree ({sample} queries in {len(values):,}, scaled)", seconds * scale, reference_s)


def bench_imagededup(hashes: np.ndarray, sample: int, reference_s: float) -> None:
    try:
        from imagededup.handlers.search.retrieval import HashEval
    except ImportError:
        click.echo("  imagededup: not installed")
        return
    names = {str(row): value.tobytes().hex() for row, value in enumerate(hashes)}
    queries = {str(row): names[str(row)] for row in range(sample)}
    seconds, _ = timed(lambda: HashEval(names, queries, hex_distance, threshold=RADIUS_BITS, search_method="brute_force"))
    line(
        f"imagededup, brute force: its faster ways take 64 bits ({sample} queries, scaled)",
        seconds * len(hashes) / sample,
        reference_s,
    )


def hex_distance(a: str, b: str) -> int:
    """Bits that differ; imagededup hands it to processes of its own."""
    return (int(a, 16) ^ int(b, 16)).bit_count()


def bench_variants(hashes: np.ndarray, recall_sample: int) -> float:
    """Every variant of every photo against all; the recall is counted on a sample with planted pairs at every distance."""
    rng = np.random.default_rng(2)
    radii = np.tile(np.array(list(VARIANTS.values())), len(hashes))
    queries = rng.integers(0, 256, (len(radii), 32), dtype=np.uint8)
    planted = rng.permutation(len(queries))[: len(hashes) // 10]
    queries[planted] = near(hashes[rng.integers(0, len(hashes), len(planted))], 20, rng)
    seconds, hits = timed(lambda: hits_by_table(queries, radii, hashes))
    click.echo(f"Variants: {len(queries):,} hashes ({len(VARIANTS)} a photo) against {len(hashes):,}")
    line("ours, tables", seconds, None, f"{len(hits.first):,} hits, peak memory {peak_mb():,} MB")
    rows = rng.integers(0, len(hashes), recall_sample)
    hard = near(hashes[rows], max(VARIANTS.values()), rng)
    limit = np.full(len(hard), max(VARIANTS.values()))
    found = len(hits_by_table(hard, limit, hashes).first)
    true = sum(len(part.first) for part in hits_within(hard, hashes, int(limit[0])))
    click.echo(f"  recall against brute force, {true:,} pairs of 0 to {limit[0]} bits: {found / true:.6f}")
    return seconds


def bench_growth(hashes: np.ndarray) -> None:
    """Both searches on a quarter of the photos, a half and all: what becomes of the time when they double."""
    click.echo("Growth (x = times the size before, by the processors)")
    rng = np.random.default_rng(9)
    before: dict[str, float] = {}
    for size in (len(hashes) // 4, len(hashes) // 2, len(hashes)):
        some = hashes[:size]
        radii = np.tile(np.array(list(VARIANTS.values())), size)
        queries = rng.integers(0, 256, (len(radii), 32), dtype=np.uint8)
        searches = {
            "plain": lambda some=some: list(pairs_within(some, RADIUS_BITS)),
            "variants": lambda some=some, queries=queries, radii=radii: hits_by_table(queries, radii, some),
        }
        for name, search in searches.items():
            seconds, _ = timed(search)
            times = f"{seconds.cpu / before[name]:.1f} x" if name in before else ""
            line(f"{name}, {size:,} photos", seconds, None, times)
            before[name] = seconds.cpu


def bench_new(hashes: np.ndarray, count: int) -> None:
    """New photos against a library that is matched already."""
    rng = np.random.default_rng(3)
    kinds = len(VARIANTS)
    variants = rng.integers(0, 256, (len(hashes) * kinds, 32), dtype=np.uint8)
    owners, numbers = np.repeat(np.arange(len(hashes)), kinds), np.tile(np.arange(kinds, dtype=np.int16), len(hashes))
    nothing: list[str | None] = [None] * len(hashes)
    library = Library(
        [f"{row:09d}" for row in range(len(hashes))],
        hashes,
        np.zeros(len(hashes)),
        nothing,
        nothing,
        tuple(VARIANTS),
        tuple(VARIANTS.values()),
        [VariantHashes(owners, numbers, variants)],
    )
    roles: list[str | None] = ["all"] * (len(hashes) - count) + [None] * count
    base_s, _ = timed(lambda: list(hits_within(hashes[-count:], hashes, RADIUS_BITS)))
    all_s, found = timed(lambda: find_candidates(library, roles, RADIUS_BITS))
    click.echo(f"{count:,} new photos against {len(hashes):,}")
    line("search on plain hashes", base_s)
    line("all candidates, variants both ways", all_s, None, f"{len(found.first):,} candidates")


def bench_flood(count: int) -> None:
    """Photos with one fingerprint, flat ones and textured ones, and flat ones that differ by some noise."""
    from datasette_gphotos_dedupe.pipeline.matching import match_library
    from datasette_gphotos_dedupe.store.database import open_database

    click.echo(f"A flood of {count:,} photos with one preview")
    rng = np.random.default_rng(6)
    equal = np.repeat(made_hashes(10)[:1], count, axis=0)
    for name, hashes, strength in (
        ("black frames, one fingerprint", equal, 0),
        ("one textured picture, one fingerprint", equal, 90),
        ("black frames, fingerprints up to 24 bits apart", near(equal, 12, rng), 0),
    ):
        with tempfile.TemporaryDirectory() as folder:
            db = open_database(Path(folder) / "flood.db")
            picture = preview(0, strength)
            fill(db, hashes, lambda row, picture=picture: picture, flat=strength == 0)
            seconds, report = timed(lambda db=db: match_library(db))
            rows = db.execute("SELECT count(*) FROM pairs").fetchone()[0]
            line(name, seconds, None, f"{report.pairs_compared:,} compared, {rows:,} rows in pairs")
            db.conn.close()


def without_proofs() -> AbstractContextManager[object]:
    """While it is entered no copy is made again from its original: those pairs go on waiting."""
    from datasette_gphotos_dedupe.pipeline import matching, proving_on_originals

    return patch.object(matching, "prove_waiting", lambda *args: proving_on_originals.ProveReport())


def bench_whole(count: int, new: int, search_s: float) -> None:
    """The whole match step on a database: a tenth of the photos are small copies of others. Then new ones, again a tenth copies."""
    from datasette_gphotos_dedupe.pipeline.matching import match_library
    from datasette_gphotos_dedupe.store.database import open_database

    hashes = made_hashes(count)
    source = copied(count)
    looks = np.full(count, -1)
    looks[source] = source % LOOKS
    looks[count - len(source) :] = source % LOOKS + LOOKS
    moments = np.arange(count)
    moments[count - len(source) :] = source
    previews = [preview(number, 90) for number in range(LOOKS)] + [preview(number, 90, quality=60) for number in range(LOOKS)]
    plain = preview(0, 90, size=(32, 24))  # of a photo without copies: nobody looks at it
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Path(folder) / "whole.db")
        fill(db, hashes, lambda row: previews[looks[row]] if looks[row] >= 0 else plain, moments=moments)
        click.echo(f"The whole match step, {count:,} photos with {len(source):,} copies (x = times the bare search)")
        click.echo(f"  peak memory before: {peak_mb():,} MB")
        phases = Phases()
        with PeakMemory() as peak:
            seconds, report = timed(lambda: match_library(db, phases))
        memory = f"peak memory {peak_mb():,} MB, with all its processes {peak.mb:,} MB"
        note = f"{report.pairs_compared:,} compared, {report.groups:,} groups, {memory}; {phases}"
        line("everything", seconds, search_s or None, note)
        seconds, again = timed(lambda: match_library(db))
        line("again, nothing new", seconds, None, f"{again.pairs_compared} compared; peak memory {peak_mb():,} MB")
        rng = np.random.default_rng(7)
        more = rng.integers(0, 256, (new, 32), dtype=np.uint8)
        of = source[: new // 10]
        more[: len(of)] = near(hashes[of], 20, rng)
        fill(
            db,
            more,
            lambda row: previews[of[row] % LOOKS + LOOKS] if row < len(of) else plain,
            moments=np.concatenate([of, np.arange(new - len(of)) + count]),
            small=len(of),
            prefix="n",
        )
        phases = Phases()
        seconds, report = timed(lambda: match_library(db, phases))
        line(f"{new:,} new photos", seconds, None, f"{report.pairs_compared:,} compared; {phases}")
        db.conn.close()


def preview(number: int, strength: int, quality: int = 80, size: tuple[int, int] = (320, 240)) -> bytes:
    """A made JPEG with structure of this strength (0: black)."""
    from PIL import Image

    rng = np.random.default_rng(number)
    noise = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    noise.point(lambda value: value * strength // 100).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def fill(
    db,
    hashes: np.ndarray,
    picture: Callable[[int], bytes],
    flat: bool = False,
    moments: np.ndarray | None = None,
    small: int = 0,
    prefix: str = "",
) -> None:
    """A library with these plain hashes and random variants. The first `small`, and the last tenth of all others, are small."""
    rng = np.random.default_rng(5)
    names = [f"{prefix}{row:09d}" for row in range(len(hashes))]
    copies = len(hashes) - len(hashes) // 10 if moments is not None and not prefix else len(hashes)

    def size(row: int) -> tuple[int, int]:
        return (320, 240) if row >= copies or row < small else (4032, 3024)

    with db.atomic():
        db.conn.executemany(
            "INSERT INTO photos (photo_id, source, filename, mime_type, width, height, bytes, taken_at, taken_at_source)"
            " VALUES (?, 'bench', ?, 'image/jpeg', ?, ?, 9, ?, 'sidecar')",
            ((name, f"{name}.jpg", *size(row), moment(row, moments)) for row, name in enumerate(names)),
        )
        db.conn.executemany(
            "INSERT INTO fingerprints (photo_id, phash, variants, flatness, algorithm) VALUES (?, ?, ?, ?, 'bench')",
            (
                (name, hashes[row].tobytes().hex(), json.dumps({kind: rng.bytes(32).hex() for kind in VARIANTS}), float(flat))
                for row, name in enumerate(names)
            ),
        )
        pack_missing(db.conn)  # as an import does
        db.conn.executemany(
            "INSERT INTO thumbnails (photo_id, content, width, height) VALUES (?, ?, 320, 240)",
            ((name, picture(row)) for row, name in enumerate(names)),
        )


def moment(row: int, moments: np.ndarray | None) -> str | None:
    if moments is None:
        return None
    number = int(moments[row])
    return f"20{number % 24:02d}-{number // 24 % 12 + 1:02d}-{number // 288 % 28 + 1:02d}T{number // 8064 % 24:02d}:00:00Z"


@click.command()
@click.option("--photos", default=20_000, show_default=True)
@click.option("--new", "new_photos", default=1_000, show_default=True)
@click.option("--flood", default=20_000, show_default=True)
@click.option("--sample", default=500, show_default=True, help="Queries for the slow peers.")
@click.option(
    "--pictures", type=click.Path(exists=True, file_okay=False), help="JPEGs of 12 megapixels for the step fingerprint."
)
@click.option("--steps", default=",".join(STEPS), show_default=True)
@click.option("--proofs/--no-proofs", default=True, show_default=True, help="Make copies again from originals in the step whole.")
def main(photos: int, new_photos: int, flood: int, sample: int, pictures: str | None, steps: str, proofs: bool) -> None:
    """Measure matching and its peers."""
    chosen = steps.split(",")
    search_s = 0.0
    hashes = made_hashes(photos)
    if "search" in chosen:
        search_s = bench_search(hashes, min(sample, photos))
    if "variants" in chosen:
        bench_variants(hashes, min(photos, 20_000))
    if "new" in chosen:
        bench_new(hashes, min(new_photos, photos // 2))
    if "flood" in chosen:
        bench_flood(flood)
    if "whole" in chosen:
        with nullcontext() if proofs else without_proofs():
            bench_whole(photos, new_photos, search_s)
    if "growth" in chosen:
        bench_growth(hashes)
    if "fingerprint" in chosen:
        bench_fingerprint(pictures)


if __name__ == "__main__":
    main()
