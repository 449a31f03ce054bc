"""Random trees of files as people have them: telephones on disk, exports in zips, tgz and folders, in one command or many.

Names are few, so that everything collides; contents are all different, so that everything can be told apart.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from .exports import Members, album, picture, sidecar, write_folder, write_tgz, write_zip

FILM = b"\0\0\0\x14ftypqt  "
NEW = ".supplemental-metadata"


@lru_cache(maxsize=256)
def content(number: int, kind: str) -> bytes:
    """A file of this kind that no other number gives."""
    return FILM + number.to_bytes(4, "big") + bytes(100) if kind == "film" else picture(number, (32, 24), kind)


@dataclass
class Trees:
    """What was written: the commands to be run, all files by container, and how many photos a person would count."""

    commands: list[tuple[str, list[Path]]] = field(default_factory=list)
    files: dict[Path, set[str]] = field(default_factory=dict)
    photos: int = 0
    numbers: int = 0

    def number(self) -> int:
        """The next content."""
        self.numbers += 1
        return self.numbers

    def put(self, path: Path, members: Members, write, root: str) -> Path:
        """Write a container and remember its files."""
        write(path, members, root)
        self.files[path] = {f"{root}/{name}" if root else name for name in members}
        return path


def write_trees(folder: Path, draw: random.Random) -> Trees:
    """Up to three telephones and accounts."""
    made = Trees()
    for place in range(draw.randint(1, 3)):
        if draw.random() < 0.4:
            _write_telephone(made, folder / draw.choice(("a", "b", "Takeout")) / f"{place}", draw)
        else:
            _write_account(made, folder / f"{place}", draw)
    draw.shuffle(made.commands)
    _join_commands(made, draw)
    return made


def _join_commands(made: Trees, draw: random.Random) -> None:
    """Some of the commands as one."""
    if draw.random() < 0.5:
        for name in ("folder", "takeout"):
            paths = [path for command, given in made.commands if command == name for path in given]
            made.commands = [each for each in made.commands if each[0] != name]
            if paths:
                draw.shuffle(paths)
                made.commands.append((name, list(dict.fromkeys(paths))))


# -- a telephone on disk ---------------------------------------------------------------------------------------------


def _write_telephone(made: Trees, path: Path, draw: random.Random) -> None:
    members: Members = {}
    for below in draw.sample(("", "DCIM/", "DCIM/100APPLE/", "Photos from 2019/"), draw.randint(1, 3)):
        for stem in draw.sample(("IMG_0001", "IMG_0002", "IMG_0003"), draw.randint(1, 3)):
            members |= {below + name: data for name, data in _item_on_disk(made, stem, draw).items()}
    made.commands.append(("folder", [made.put(path, members, write_folder, "")]))


def _item_on_disk(made: Trees, stem: str, draw: random.Random) -> Members:
    kind = draw.choice(("JPEG", "PNG", "film", "live", "film and text"))
    made.photos += 1
    if kind == "live":
        still = draw.choice((".jpg", ".JPG", ".jpeg"))
        return {
            stem + still: content(made.number(), "JPEG"),
            stem + draw.choice((".MOV", ".mp4")): content(made.number(), "film"),
        }
    ending = {"JPEG": draw.choice((".jpg", ".JPG")), "PNG": ".png"}.get(kind, ".MOV")
    beside = {stem + ".txt": b"hello"} if kind == "film and text" else {}
    return {stem + ending: content(made.number(), kind.split()[0]), **beside}


# -- an account's export ---------------------------------------------------------------------------------------------


def _write_account(made: Trees, folder: Path, draw: random.Random) -> None:
    folder.mkdir(parents=True)
    groups = [_item_of_account(made, draw) for _ in range(draw.randint(1, 5))]
    groups = _with_unique_names(groups, draw)
    groups.append({"Trip/metadata.json": album("Trip")})
    many, parts = draw.random() < 0.4, draw.randint(1, 3)
    # Given one by one, only zips are read together again: what belongs together is dealt out only where they are.
    kinds = [draw.choice(("zip", "tgz", "folder")) for _ in range(parts)]
    apart = not many or set(kinds) == {"zip"}
    dealt: list[Members] = [{} for _ in range(parts)]
    for group in groups:
        at = draw.randrange(parts)
        for name, data in group.items():
            dealt[draw.randrange(parts) if apart else at][name] = data
    export = f"2024{draw.randint(1, 9):02d}{10 + len(made.files)}T{draw.randint(0, 235959):06d}Z"
    paths = [
        _write_part(made, folder, f"takeout-{export}-{at + 1:03d}", kinds[at], dealt[at]) for at in range(parts) if dealt[at]
    ]
    made.commands += [("takeout", [path]) for path in paths] if many else [("takeout", paths)]


def _write_part(made: Trees, folder: Path, name: str, kind: str, members: Members) -> Path:
    write, ending = {"zip": (write_zip, ".zip"), "tgz": (write_tgz, ".tgz"), "folder": (write_folder, "")}[kind]
    return made.put(folder / f"{name}{ending}", members, write, "Takeout/Google Photos")


def _item_of_account(made: Trees, draw: random.Random) -> Members:
    """The files of one item by names without a folder; ``*`` stands for its name, and ``#`` for its copy in an album."""
    made.photos += 1
    number = made.number()
    kind = draw.choice(("JPEG", "PNG", "film"))
    ending = {"JPEG": ".jpg", "PNG": ".png", "film": ".mp4"}[kind]
    url = number if draw.random() < 0.6 else None
    group = {f"*{ending}": content(number, kind), f"*{ending}{NEW}.json": (number, url)}
    if kind != "film" and draw.random() < 0.3:
        group["*.MOV"] = content(made.number(), "film")
    if kind != "film" and draw.random() < 0.3:
        group[f"*-edited{ending}"] = content(made.number(), kind)
    if draw.random() < 0.4:
        group[f"#{ending}"] = content(number, kind)
        if draw.random() < 0.6:
            group[f"#{ending}{NEW}.json"] = (number, url)
    return group  # type: ignore[return-value]


