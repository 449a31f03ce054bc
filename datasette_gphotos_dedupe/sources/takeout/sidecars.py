"""Which sidecar belongs to which picture: the files of one Takeout folder, by their names and titles. Pure.

Goes from media to sidecar, because only that direction is deterministic, in steps from most to least certain. A step only takes
pairs that are unique on both sides, numbers in brackets always agree, and the title in the JSON has the last word. What stays
unpaired is reported, never guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ...core.edit_marks import EDITED, split_mark
from .naming import (
    MAX_UNITS,
    MIN_LIMIT_UNITS,
    SUFFIX,
    fits_title,
    is_photo_name,
    is_video_name,
    media_name,
    media_stem,
    nfc,
    numbered,
    readings,
    same_cleaned,
    same_extension,
    split_extension,
    split_number,
    title_readings,
    units,
)
from .sidecar_names import MIN_PREFIX_UNITS, OF_ORIGINALS, STEPS, cut_new, cut_old, in_new_style, may_be_cut
from .versions import Version, versions_of

JSON = ".json"
KEY_CHARACTERS = 22  # no cut leaves fewer: 46 units are at least 23 characters
MISMATCH = -1
MIN_END = 12  # characters of a title that a name may end in


@dataclass
class Pairing:
    """Who belongs to whom in one folder; every media name is in exactly one of the first three or in `alone`."""

    sidecar_of: dict[str, tuple[str, str]] = field(default_factory=dict)  # media -> (sidecar, rule)
    edited_of: dict[str, str] = field(default_factory=dict)  # edited version, effect or collage -> original
    live_of: dict[str, str] = field(default_factory=dict)  # moving half -> picture
    alone: list[str] = field(default_factory=list)  # media without a sidecar
    superseded: dict[str, str] = field(default_factory=dict)  # sidecar in the old style -> the newer one beside it
    orphans: list[str] = field(default_factory=list)  # sidecars without media


def pair_folder(media: Iterable[str], titles: Mapping[str, str | None]) -> Pairing:
    """Pair media names with sidecar names. `titles` has each sidecar's JSON title. Names are in NFC."""
    pairer = _Pairer(list(media), dict(titles))
    pairer.step_by_full_name()
    for rule, candidates in STEPS:
        pairer.step(rule, candidates)
    pairer.step_by_case()
    pairer.step_by_title()
    pairer.step_by_prefix()
    pairer.versions()
    pairer.live_halves()
    return pairer.finished()


