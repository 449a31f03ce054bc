"""What a library knows of each picture of the labelled set beside its pixels, in four regimes of bench_accuracy.py.

`named` is a library that a sync program filled: originals as the camera named them; thumbnails, previews and sidecar JPEGs under the
same stem with the marks that programs add, thumbnails without EXIF, full-sized copies half with and half without; scans and slides
that are numbered anew in every lot, so that different pictures share a name; pictures from messengers without the camera's name.
`clock` has no name in common at all, and clocks that show whole seconds: a burst is one second. `bare` has neither.
In `lying` names and whole-second clocks say of whatever resembles another picture that both are one exposure.

A missing camera clock leaves what Google shows then: the time of upload, which is never the camera's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from labelled_set import Item, hash_of

REGIMES = ("named", "clock", "bare", "lying")
MODELS = ("Canon EOS 80D", "Pixel 3", "iPhone XS", "NIKON D750")
THUMB_NAMES = ("{0}", "{0}_thumb", "thumb_{0}", "{0}-320x240", "{0}_320x240", "thumb_{0}_320", "{0}_small", "{0}-thumbnail")
COPY_NAMES = ("{0}", "{0}", "{0}(1)", "{0} (1)", "{0}_resized", "{0} copy", "Copy of {0}", "{0}-1024x768", "{0}_web")
EDIT_NAMES = ("{0}", "{0}-edited", "{0}-Edit", "{0}(1)", "{0}_edit")
STRIPPED = ("thumb320", "thumb160")
MESSENGER = ("caption",)
SCREENS = ("screenshot", "chat")
UPLOADED = datetime(2024, 3, 1)


@dataclass(frozen=True)
class Metadata:
    """The fields of `verify.Subject` that are no pixels."""

    filename: str | None = None
    taken_at: str | None = None
    taken_at_source: str | None = None
    camera_taken_at: str | None = None
    camera_model: str | None = None


def metadata_of(item: Item, regime: str) -> Metadata:
    """What is known of an item in a regime."""
    if regime == "named":
        return _named(item)
    if regime == "clock":
        return _clocked(item)
    if regime == "lying":
        return _lying(item)
    return _uploaded(item, None)


def _named(item: Item) -> Metadata:
    kind, number = item.kind.removesuffix("_thumb"), hash_of(item.name)
    name = _name(item, kind, number)
    made_by_program = item.group == "safe" and (item.kind in STRIPPED or item.kind.endswith("_thumb"))
    stripped = made_by_program or (item.group in ("safe", "edit") and number % 2)
    if stripped or kind in MESSENGER + SCREENS or _numbered_anew(item, kind):
        return _uploaded(item, name)
    return Metadata(name, item.shot.taken_at + "Z", "exif", item.shot.taken_at, _model(item))


def _name(item: Item, kind: str, number: int) -> str:
    stem = _stem(item, kind)
    if item.kind.endswith("_thumb") or item.kind in STRIPPED:
        stem = THUMB_NAMES[number % len(THUMB_NAMES)].format(stem)
    elif item.group in ("safe", "edit") and item.kind not in SCREENS:
        names = COPY_NAMES if item.group == "safe" else EDIT_NAMES
        stem = names[number % len(names)].format(stem)
    return f"{stem}.{item.extension}"


def _stem(item: Item, kind: str) -> str:
    """What the picture is called before a program made a copy of it."""
    moment = item.shot.moment
    if kind in SCREENS:
        return f"Screenshot_{moment:%Y%m%d-%H%M%S}"
    if _numbered_anew(item, kind):
        return f"{'Scan_000' if kind == 'page' else 'Slide'}{hash_of(item.source) % 9 + 1}"
    if kind in MESSENGER:
        return f"IMG-{moment:%Y%m%d}-WA{hash_of(item.source) % 200:04}"
    if kind in ("page", "receipt", "slide"):
        return f"IMG_{moment:%Y%m%d_%H%M%S}"
    return item.shot.stem


def _numbered_anew(item: Item, kind: str) -> bool:
    """Every third page or slide comes from a scanner or an export that begins at 1 for every lot."""
    return kind in ("page", "slide") and hash_of(item.source) % 3 == 0


def _clocked(item: Item) -> Metadata:
    number = hash_of(item.name)
    if item.kind in SCREENS:
        return _uploaded(item, f"{number:08x}.{item.extension}")
    taken_at = item.shot.moment.strftime("%Y-%m-%dT%H:%M:%S")
    return Metadata(f"{number:08x}.{item.extension}", taken_at + "Z", "exif", taken_at, _model(item))


def _lying(item: Item) -> Metadata:
    """Everything made of one scene, other exposures of it among it, and every picture of one drawn family, says to be one exposure."""
    told = re.sub(r"-(hand_held|tripod|moved)\d+$", "", item.source)
    drawn = told == item.source and item.group == "hard"
    stem = f"IMG_{hash_of(re.sub(r'[0-9]+$', '', told) if drawn else told) % 9000 + 1000}"
    taken_at = datetime(2019, 6, 1, 12, 0, hash_of(stem) % 60).strftime("%Y-%m-%dT%H:%M:%S")
    return Metadata(f"{stem}.{item.extension}", taken_at + "Z", "exif", taken_at, MODELS[0])


def _uploaded(item: Item, name: str | None) -> Metadata:
    moment = UPLOADED + timedelta(seconds=hash_of(item.name) % 9_000_000)
    return Metadata(name, moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "sidecar" if name else None)


def _model(item: Item) -> str:
    return MODELS[hash_of(f"{item.shot.moment:%Y%m%d}") % len(MODELS)]