def _with_unique_names(groups: list, draw: random.Random) -> list[Members]:
    """The items under names as Google gives them: no two of one name in a folder."""
    stems = [f"IMG_{number:04d}" for number in range(1, len(groups) + 2)]
    years = ("Photos from 2019", "Photos from 2020")
    free = [(year, stem) for stem in stems for year in years]
    named = []
    for group, (year, stem) in zip(groups, draw.sample(free, len(groups)), strict=True):
        # one album for each item of a stem: two of one name there would have got a number
        made = {}
        for name, data in group.items():
            path = name.replace("*", f"{year}/{stem}").replace("#", f"{'Trip' if year == years[0] else 'Sea'}/{stem}")
            title = path.rpartition("/")[2].removesuffix(f"{NEW}.json")
            made[path] = data if isinstance(data, bytes) else sidecar(title, data[1], 1_500_000_000 + data[0])
        named.append(made)
    return named


def find_faults(library, trees: Trees) -> list[str]:
    """What a person would complain of after these commands were run on an empty library, and then once more."""
    faults = []
    for command, paths in trees.commands:
        report = getattr(library, command)(*paths)
        faults += [report.forgotten] if report.forgotten else []
        faults += [f"{part.name}: {part.unread} files not read" for part in report.parts if part.unread]
        faults += report.broken
    faults += _miscounted(library, trees)
    for command, paths in trees.commands:
        report = getattr(library, command)(*paths)
        if report.files_read or report.added or report.updated:
            faults.append(f"again: {report.files_read} files read, {report.added} photos added, {report.updated} changed")
    return faults + _miscounted(library, trees)


def _miscounted(library, trees: Trees) -> list[str]:
    """What the tables do not account for, or more than once."""
    faults = []
    found = library.one("SELECT count(*) FROM photos")
    if found != trees.photos:
        faults.append(f"{found} photos instead of {trees.photos}")
    for path, members in trees.files.items():
        used = {row[0] for row in library.rows("SELECT member FROM files WHERE container = ?", str(path))}
        skipped = {row[0] for row in library.rows("SELECT member FROM skipped WHERE container = ?", str(path))}
        media = {name for name in members if not name.endswith((".json", ".txt"))}
        faults += [f"{name} is used and left out" for name in sorted(used & skipped)]
        faults += [f"{name} is in no table" for name in sorted(media - used)]
        faults += [f"{name} is no file of the tree" for name in sorted((used | skipped) - members)]
    twice = library.rows("SELECT sha1 FROM files GROUP BY sha1 HAVING count(DISTINCT photo_id) > 1")
    return faults + [f"{sha1} belongs to several photos" for (sha1,) in twice]
