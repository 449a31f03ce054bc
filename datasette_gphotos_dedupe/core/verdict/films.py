"""Two films of one length: do they show the same all along, and sound the same?

One steady frame says nothing of the rest: two films of a fixed camera agree in it. So frames are compared at nine places along both, each
like two pictures. What an encoder of films leaves is not known, but it leaves about as much everywhere: a place where much more is left
than in half of the others is a place where something else is seen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..pictures.encoders import Planes
from ..pictures.video import ALONG, NEAR_S, Film, read_film, read_frames_near
from .compared_photo import Subject
from .file_proof import Proof
from .remake import Remaking, remake_frame

SAME_LENGTH_S = 0.25
SAME_SOUND = 0.8  # correlation of loudness
QUIET = 0.002  # of full scale: what is not to be heard cannot differ
FILM_SIDE = 1280  # pixels: frames are compared no larger


def prove_films(a: Subject, b: Subject, path_a: str, path_b: str) -> Proof:
    """Whether the one with fewer pixels, or bits, shows nothing that the other does not. Raises PictureError, MissingExtra."""
    films = read_film(path_a), read_film(path_b)
    first_is_copy = _weight(films[0]) < _weight(films[1])
    small, large = (a, b) if first_is_copy else (b, a)
    paths = (path_a, path_b) if first_is_copy else (path_b, path_a)
    copy, other = films if first_is_copy else films[::-1]
    objection = _objection(copy, other)
    if objection or not copy.duration_s:
        return Proof(
            holder=large.photo_id, objection=objection, trouble=None if objection else "the length of a film is not known"
        )
    worst: Remaking | None = None
    for share in ALONG:
        found = _frame_remade(*paths, share * copy.duration_s)
        if found is None:
            return Proof(
                trouble=f"no frame of {small.filename or small.photo_id} could be compared at {share * copy.duration_s:.1f} s"
            )
        worst = found if worst is None or found.badness > worst.badness else worst
    return Proof(worst, large.photo_id)


def _weight(film: Film) -> tuple[int, float]:
    return film.size[0] * film.size[1], film.bit_rate


def _objection(copy: Film, other: Film) -> str | None:
    if copy.duration_s and other.duration_s and abs(copy.duration_s - other.duration_s) > SAME_LENGTH_S:
        return f"The films last {copy.duration_s:.1f} and {other.duration_s:.1f} s."
    if copy.loudness is not None and not _is_quiet(copy.loudness) and not _sounds_alike(copy.loudness, other.loudness):
        return "The films do not sound the same."
    return None


def _is_quiet(loudness: np.ndarray) -> bool:
    return not len(loudness) or float(loudness.max()) < QUIET


def _sounds_alike(a: np.ndarray, b: np.ndarray | None) -> bool:
    if b is None or _is_quiet(b):
        return False
    length = min(len(a), len(b))
    if length < 5 or float(a[:length].std()) < QUIET or float(b[:length].std()) < QUIET:
        return abs(float(a.mean()) - float(b.mean())) <= 0.5 * max(float(a.mean()), float(b.mean()))
    return float(np.corrcoef(a[:length], b[:length])[0, 1]) >= SAME_SOUND


def _frame_remade(path: str, other: str, moment_s: float) -> Remaking | None:
    """The frame of the one at a moment made again from the frame of the other that is most like it around that moment."""
    own = read_frames_near(path, moment_s)
    near = read_frames_near(other, moment_s, NEAR_S)
    if not own or not near:
        return None
    small = own[0]
    small.thumbnail((FILM_SIDE, FILM_SIDE))
    look = np.asarray(small.convert("L").resize((64, 64)), np.float32)
    best = min(near, key=lambda frame: float(np.abs(np.asarray(frame.convert("L").resize((64, 64)), np.float32) - look).mean()))
    found = remake_frame(Planes.of_rgb(np.asarray(small)), Planes.of_rgb(np.asarray(best)))
    return replace(found, px=max(small.size)) if found else None
