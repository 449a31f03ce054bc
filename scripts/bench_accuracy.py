"""How often matching is right: copies found, edits never called copies, different pictures never joined. Prints one table.

    python scripts/bench_accuracy.py PHOTOS... [--part unseen] [--peer-python PYTHON ...]

PHOTOS are folders of real pictures. Each becomes a *source picture* with safe copies, edits and look-alikes made of it; pages,
receipts, chats, slides, night shots and skies are drawn. Source pictures are split in two by a hash of their name: limits in
`core/verdict/measures.py` were set looking at the part `tuned` only, `unseen` is for measuring.

Every pair is judged in four regimes (see labelled_metadata.py): `named`, with the names and times of a library that a sync program
filled; `clock`, with cameras' clocks but no name in common; `bare`, where nothing is known beside the pixels; `lying`, where names and
clocks say of other exposures that they are one. Peers know no relation: whatever they join counts as "removable".
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import labelled_set  # noqa: E402
from labelled_metadata import REGIMES, metadata_of  # noqa: E402

from datasette_gphotos_dedupe.core.groups.building import build_groups, edge  # noqa: E402
from datasette_gphotos_dedupe.core.groups.keeper import GroupPhoto, Policy  # noqa: E402
from datasette_gphotos_dedupe.core.pictures.decode import decode_picture  # noqa: E402
from datasette_gphotos_dedupe.core.pictures.fingerprint import (  # noqa: E402
    ALGORITHM,
    RADIUS_BITS,
    VARIANTS,
    compute_fingerprint,
    make_thumbnail,
)
from datasette_gphotos_dedupe.core.pictures.hash_variants import BY_NAME  # noqa: E402
from datasette_gphotos_dedupe.core.search.namesakes import Alias, alias_of, find_namesakes  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.compared_photo import Subject  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.file_proof import Original, boxes_of, prove  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.judge_pair import measure_case  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.names_and_clocks import hear_witness  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.pair_facts import wants_proof  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.relation import judge  # noqa: E402
from datasette_gphotos_dedupe.model import REMOVABLE_RELATIONS, Link  # noqa: E402
from datasette_gphotos_dedupe.pipeline.proving_on_originals import link_of  # noqa: E402
from datasette_gphotos_dedupe.sql_functions import hamming  # noqa: E402

TITLES = (
    ("safe", "safe copies offered"),
    ("safe", "safe copies called removable"),
    ("developed", "developed anew, called removable"),
    ("edit", "edits found"),
    ("edit", "edits called removable"),
    ("edit", "edits offered"),
)
SERIES = ("tripod", "hand_held", "moved")
MIME = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "heic": "image/heic"}


@dataclass(frozen=True)
class Sample:
    """An item without its bytes, which hold the truth about it, and its photo as the matcher sees it, without any metadata."""

    item: labelled_set.Item
    subject: Subject

    @property
    def name(self) -> str:
        return self.item.name

    @property
    def original(self) -> str:
        """The name of the item that this one was made of."""
        return f"{self.item.source}-original"

    def known(self, regime: str) -> Subject:
        """The photo with the metadata that it has in a regime."""
        return replace(self.subject, **vars(metadata_of(self.item, regime)))


@dataclass(frozen=True)
class Found:
    """A candidate pair, and by regime what it is to a group and why (None: different pictures)."""

    a: Sample
    b: Sample
    links: dict[str, Link | None]
    evidence: dict[str, str]
    remaking: dict | None

    @property
    def relations(self) -> dict[str, str | None]:
        return {regime: link and link.relation for regime, link in self.links.items()}


def make_samples(task: tuple, longer_side: int, frames: int, folder: str) -> list[Sample]:
    """The samples of one source picture or one drawn picture. Those that an earlier run left in the folder are taken as they are."""
    name = f"{task[1]}{task[2] if task[0] == 'drawn' else ''}"
    made, seen = Path(folder, f"{name}.items"), Path(folder, f"{name}.{ALGORITHM.replace('/', '-')}")
    if not seen.exists():
        if not made.exists():
            made.write_bytes(pickle.dumps([_write(item, folder) for item in _items(task, longer_side, frames)]))
        items = pickle.loads(made.read_bytes())
        seen.write_bytes(pickle.dumps([make_sample(item, Path(folder, item.file_name).read_bytes()) for item in items]))
    return pickle.loads(seen.read_bytes())


def _write(item: labelled_set.Item, folder: str) -> labelled_set.Item:
    """The item without its bytes, which are in the folder from now on: the peers read them there."""
    Path(folder, item.file_name).write_bytes(item.data)
    return replace(item, data=b"")


def _items(task: tuple, longer_side: int, frames: int) -> Iterator[labelled_set.Item]:
    kind, name, *rest = task
    if kind == "drawn":
        yield from labelled_set.drawn_items(name, *rest)
        return
    path = Path(rest[0])
    image, shot = labelled_set.read_source(path, longer_side), labelled_set.read_shot(path, name)
    yield from labelled_set.photo_items(name, image, shot)
    yield from labelled_set.next_shot_items(name, image, shot, frames)


def make_sample(item: labelled_set.Item, data: bytes) -> Sample:
    """The item as the matcher sees it."""
    decoded = decode_picture(data)
    print_ = compute_fingerprint(decoded.image)
    subject = Subject(
        photo_id=item.name,
        thumbnail=make_thumbnail(decoded.image).content,
        width=decoded.width,
        height=decoded.height,
        bytes=len(data),
        mime_type=MIME[item.extension],
        flatness=print_.flatness,
        phash=print_.phash,
        variants=print_.variants,
    )
    return Sample(item, subject)


def find_candidates(samples: list[Sample]) -> dict[tuple[int, int], tuple[int, str]]:
    """Every pair within a radius, and those that share a name: indexes to distance and variant. All against all."""
    found: dict[tuple[int, int], tuple[int, str]] = {}
    plain = _words([sample.subject.phash for sample in samples])
    for name, radius in {"base": RADIUS_BITS, **VARIANTS}.items():
        have = [i for i, s in enumerate(samples) if name == "base" or name in s.subject.variants]
        hashes = plain[have] if name == "base" else _words([samples[i].subject.variants[name] for i in have])
        for row, index in enumerate(have):
            distances = np.bitwise_count(hashes[row] ^ plain).sum(axis=1)
            for other in np.flatnonzero(distances <= radius):
                key = (min(index, int(other)), max(index, int(other)))
                if key[0] != key[1] and (key not in found or (found[key][1] != "base" and distances[other] < found[key][0])):
                    found[key] = (int(distances[other]), name)
    # the file names, which a library has in the regime `named` only
    for key in map(tuple, find_namesakes([_alias(sample) for sample in samples]).pairs.tolist()):
        if key not in found:
            found[key] = (int(np.bitwise_count(plain[key[0]] ^ plain[key[1]]).sum()), BY_NAME)
    return found


def _alias(sample: Sample) -> Alias | None:
    known = sample.known("named")
    return alias_of(known.flatness, known.filename, known.width, known.height, known.camera_taken_at, known.camera_model)


def _words(hashes: list[str]) -> np.ndarray:
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint64).reshape(-1, 4)


def judge_pairs(samples: list[Sample], candidates: dict, workers: int, folder: str) -> list[Found]:
    """The relations of each candidate that says something: originals with what was made of them, and pairs across sources."""
    tasks = [
        (i, j, distance, variant)
        for (i, j), (distance, variant) in sorted(candidates.items())
        if samples[i].original != samples[j].original or samples[i].original in (samples[i].name, samples[j].name)
    ]
    with ProcessPoolExecutor(workers, initializer=_set_samples, initargs=(samples, folder)) as pool:
        verdicts = pool.map(_judge, tasks, chunksize=50)
        return [Found(samples[i], samples[j], *verdict) for (i, j, *_), verdict in zip(tasks, verdicts, strict=True)]


_samples: list[Sample] = []
_folder: list[Path] = []


def _set_samples(samples: list[Sample], folder: str) -> None:
    _samples[:], _folder[:] = samples, [Path(folder)]


def _judge(task: tuple[int, int, int, str]) -> tuple[dict[str, Link | None], dict[str, str], dict | None]:
    """The pixels are measured once, then judged with what each regime knows. Returns links, evidence and what re-making measured."""
    a, b = _samples[task[0]], _samples[task[1]]
    case = measure_case(a.subject, b.subject, *task[2:])
    if case is None:
        return dict.fromkeys(REGIMES), {}, None
    by_id = {a.name: a, b.name: b}
    known = {}
    for regime in REGIMES if task[3] != BY_NAME else ("named", "lying"):
        first, second = (by_id[subject.photo_id].known(regime) for subject in (case.a, case.b))
        known[regime] = replace(case, a=first, b=second, witness=hear_witness(first, second))
    proof = None
    if any(wants_proof(one) for one in known.values()):
        boxes = boxes_of(case.overlay)
        proof = prove(
            *(Original(one, _bytes_of(by_id[one.photo_id]), box) for one, box in zip((case.a, case.b), boxes, strict=True))
        )
    verdicts = {regime: judge(replace(one, proof=proof) if wants_proof(one) else one) for regime, one in known.items()}
    links = dict.fromkeys(REGIMES) | {regime: verdict and link_of(verdict) for regime, verdict in verdicts.items()}
    evidence = {regime: verdict.evidence for regime, verdict in verdicts.items() if verdict}
    return links, evidence, asdict(proof.remaking) if proof and proof.remaking else None


def _bytes_of(sample: Sample) -> bytes:
    return (_folder[0] / sample.item.file_name).read_bytes()


def peer_pairs(python: str, folder: str) -> dict[str, tuple[set[tuple[str, str]], float]]:
    """What each installed peer joins: name to pairs of item names and seconds."""
    run = subprocess.run([python, str(ROOT / "scripts" / "peers.py"), folder], capture_output=True, text=True)
    if run.returncode:
        print(f"the peers could not run: {run.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    found = json.loads(run.stdout.splitlines()[-1])
    return {name: ({tuple(sorted(pair)) for pair in pairs}, seconds) for name, (pairs, seconds) in found.items()}


@dataclass
class Score:
    """How one matcher did: pairs it would let go, pairs it relates at all, and what it offers to remove (copy to the one that stays)."""

    name: str
    removable: set[tuple[str, str]]
    related: set[tuple[str, str]]
    offered: dict[str, str] = field(default_factory=dict)


def ours(samples: list[Sample], found: list[Found], regime: str) -> Score:
    links = {edge(f.a.name, f.b.name): link for f in found if (link := f.links[regime])}
    removable = {pair for pair, link in links.items() if link.relation in REMOVABLE_RELATIONS}
    return Score(f"ours, {regime}", removable, set(links), offers(samples, links, regime))


def offers(samples: list[Sample], links: dict[tuple[str, str], Link], regime: str) -> dict[str, str]:
    """What a library of all these pictures offers to remove: each copy to the photo that stays."""
    place = {sample.name: number for number, sample in enumerate(samples)}

    def verify(pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Link | None]:
        return {pair: _judged(place[pair[0]], place[pair[1]])[0][regime] for pair in pairs}

    groups = build_groups({sample.name: _keeper_item(sample, regime) for sample in samples}, links, Policy(), verify)
    return {m.photo_id: group.keeper_id for group in groups for m in group.members if m.suggested == "remove"}


@cache
def _judged(i: int, j: int) -> tuple:
    a, b = _samples[i].subject, _samples[j].subject
    return _judge((i, j, hamming(a.phash, b.phash) or 0, "base"))


def _keeper_item(sample: Sample, regime: str) -> GroupPhoto:
    known = sample.known(regime)
    names = ("photo_id", "filename", "mime_type", "width", "height", "bytes", "taken_at", "camera_taken_at", "camera_model")
    return GroupPhoto(**{name: getattr(known, name) for name in names})


def print_table(samples: list[Sample], scores: list[Score]) -> None:
    sample_of = {s.name: s for s in samples}
    columns = [f"{score.name:>18}" for score in scores]
    print(f"{'measure':34} {'n':>6} " + " ".join(columns))
    wrong = [_wrong(score, sample_of) for score in scores]
    _row("wrong offers to remove", len(samples), [_count_wrong_offers(score, sample_of) for score in scores])
    _row("originals offered, a copy stays", len(samples), [_count_originals(score, sample_of) for score in scores])
    _row("wrong pairs called removable", len(samples), [str(len(pairs)) for pairs in wrong])
    for name, families in (("  of these in a series or moved", SERIES), ("  of these elsewhere", None)):
        _row(name, len(samples), [str(sum(_in_family(p, sample_of, families) for p in pairs)) for pairs in wrong])
    for group, title in TITLES:
        _print_group(samples, scores, group, title, sample_of)


def _print_group(samples: list[Sample], scores: list[Score], group: str, title: str, sample_of: dict[str, Sample]) -> None:
    kinds = defaultdict(list)
    for sample in samples:
        if sample.item.group == group:
            kinds[sample.item.kind].append((sample.original, sample.name))
    easy = [pair for kind, pairs in kinds.items() if kind not in labelled_set.HARD_TO_FIND for pair in pairs]
    rows = {f"{title}" + (" (all but off-centre, tilt)" if "edits found" in title else ""): easy}
    rows |= {f"  {kind}": pairs for kind, pairs in sorted(kinds.items())}
    for name, pairs in rows.items():
        keys = [edge(*pair) for pair in pairs]
        _row(name, len(keys), [_share(keys, _hits(score, title, sample_of)) for score in scores])


def _hits(score: Score, title: str, sample_of: dict[str, Sample]) -> set[tuple[str, str]]:
    if title == "edits found":
        return score.related
    if "offered" not in title:
        return score.removable
    # whichever file of the exposure stays: the keeper rules may prefer another one than what all were made of
    return {
        edge(sample_of[copy].original, copy) for copy, keeper in score.offered.items() if _one_exposure(copy, keeper, sample_of)
    }


def _one_exposure(a: str, b: str, sample_of: dict[str, Sample]) -> bool:
    return sample_of[a].original == sample_of[b].original


def _count_originals(score: Score, sample_of: dict[str, Sample]) -> str:
    """How often a copy stays in the place of the file that it was made of."""
    return str(sum(sample_of[copy].original == copy for copy in score.offered)) if score.offered else "-"


def _share(keys: list[tuple[str, str]], hits: set[tuple[str, str]]) -> str:
    return f"{sum(key in hits for key in keys) / max(1, len(keys)):.1%}"


def _count_wrong_offers(score: Score, sample_of: dict[str, Sample]) -> str:
    wrong = [copy for copy, keeper in score.offered.items() if not _one_exposure(copy, keeper, sample_of)]
    return str(len(wrong)) if score.offered else "-"


def _row(name: str, count: int, values: list[str]) -> None:
    print(f"{name:34} {count:6} " + " ".join(f"{value:>18}" for value in values))


def _wrong(score: Score, sample_of: dict[str, Sample]) -> list[tuple[str, str]]:
    return [pair for pair in score.removable if sample_of[pair[0]].original != sample_of[pair[1]].original]


def _in_family(pair: tuple[str, str], sample_of: dict[str, Sample], families: tuple[str, ...] | None) -> bool:
    hit = any(sample_of[name].item.kind.removesuffix("_thumb") in SERIES for name in pair)
    return hit if families else not hit


def plan_tasks(folders: list[Path], drawn: int, part: str, every: int) -> list[tuple]:
    """What to make: real photos by their content, so that the parts are the same wherever the folders lie."""
    tasks: list[tuple] = []
    for path in labelled_set.list_sources(folders)[::every]:
        content = hashlib.sha1(path.read_bytes()).hexdigest()
        tasks.append(("photo", f"{path.stem.replace(' ', '_')}-{content[:6]}", str(path)))
    tasks += [("drawn", family, number) for family in labelled_set.FAMILIES for number in range(drawn)]
    return [task for task in tasks if part == "both" or _part(task) == part]


def _part(task: tuple) -> str:
    key = task[1].rpartition("-")[2] if task[0] == "photo" else f"{task[1]} {task[2]}"
    return "tuned" if labelled_set.hash_of(key) % 2 else "unseen"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--part", choices=("tuned", "unseen", "both"), default="unseen")
    parser.add_argument("--drawn", type=int, default=60, help="pictures of each drawn family")
    parser.add_argument("--every", type=int, default=1, help="only every n-th photo")
    parser.add_argument("--longer-side", type=int, default=1600, help="originals are reduced to this")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--frames", type=int, default=2, help="frames of each series made of a photo")
    parser.add_argument(
        "--peer-python",
        action="append",
        default=[],
        help="a Python where imagededup, czkawka or difPy is installed; may be repeated",
    )
    parser.add_argument(
        "--keep", type=Path, help="a folder for the pictures; those that an earlier run left there are used again"
    )
    parser.add_argument("--details", type=Path, help="write every judged pair to this file, one JSON object a line")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        run(options, str(options.keep))
        return
    with tempfile.TemporaryDirectory() as folder:
        run(options, folder)


def run(options: argparse.Namespace, folder: str) -> None:
    tasks = plan_tasks(options.folders, options.drawn, options.part, options.every)
    made = partial(make_samples, longer_side=options.longer_side, frames=options.frames, folder=folder)
    with ProcessPoolExecutor(options.workers) as pool:
        samples = [sample for group in pool.map(made, tasks, chunksize=2) for sample in group]
    started = time.perf_counter()
    candidates = find_candidates(samples)
    searched = time.perf_counter()
    found = judge_pairs(samples, candidates, options.workers, folder)
    spent = time.perf_counter() - searched
    counts = Counter(task[0] for task in tasks)
    print(
        f"part {options.part}: {len(samples)} photos made of {counts['photo']} real and {counts['drawn']} drawn pictures; "
        f"{len(candidates)} candidates in {searched - started:.1f} s, {len(found)} judged, {1000 * spent / max(1, len(found)):.2f} ms each"
    )
    _set_samples(samples, folder)
    scores = [ours(samples, found, regime) for regime in REGIMES]
    for python in options.peer_python:
        for name, (pairs, seconds) in peer_pairs(python, folder).items():
            scores.append(Score(name, pairs, pairs))
            print(f"{name}: {seconds:.0f} s")
    print_table(samples, scores)
    sample_of = {s.name: s for s in samples}
    for score in scores[: len(REGIMES)]:
        for copy, keeper in score.offered.items():
            if sample_of[copy].original != sample_of[keeper].original:
                print("WRONG", score.name, copy, "for", keeper)
    if options.details:
        with options.details.open("w") as out:
            for f in found:
                out.write(json.dumps([f.a.name, f.b.name, f.relations, f.evidence, f.remaking]) + "\n")


if __name__ == "__main__":
    main()