class _Pairer:
    """The state of one folder while its files are being paired."""

    def __init__(self, media: list[str], titles: dict[str, str | None]):
        self.titles = titles
        self.free_media = dict.fromkeys(media)  # a dict for its order
        self.free_sidecars = {nfc(name)[: -len(JSON)]: name for name in titles}
        self.media = set(media)
        self.found = Pairing()
        self._sidecars = {nfc(name) for name in titles}
        self._adopters: dict[str, str] = {}  # stem of a missing original -> the version that took its sidecar

    def step_by_full_name(self) -> None:
        """What nearly all are, without the questions of a step: named like its sidecar and its title, with no number or cut at all."""
        for name in list(self.free_media):
            body = name + SUFFIX
            sidecar = self.free_sidecars.get(body)
            if sidecar is not None and self.titles[sidecar] == name == name.strip() and ")" not in name and not may_be_cut(body):
                self.found.sidecar_of[name] = (sidecar, "exact")
                del self.free_media[name], self.free_sidecars[body]

    def step(self, rule: str, candidates: Callable[[str, int | None], list[str]]) -> None:
        pairs = []
        for name in self.free_media:
            for base, number in readings(name):
                bodies = [body for body in candidates(base, number) if body in self.free_sidecars]
                # a sidecar named exactly like the media is believed even when its title lacks the number of the media
                lenient = number is None and rule in ("exact", "exact_old")
                bodies = [body for body in bodies if self._fits(base, body) or (lenient and self._fits_less(name, body))]
                pairs += [(name, body) for body in bodies if self._number_counts(base, body)]
        self._assign(rule, pairs)

    def _number_counts(self, base: str, body: str) -> bool:
        """Whether the numbers of a cut sidecar are those of the media.

        Names that differ in their last characters or extension are cut to one sidecar name, whose numbers then count other things:
        there only a title that is the only one of its kind is believed.
        """
        text = split_number(body)[0]
        if not may_be_cut(text):
            return True
        bases = self._bases_of_cut.get(text)
        if bases is None or len(bases) < 2:
            return True
        same = [
            other
            for other in self._bodies[text]
            if fits_title(base, self.titles[other]) and same_extension(base, self.titles[other])
        ]
        return len(same) == 1 and bases[base] == 1

    @cached_property
    def _bases_of_cut(self) -> dict[str, Counter]:
        """Cut sidecar name -> the media names without numbers that are cut to it, and how many files have each."""
        found: defaultdict[str, Counter] = defaultdict(Counter)
        for name in self.media:
            base = readings(name)[-1][0]
            for body in {*cut_new(base, None), *cut_old(base, None)}:
                found[body][base] += 1
        return found

    @cached_property
    def _bodies(self) -> dict[str, list[str]]:
        """Sidecar names without .json and number -> all sidecars of that name."""
        found = defaultdict(list)
        for name in self.titles:
            found[split_number(nfc(name)[: -len(JSON)])[0]].append(name)
        return found

    @cached_property
    def _bases(self) -> set[str]:
        """The media names, with and without their numbers."""
        return {base for name in self.media for base, _ in readings(name)}

    def _fits(self, base: str, body: str) -> bool:
        title = self.titles[self.free_sidecars[body]]
        whole = split_number(body)[0].startswith(base)  # else the cut has taken the extension away, and only the title tells it
        return fits_title(base, title) and (whole or same_extension(base, title))

    def _fits_less(self, name: str, body: str) -> bool:
        stem, extension = split_extension(name)
        base, number = split_number(stem)
        title = media_stem(self.titles[self.free_sidecars[body]] or "")
        # some programs put letters before a name of the camera's
        is_end = len(title) >= MIN_END and stem.endswith(title) and not stem[: -len(title)][-1:].isalnum()
        return is_end or (number is not None and self._fits(base + extension, body))

    def _assign(self, rule: str, pairs: list[tuple[str, str]]) -> None:
        """Keep the pairs that are unique on both sides."""
        by_media, by_body = defaultdict(set), defaultdict(set)
        for name, body in pairs:
            by_media[name].add(body)
            by_body[body].add(name)
        for name, bodies in by_media.items():
            (body, *others) = bodies
            if not others and len(by_body[body]) == 1:
                self.found.sidecar_of[name] = (self.free_sidecars.pop(body), rule)
                del self.free_media[name]

    def step_by_case(self) -> None:
        """Endings that differ in case alone: programs that unpack, and Google itself, change it."""
        pairs = []
        for name in self.free_media:
            for base, number in readings(name):
                stem, extension = split_extension(base)
                others = {extension.lower(), extension.upper(), extension.capitalize(), extension.title()} - {extension}
                for other in {stem + each for each in others} - self._bases:
                    bodies = [body for candidates in OF_ORIGINALS for body in candidates(other, number)]
                    bodies = [body for body in bodies if body in self.free_sidecars and self._fits(other, body)]
                    pairs += [(name, body) for body in bodies if self._number_counts(base, body)]
        self._assign("case", pairs)

    def step_by_title(self) -> None:
        """Names recomputed from the titles: cleaned characters, missing extensions, cuts that straddle the dot."""
        by_key = defaultdict(list)
        for body, sidecar in self.free_sidecars.items():
            for title in title_readings(self.titles[sidecar] or ""):
                number = _number_of(body, title)
                if number is not MISMATCH:
                    for key in {_folded(title), _folded(split_extension(title)[0])} - {""}:
                        by_key[number, key].append((body, title))
        pairs = []
        for name in self.free_media:
            for base, number in readings(name):
                same = by_key.get((number, _folded(split_extension(base)[0])), ())
                pairs += [(name, body) for body, title in same if _made_from(base, title) and self._number_counts(base, body)]
        self._assign("title", pairs)

    def step_by_prefix(self) -> None:
        """A long sidecar name that begins like one media name and no other."""
        by_beginning = defaultdict(list)
        for body in self.free_sidecars:
            text, number = split_number(body)
            if units(text) >= MIN_PREFIX_UNITS:
                by_beginning[number, text[: MIN_PREFIX_UNITS // 2]].append((body, text))
        pairs = []
        for name in self.free_media:
            for base, number in readings(name):
                alike = by_beginning.get((number, base[: MIN_PREFIX_UNITS // 2]), ())
                fitting = [body for body, text in alike if (base + SUFFIX).startswith(text) and self._fits(base, body)]
                pairs += [(name, body) for body in fitting if self._number_counts(base, body)]
        self._assign("prefix", pairs)

    def _is_claimed(self, name: str) -> bool:
        """Whether a sidecar that is still free tells of an item of this name, though under another number: then nothing is sure."""
        return any(
            _made_from(base, title)
            for base, _ in readings(name)
            for title in self._free_titles.get(_folded(split_extension(base)[0]), ())
        )

    @cached_property
    def _free_titles(self) -> dict[str, list[str]]:
        """The titles of the sidecars that no step by names has given away, by their folded form."""
        found = defaultdict(list)
        for sidecar in self.free_sidecars.values():
            for title in title_readings(self.titles[sidecar] or ""):
                for key in {_folded(title), _folded(split_extension(title)[0])} - {""}:
                    found[key].append(title)
        return found

    def versions(self) -> None:
        """Edited versions and what Google made of a picture, as far as they have no sidecar of their own."""
        unclaimed = [name for name in self.free_media if not self._is_claimed(name)]
        for name in sorted(unclaimed, key=lambda name: len(readings(name))):  # without a number first: it adopts
            versions = versions_of(name)
            original = self._original_of(name, versions)
            if original:
                self.found.edited_of[name] = original
                del self.free_media[name]
            elif self._adopt_sidecar_of_missing_original(name, versions):
                del self.free_media[name]

    def _original_of(self, name: str, versions: list[Version]) -> str | None:
        for version in versions:
            found = self._partner(version.original, version.extension, self._may_be_original(name, version))
            if found is None and version.number is not None and not self._is_numbered(version):
                found = self._partner(version.stem, version.extension, self._may_be_original(name, version))
            if found is None and version.speaks:
                found = self._adopters.get(version.stem)
            if found is not None:
                return found
        return self._forgotten_original(name)

    def _may_be_original(self, name: str, version: Version) -> Callable[[str], bool]:
        """A film belongs to a film, a picture to a picture; where the mark does not speak for itself, one with a sidecar."""
        is_film = is_video_name(name)
        needs_sidecar = version.kind != EDITED
        return lambda other: (
            other != name and is_video_name(other) == is_film and (other in self.found.sidecar_of or not needs_sidecar)
        )

    def _is_numbered(self, version: Version) -> bool:
        """Whether the folder knows of an original under the version's own number, if only by its sidecar."""
        base = version.stem + version.extension
        bodies = [body for candidates in OF_ORIGINALS for body in candidates(base, version.number)]
        return version.original in self._by_stem or any(f"{body}{JSON}" in self._sidecars for body in bodies)

    def _forgotten_original(self, name: str) -> str | None:
        """``original_1d4c_P(1).jpg`` is the edited ``original_1d4c_P.jpg`` when the limit left no room for the suffix."""
        base, number = readings(name)[-1]
        if number == 1 and units(base) >= MAX_UNITS and base in self.found.sidecar_of:
            return base
        return None

    def _adopt_sidecar_of_missing_original(self, name: str, versions: list[Version]) -> bool:
        for version in versions if not self._by_stem.keys() & {version.original for version in versions} else ():
            base = version.stem + version.extension
            bodies = [body for candidates in OF_ORIGINALS for body in candidates(base, version.number)]
            bodies += [body for candidates in OF_ORIGINALS for body in candidates(version.stem, version.number)]
            for body in bodies if version.speaks else ():
                if body in self.free_sidecars and self._fits(base, body):
                    self.found.sidecar_of[name] = (self.free_sidecars.pop(body), "edited_only")
                    self._adopters.setdefault(version.stem, name)
                    return True
        return False

    def _partner(self, stem: str, extension: str, accept: Callable[[str], bool]) -> str | None:
        """The media of this stem, the one with the same extension first, else the only one."""
        if stem + extension in self.media and accept(stem + extension):
            return stem + extension
        others = [name for name in self._by_stem.get(stem, ()) if accept(name)]
        return others[0] if len(others) == 1 else None

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for name in self.media:
            found[split_extension(name)[0]].append(name)
        return found

    def live_halves(self) -> None:
        for name in [name for name in self.free_media if is_video_name(name) and not self._is_claimed(name)]:
            picture = self._picture_of(name)
            if picture:
                self.found.live_of[name] = picture
                del self.free_media[name]

    def _picture_of(self, video: str) -> str | None:
        stem, extension = split_extension(video)
        if units(split_number(stem)[0] + extension) >= MIN_LIMIT_UNITS:
            return self._only_picture(self._cut_alike(stem))
        mark = split_mark(stem)
        for wanted in (stem, video, *([mark.base] if mark and mark.kind == EDITED else [])):
            if picture := self._only_picture(self._by_stem.get(wanted, ())):
                return picture
        return None

    def _only_picture(self, names: Iterable[str]) -> str | None:
        pictures = [name for name in names if is_photo_name(name) and name not in self.found.edited_of]
        return pictures[0] if len(pictures) == 1 else None

    def _cut_alike(self, stem: str) -> list[str]:
        """Media as long as names get that begin like `stem`: an extension of another length leaves another number of characters."""
        base, number = split_number(stem)
        alike = []
        for other, names in self._by_stem.items():
            other_base, other_number = split_number(other)
            if other_number == number and (base.startswith(other_base) or other_base.startswith(base)):
                alike += [
                    name for name in names if units(numbered(other_base, None) + split_extension(name)[1]) >= MIN_LIMIT_UNITS
                ]
        return alike

    def finished(self) -> Pairing:
        used = {sidecar for sidecar, _ in self.found.sidecar_of.values()}
        by_body = {nfc(name)[: -len(JSON)]: name for name in used}
        for body, sidecar in self.free_sidecars.items():
            newer = by_body.get(in_new_style(body))
            if newer:
                self.found.superseded[sidecar] = newer
            else:
                self.found.orphans.append(sidecar)
        self.found.alone = list(self.free_media)
        return self.found


def _folded(stem: str) -> str:
    """A key that a stem and the title it was made from share; the real test comes after the look-up."""
    return "".join(character if character.isalnum() else "_" for character in stem.strip()[:KEY_CHARACTERS])


def _number_of(body: str, title: str) -> int | None:
    """The number in brackets that a sidecar's name carries beyond its title; MISMATCH when the name is not made of the title."""
    text, number = split_number(body)
    whole = title + SUFFIX
    for candidate, its_number in ((body, None), (text, number)):
        if same_cleaned(candidate.strip(), whole[: len(candidate.strip())]):
            return its_number
    return MISMATCH


def _made_from(base: str, title: str) -> bool:
    """Whether Google would name an item of this title `base`; DSC_1.JPG is not made of DSC_1.NEF."""
    stem, extension = split_extension(base)
    expected = split_extension(media_name(media_stem(title, extension) + extension, None))[0]
    return same_extension(base, title) and fits_title(stem + extension, expected + extension)
