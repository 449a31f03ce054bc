"""Making copies again from the originals, where they lie: the step that turns pairs which look alike into proved copies.

May be killed at any moment: a pair waits until its verdict is saved, and what was measured on two contents is kept for good. Files in
zip archives and folders are read in place. A tgz can only be read from its start, so what is needed of all of them is laid on disk
in one pass over each, as much at a time as the disk allows.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.verdict.compared_photo import Subject
from ..core.verdict.file_proof import Original, Proof, boxes_of, prove, prove_on_previews
from ..core.verdict.films import prove_films
from ..core.verdict.judge_pair import prove_pair
from ..core.verdict.pair_facts import Case
from ..core.verdict.relation import Verdict
from ..errors import GoogleError, MissingExtra, PictureError, SourceError
from ..model import Link, Pair
from ..sources.archives.containers import is_stream
from ..sources.archives.originals import open_original, read_original
from ..sources.archives.tgz_stream import read_tgz
from ..store.library.files import FilePlace, read_places
from ..store.matching import matches, saved_proofs
from ..store.matching.saved_proofs import WaitingPair
from .comparing_previews import pair_of
from .progress import Progress
from .workers import WorkerPool

if TYPE_CHECKING:
    from sqlite_utils import Database

MAX_BYTES = 500_000_000  # of one picture file
PIECE_BYTES = 1 << 20
FEW_PAIRS = 8  # proved in this process: starting others takes as long
PAIRS_AT_ONCE = 200  # their previews are in memory, and they are saved in one transaction
SAVED_EVERY_S = 5.0
SPOOLED_BYTES = 40_000_000_000  # of files out of tgz archives on disk at a time, at most half of what is free
FETCHED_BYTES = 10_000_000  # reckoned for a photo of Google whose size is not known
PAIR_TIMEOUT_S = 120.0

Fetch = Callable[[str], bytes]
"""The original of a photo that is not on this machine, by photo id. Raises PictureError, and GoogleError when no more can be had."""


@dataclass(frozen=True)
class ProofTask:
    """A pair to prove, and where both files may be."""

    a: Subject
    b: Subject
    distance_bits: int
    variant: str
    places_a: tuple[FilePlace, ...]
    places_b: tuple[FilePlace, ...]
    known: Proof | None = None


def prove_task(task: ProofTask) -> tuple[Verdict | None, Proof | None]:
    """The verdict on one pair from its originals, and what was measured; runs in another process."""

    def proof_of(case: Case) -> Proof:
        return task.known or _prove_case(case, task)

    return prove_pair(task.a, task.b, task.distance_bits, task.variant, proof_of)


def _prove_case(case: Case, task: ProofTask) -> Proof:
    places = {task.a.photo_id: task.places_a, task.b.photo_id: task.places_b}
    if case.a.kind == "video":
        return _prove_films(case, places)
    try:
        data_a, data_b = (_read_first(places[one.photo_id], one) for one in (case.a, case.b))
    except SourceError as error:
        return prove_on_previews(case.a, case.b, case.overlay, str(error).rstrip("."))
    boxes = boxes_of(case.overlay)
    return prove(Original(case.a, data_a, boxes[0]), Original(case.b, data_b, boxes[1]))


def _prove_films(case: Case, places: Mapping[str, Sequence[FilePlace]]) -> Proof:
    """Films are laid on disk: FFmpeg goes back and forth in them, which a packed archive does not like."""
    try:
        with tempfile.TemporaryDirectory(prefix="gphotos-") as folder:
            paths = [_lay_out(places[one.photo_id], one, Path(folder)) for one in (case.a, case.b)]
            return prove_films(case.a, case.b, *paths)
    except SourceError as error:
        return Proof(trouble=str(error).rstrip("."), previews=True)
    except (PictureError, MissingExtra, OSError) as error:
        return Proof(trouble=f"one of the films could not be read: {error}".rstrip("."))


def _lay_out(places: Sequence[FilePlace], subject: Subject, folder: Path) -> str:
    """The path of a copy of the film as it was imported. Raises SourceError."""
    trouble = SourceError(f"the original of {subject.filename or subject.photo_id} is not on this machine")
    for number, place in enumerate(places):
        path = folder / f"{hashlib.sha1(subject.photo_id.encode()).hexdigest()}-{number}"
        digest = hashlib.sha1()
        try:
            with open_original(place.container, place.member) as stream, open(path, "wb") as file:
                while piece := stream.read(PIECE_BYTES):
                    digest.update(piece)
                    file.write(piece)
            if digest.hexdigest() == place.sha1:
                return str(path)
            trouble = SourceError(f"{place.member} in {place.container} has changed since it was imported")
        except SourceError as error:
            trouble = error
    raise trouble


def _read_first(places: Sequence[FilePlace], subject: Subject) -> bytes:
    """The bytes from the first place that still holds them. Raises SourceError."""
    trouble = SourceError(f"the original of {subject.filename or subject.photo_id} is not on this machine")
    for place in places:
        try:
            return read_original(place.container, place.member, MAX_BYTES, place.sha1)
        except SourceError as error:
            trouble = error
    raise trouble


@dataclass(frozen=True)
class ProveReport:
    """How many pairs were made again, and how many of these measured anew."""

    pairs: int = 0
    measured: int = 0


def prove_waiting(db: Database, progress: Progress, workers: int | None = None, fetch: Fetch | None = None) -> ProveReport:
    """Prove all pairs that wait. Running it again does what is left.

    `fetch` gets the originals that are not on this machine. When Google hands out no more today, their pairs go on waiting.
    """
    waiting = saved_proofs.read_waiting_pairs(db.conn)
    if not waiting:
        return ProveReport()
    progress.start("Making copies again", len(waiting))
    measured = 0
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(WorkerPool(workers)) if len(waiting) > FEW_PAIRS else None
        for some, places in _within_reach(db, waiting, fetch):
            for start in range(0, len(some), PAIRS_AT_ONCE):
                measured += _prove_some(db, some[start : start + PAIRS_AT_ONCE], places, pool, progress)
    return ProveReport(len(waiting), measured)


def _prove_some(
    db: Database,
    waiting: Sequence[WaitingPair],
    places: Mapping[str, Sequence[FilePlace]],
    pool: WorkerPool | None,
    progress: Progress,
) -> int:
    known = saved_proofs.read_proofs(db.conn, waiting)
    subjects = matches.read_subjects(db.conn, {photo for pair in waiting for photo in (pair.photo_a, pair.photo_b)})
    tasks = [_task(pair, subjects, places, known) for pair in waiting]
    done: list[tuple[WaitingPair, Verdict | None, Proof | None]] = []
    saved_at = time.monotonic()
    for pair, (verdict, proof) in zip(waiting, _results(tasks, pool), strict=True):
        done.append((pair, verdict, proof))
        progress.advance(1)
        if time.monotonic() - saved_at > SAVED_EVERY_S:
            _save(db, done)
            done, saved_at = [], time.monotonic()
    _save(db, done)
    return len(waiting) - len(known)


def _task(
    pair: WaitingPair,
    subjects: Mapping[str, Subject],
    places: Mapping[str, Sequence[FilePlace]],
    known: Mapping[tuple[str, str], Proof],
) -> ProofTask:
    return ProofTask(
        subjects[pair.photo_a],
        subjects[pair.photo_b],
        pair.distance_bits,
        pair.variant,
        tuple(places.get(pair.photo_a, ())),
        tuple(places.get(pair.photo_b, ())),
        known.get((pair.photo_a, pair.photo_b)),
    )


def _results(tasks: Sequence[ProofTask], pool: WorkerPool | None) -> Iterator[tuple[Verdict | None, Proof | None]]:
    """In the order of the tasks. A picture that takes down its process, or too long, costs its own pair."""
    if pool is None:
        yield from map(prove_task, tasks)
        return
    futures = [pool.submit(prove_task, (task,), PAIR_TIMEOUT_S) for task in tasks]
    for task, future in zip(tasks, futures, strict=True):
        yield _result(task, future)


def _result(task: ProofTask, future) -> tuple[Verdict | None, Proof | None]:
    from pebble import ProcessExpired

    try:
        return future.result()
    except (FutureTimeout, TimeoutError):
        trouble = f"comparing the originals took longer than {PAIR_TIMEOUT_S:.0f} seconds"
    except (ProcessExpired, BrokenProcessPool):
        trouble = "the program that decodes one of them crashed"
    return prove_task(replace(task, known=Proof(trouble=trouble)))


def _save(db: Database, done: Sequence[tuple[WaitingPair, Verdict | None, Proof | None]]) -> None:
    with db.atomic():
        saved_proofs.save_proofs(db.conn, [(pair, proof) for pair, _, proof in done if proof])
        for found_by in ("fingerprint", "group"):
            some = [(pair, verdict) for pair, verdict, _ in done if pair.found_by == found_by]
            matches.save_pairs(db.conn, [pair_of(pair, verdict) for pair, verdict in some if verdict], found_by)
            matches.delete_pairs(db.conn, "pairs", [(pair.photo_a, pair.photo_b) for pair, verdict in some if not verdict])


def prove_pairs(
    db: Database, pairs: Sequence[Pair], subjects: Mapping[str, Subject], save: bool, fetch: Fetch | None = None
) -> list[Pair]:
    """The same pairs, those that wait with their proof; it is kept when `save` is true. Few enough to need no other process.

    Those whose originals Google hands out no more today go on waiting.
    """
    waiting = [_waiting(pair, subjects) for pair in pairs if pair.measures.get("wants_proof")]
    if not waiting:
        return list(pairs)
    done: dict[tuple[str, str], Verdict | None] = {}
    known = saved_proofs.read_proofs(db.conn, waiting)
    for some, places in _within_reach(db, waiting, fetch):
        results = [(pair, *prove_task(_task(pair, subjects, places, known))) for pair in some]
        done.update({(pair.photo_a, pair.photo_b): verdict for pair, verdict, _ in results})
        if save:
            with db.atomic():
                saved_proofs.save_proofs(db.conn, [(pair, proof) for pair, _, proof in results if proof])
    kept: list[Pair] = []
    for pair in pairs:
        key = (pair.photo_a, pair.photo_b)
        if key not in done:
            kept.append(pair)
        elif verdict := done[key]:
            kept.append(pair_of(pair, verdict))
    return kept


def _waiting(pair: Pair, subjects: Mapping[str, Subject]) -> WaitingPair:
    contents = (subjects[pair.photo_a].sha1, subjects[pair.photo_b].sha1)
    return WaitingPair(pair.photo_a, pair.photo_b, pair.distance_bits, str(pair.measures["variant"]), "group", *contents)


def link_of(pair: Pair | Verdict) -> Link:
    """What a pair, or the verdict on it, means for a group."""
    holder, left = pair.measures.get("remade_from"), pair.measures.get("remade")
    return Link(pair.relation, str(holder) if holder else None, float(left or 1.0))


# Where the files lie.


def _within_reach(
    db: Database, waiting: Sequence[WaitingPair], fetch: Fetch | None = None
) -> Iterator[tuple[list[WaitingPair], dict[str, list[FilePlace]]]]:
    """The pairs in lots, with the places of their photos; what lies in a tgz or at Google lies on disk while its lot is worked on."""
    places = read_places(db.conn, sorted({photo for pair in waiting for photo in (pair.photo_a, pair.photo_b)}))
    in_stream = {photo for photo, some in places.items() if some and all(is_stream(place.container) for place in some)}
    at_google = {photo for photo, some in places.items() if not some} if fetch else set()
    far = in_stream | at_google
    direct = [pair for pair in waiting if not far & {pair.photo_a, pair.photo_b}]
    if direct:
        yield sorted(direct, key=lambda pair: _place_key(places, pair)), places
    others = [pair for pair in waiting if far & {pair.photo_a, pair.photo_b}]
    if not others:
        return
    limit = min(SPOOLED_BYTES, shutil.disk_usage(tempfile.gettempdir()).free // 2)
    for lot in _lots(others, places, far, limit):
        with tempfile.TemporaryDirectory(prefix="gphotos-") as folder:
            wanted = {photo for pair in lot for photo in (pair.photo_a, pair.photo_b)}
            laid = _spooled(Path(folder), {photo: places[photo][0] for photo in wanted & in_stream})
            if fetch:
                try:
                    laid |= _fetched(Path(folder), sorted(wanted & at_google), fetch)
                except GoogleError:
                    return  # they wait for the next run
            yield lot, places | laid


def _fetched(folder: Path, photos: Sequence[str], fetch: Fetch) -> dict[str, list[FilePlace]]:
    """The originals of these photos, laid into the folder. What Google does not hand out is left out. Raises GoogleError."""
    found: dict[str, list[FilePlace]] = {}
    for photo in photos:
        with contextlib.suppress(PictureError):
            data = fetch(photo)
            digest = hashlib.sha1(data).hexdigest()
            (folder / digest).write_bytes(data)
            found[photo] = [FilePlace(photo, str(folder), digest, len(data), digest)]
    return found


def _place_key(places: Mapping[str, Sequence[FilePlace]], pair: WaitingPair) -> tuple[str, str]:
    """Pairs whose files lie in one archive follow each other."""
    some = [place for photo in (pair.photo_a, pair.photo_b) for place in places.get(photo, ())]
    largest = max(some, key=lambda place: place.bytes or 0, default=None)
    return (largest.container, largest.member) if largest else ("", "")


def _lots(
    waiting: Sequence[WaitingPair], places: Mapping[str, Sequence[FilePlace]], far: set[str], limit: int
) -> Iterator[list[WaitingPair]]:
    """The pairs in parts whose files out of tgz archives and from Google take no more than so many bytes."""
    lot: list[WaitingPair] = []
    held: set[str] = set()
    size = 0
    for pair in sorted(waiting, key=lambda pair: _place_key(places, pair)):
        more = {photo for photo in (pair.photo_a, pair.photo_b) if photo in far} - held
        added = sum(_size(places[photo]) for photo in more)
        if lot and size + added > limit:
            yield lot
            lot, held, size = [], set(), 0
            more = {photo for photo in (pair.photo_a, pair.photo_b) if photo in far}
            added = sum(_size(places[photo]) for photo in more)
        lot.append(pair)
        held |= more
        size += added
    if lot:
        yield lot


def _size(places: Sequence[FilePlace]) -> int:
    return places[0].bytes or 0 if places else FETCHED_BYTES


def _spooled(folder: Path, wanted: Mapping[str, FilePlace]) -> dict[str, list[FilePlace]]:
    """The files of these photos, laid into the folder in one pass over each archive. What cannot be read is left out."""
    by_container: dict[str, dict[str, list[FilePlace]]] = defaultdict(lambda: defaultdict(list))
    for place in wanted.values():
        by_container[place.container][place.member].append(place)
    found: dict[str, list[FilePlace]] = {photo: [] for photo in wanted}
    for container, members in by_container.items():
        with contextlib.suppress(SourceError, OSError, EOFError):
            for place in _laid_out(folder, container, members):
                found[place.photo_id].append(place)
    return found


def _laid_out(folder: Path, container: str, members: Mapping[str, Sequence[FilePlace]]) -> Iterator[FilePlace]:
    left = set(members)
    with contextlib.closing(read_tgz(Path(container), 0)) as entries:
        for entry, stream, _ in entries:
            if entry.path in left and stream is not None:
                name = hashlib.sha1(f"{container}/{entry.path}".encode("utf8", "surrogatepass")).hexdigest()
                with open(folder / name, "wb") as file:
                    shutil.copyfileobj(stream, file)
                left.discard(entry.path)
                for place in members[entry.path]:
                    yield replace(place, container=str(folder), member=name)
            if not left:
                return
