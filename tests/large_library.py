"""A library of any size written straight into the tables, fast: for benches and for tests of what must not grow with it.

Shaped like a family's: twenty years, a dozen cameras each used for some of them, a few ways into Google Photos, albums from three
photos to thousands, groups of three in every relation. The same numbers give the same library.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from datasette_gphotos_dedupe.core.content_key import dedup_key_of
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.review.decisions import refresh_decided
from tests.made_library import REMADE, REMOVABLE, photo_id

GROUP_SIZE = 3
GROUPS_PER_PHOTO = 3 / 20
PACKAGE = Path(__file__).resolve().parent.parent / "datasette_gphotos_dedupe"
CAMERAS = (  # make, model, first and last year
    *(("Canon", "PowerShot A70", 2004, 2008), ("Canon", "EOS 350D", 2006, 2011), ("NIKON", "D90", 2009, 2014)),
    *(("Apple", "iPhone 4", 2010, 2013), ("Apple", "iPhone 6", 2014, 2017), ("Apple", "iPhone XS", 2018, 2021)),
    *(("Google", "Pixel 2", 2017, 2019), ("Google", "Pixel 6", 2021, 2024), ("samsung", "SM-G973F", 2019, 2022)),
    *(("SONY", "ILCE-6000", 2015, 2020), ("Panasonic", "DMC-TZ10", 2010, 2014), (None, None, 2004, 2024)),
)
ORIGINS = (("mobileUpload", 6), ("driveDesktopUploader", 5), ("webUpload", 2), ("fromPartnerSharing", 1))
RELATIONS = (
    *(("smaller_copy", 40), ("re_encode", 18), ("same_bytes", 12), ("raw_and_jpeg", 4), ("other_format", 5)),
    *(("edited", 6), ("crop", 4), ("series", 8), ("look_alike", 3)),
)
PEOPLE = ("Ada", "Björn", "Chloé", "Dimitri", "Esra", "Fatima", "Goran", "Hana")


@dataclass(frozen=True)
class Shot:
    """What the photos of one group, or a photo by itself, have in common."""

    number: int
    year: int
    make: str | None
    model: str | None
    relation: str

    @property
    def taken_at(self) -> str:
        n = self.number
        return f"{self.year}-{n % 12 + 1:02d}-{n % 28 + 1:02d}T{n % 24:02d}:{n % 60:02d}:{n * 7 % 60:02d}Z"

    @property
    def camera(self) -> str | None:
        return " ".join(name for name in (self.make, self.model) if name) or None


def kept_library(folder: Path, photos: int) -> Path:
    """The library of this size for benches, built when it is not in the folder or the schema has changed since."""
    newest = max(path.stat().st_mtime for path in PACKAGE.glob("schema/*.py"))
    path = folder / f"photos{photos}.db"
    if not path.exists() or path.stat().st_mtime < newest:
        print(f"Building {path} ...", flush=True)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        build_large_library(path, photos, int(photos * GROUPS_PER_PHOTO))
    return path


def build_large_library(path: Path, photos: int, groups: int, thumbnails: bool = True, seed: int = 1) -> None:
    """Write a library of so many photos; the first `groups` times three of them are in groups."""
    chance = random.Random(seed)
    shots = [_shot(chance, number) for number in range(groups)]
    db = open_database(path)
    conn = db.conn
    conn.execute("PRAGMA synchronous = OFF")
    with db.atomic():
        conn.execute(
            "INSERT INTO runs (run_id, command, started_at, state) VALUES (1, 'takeout', '2026-01-01T00:00:00Z', 'done')"
        )
        _insert(conn, "photos", PHOTO_COLUMNS, _photos(shots, photos))
        _insert(conn, "albums", ("album_id", "title"), ((f"album:{n}", f"Album {n:03d}") for n in range(album_count(photos))))
        _insert(conn, "album_photos", ("album_id", "photo_id"), _memberships(chance, photos))
        _insert(conn, "people", ("person_id", "name"), enumerate(PEOPLE, start=1))
        tagged = chance.sample(range(photos), photos // 20)
        _insert(conn, "photo_people", ("photo_id", "person_id"), ((photo_id(n), n % len(PEOPLE) + 1) for n in tagged))
        _insert(conn, "groups", GROUP_COLUMNS, (_group(shot) for shot in shots))
        _insert(conn, "group_members", MEMBER_COLUMNS, (row for shot in shots for row in _members(shot)))
        _insert(conn, "pairs", PAIR_COLUMNS, (row for shot in shots for row in _pairs(shot)))
        if thumbnails:
            pictures = [_preview(chance) for _ in range(48)]
            rows = ((photo_id(n), pictures[n // GROUP_SIZE % len(pictures)], 320, 240) for n in range(photos))
            _insert(conn, "thumbnails", ("photo_id", "content", "width", "height"), rows)
        refresh_decided(conn)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def album_count(photos: int) -> int:
    """How many albums a library of this size has."""
    return max(3, photos // 700)


def _insert(conn, table: str, columns: tuple[str, ...], rows: Iterator[tuple]) -> None:
    marks = ",".join("?" * len(columns))
    conn.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _pick(chance: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    return chance.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]


def _shot(chance: random.Random, number: int) -> Shot:
    make, model, first, last = chance.choice(CAMERAS)
    return Shot(number, chance.randint(first, last), make, model, _pick(chance, RELATIONS))


PHOTO_COLUMNS = (
    *("photo_id", "source", "filename", "description", "mime_type", "width", "height", "bytes", "taken_at", "taken_at_source"),
    *("uploaded_at", "camera_make", "camera_model", "origin", "product_url", "media_key", "dedup_key", "sha1", "run_id"),
)


def _photos(shots: list[Shot], photos: int) -> Iterator[tuple]:
    for number in range(photos):
        index, position = divmod(number, GROUP_SIZE)
        shot = shots[index if index < len(shots) else number % len(shots)]
        key = photo_id(number)
        width, height = (4032, 3024) if position == 0 else (1600 // position, 1200 // position)
        yield (
            *(
                key,
                "takeout",
                _name(shot, index, position),
                f"Holiday by the sea, day {number % 30}" if number % 40 == 0 else None,
            ),
            *("image/jpeg", width, height, width * height // 4 + number % 4096, shot.taken_at, "sidecar", "2020-01-01T00:00:00Z"),
            *(shot.make, shot.model, _origin(number, position), f"https://photos.google.com/photo/{key}", key),
            *(dedup_key_of(f"{number:040x}"), f"{number:040x}", 1),
        )


def _name(shot: Shot, index: int, position: int) -> str:
    stem = f"IMG_{shot.year}{index % 1200:04d}_{index}"
    return f"{stem}.jpg" if position == 0 else f"{stem}({position}).jpg"


def _origin(number: int, position: int) -> str:
    return ORIGINS[(number // GROUP_SIZE * 7 + position) % len(ORIGINS)][0]


def _memberships(chance: random.Random, photos: int) -> Iterator[tuple[str, str]]:
    """Albums of unequal size: the first holds one photo in twenty, the others some hundreds each."""
    yield from (("album:0", photo_id(n)) for n in range(0, photos, 20))
    for album in range(1, album_count(photos)):
        start = chance.randrange(photos)
        yield from ((f"album:{album}", photo_id((start + step) % photos)) for step in range(chance.randint(3, 300)))


GROUP_COLUMNS = (
    *("group_id", "keeper_id", "relation", "size", "suggested_count", "reclaimable_bytes", "taken_year", "camera", "origin"),
)


def _bytes(number: int, position: int) -> int:
    return (1600 // position) * (1200 // position) // 4 + number % 4096


def _group(shot: Shot) -> tuple:
    first = shot.number * GROUP_SIZE
    copies = range(1, GROUP_SIZE) if shot.relation in REMOVABLE else ()
    key = photo_id(first)
    to_gain = sum(_bytes(first + position, position) for position in copies)
    return (key, key, shot.relation, GROUP_SIZE, len(copies), to_gain, shot.year, shot.camera, _origin(first + 1, 1))


MEMBER_COLUMNS = ("group_id", "photo_id", "role", "relation", "reason", "suggested")


def _members(shot: Shot) -> Iterator[tuple]:
    first = shot.number * GROUP_SIZE
    yield (photo_id(first), photo_id(first), "keeper", None, "largest, with the most metadata", "keep")
    role = "look_alike" if shot.relation in ("series", "look_alike") else "copy"
    suggested = "remove" if shot.relation in REMOVABLE else None
    for position in range(1, GROUP_SIZE):
        reason = f"same picture, {1600 // position} x {1200 // position} against 4032 x 3024"
        yield (photo_id(first), photo_id(first + position), role, shot.relation, reason, suggested)


PAIR_COLUMNS = (
    "photo_a",
    "photo_b",
    "distance_bits",
    "relation",
    "confidence",
    "evidence",
    "worst_block",
    "scale",
    "remade_from",
)


def _pairs(shot: Shot) -> Iterator[tuple]:
    first = shot.number * GROUP_SIZE
    for position in range(1, GROUP_SIZE):
        bits = (first + position) % 12
        evidence = f"{bits} of 256 bits differ; worst block 2.1"
        yield (
            photo_id(first),
            photo_id(first + position),
            bits,
            shot.relation,
            0.98,
            evidence,
            2.1,
            0.4 / position,
            *_remade(shot, first),
        )


def _remade(shot: Shot, first: int) -> tuple[str | None]:
    return (photo_id(first) if shot.relation in REMADE else None,)


def _preview(chance: random.Random) -> bytes:
    """A JPEG of 320 x 240 with as much detail, and as many bytes, as the preview of a photo."""
    small = Image.frombytes("RGB", (48, 36), chance.randbytes(48 * 36 * 3))
    image = small.resize((320, 240), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, colour = chance.randrange(320), chance.randrange(240), tuple(chance.randrange(256) for _ in range(3))
        draw.ellipse((x - 40, y - 40, x + 40, y + 40), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=75)
    return buffer.getvalue()
