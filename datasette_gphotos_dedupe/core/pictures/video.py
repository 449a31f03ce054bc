"""A video's length, size and one steady frame. Needs the `video` extra (PyAV)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from ...errors import MissingExtra, PictureError
from .exif import parse_clock

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

ALONG = tuple((number + 0.5) / 9 for number in range(9))  # shares of the length at which two films are compared
NEAR_S = 0.1  # two encodings of one film place a frame no further apart
LOUDNESS_S = 0.1  # seconds of sound that one number stands for
HEARD_S = 20.0  # of sound at the beginning
# Fixed shares of the duration, so that a re-encoded copy is asked for the same moments in the same order.
MOMENTS = (1 / 3, 1 / 2, 2 / 3, 1 / 6, 5 / 6)
MAX_MOTION = 6.0  # mean grey levels between two neighbouring frames: a hand-held still scene has 1 to 4
MIN_CONTRAST = 8.0  # standard deviation of grey levels; black frames and fades have less
MAX_FRAMES_PER_SEEK = 600  # key frames may be 10 s apart


@dataclass(frozen=True)
class SteadyFrame:
    """An upright RGB `image` of a still moment, the upright size, the length in seconds, and the recording's time if told.

    `taken_at` is UTC, `camera_taken_at` the camera's own clock without a zone: where it tells no other, its UTC.
    """

    image: Image.Image
    width: int
    height: int
    duration_s: float | None
    taken_at: str | None
    camera_taken_at: str | None = None


def read_steady_frame(stream: BinaryIO) -> SteadyFrame:
    """The first of five fixed moments at which the picture hardly moves and shows something, else the stillest.

    Raises MissingExtra without PyAV, PictureError for videos that cannot be decoded.
    """
    with _opened(stream) as container:
        return _steadiest(container, container.streams.video[0])


def _steadiest(container: Any, track: Any) -> SteadyFrame:
    duration_s = _duration_s(container, track)
    best = None
    for share in MOMENTS:
        found = _frame_at(container, track, share * (duration_s or 0))
        if found is None:
            continue
        frame, motion, contrast = found
        score = (contrast < MIN_CONTRAST, motion)
        if best is None or score < best[0]:
            best = (score, frame)
        if motion <= MAX_MOTION and contrast >= MIN_CONTRAST or not duration_s:
            break
    if best is None:
        raise PictureError("broken", "the video is damaged: no frame of it can be decoded")
    image = _upright(best[1])
    width, height = track.codec_context.width, track.codec_context.height
    if (image.width < image.height) != (width < height):
        width, height = height, width
    taken_at = _taken_at(container)
    return SteadyFrame(image, width, height, duration_s, taken_at, _own_clock(container) or (taken_at or "").rstrip("Z") or None)


def _duration_s(container: Any, track: Any) -> float | None:
    if track.duration and track.time_base:
        return round(float(track.duration * track.time_base), 3)
    return round(container.duration / 1_000_000, 3) if container.duration else None


def _frame_at(container: Any, track: Any, moment_s: float) -> tuple[Any, float, float] | None:
    """(frame, motion to the next frame, contrast) at a moment, or None when nothing can be decoded there."""
    import numpy as np

    start_s = float((track.start_time or 0) * track.time_base)
    container.seek(int((start_s + moment_s) / track.time_base), stream=track)
    kept = None
    for count, frame in enumerate(container.decode(track)):
        if kept is not None:
            first, second = (np.asarray(_small_grey(each), dtype=np.float32) for each in (kept, frame))
            return kept, float(np.abs(first - second).mean()), float(first.std())
        if frame.time is None or frame.time >= start_s + moment_s - 1e-6 or count >= MAX_FRAMES_PER_SEEK:
            kept = frame
    if kept is None:
        return None
    return kept, 0.0, float(np.asarray(_small_grey(kept), dtype=np.float32).std())


def _small_grey(frame: Any) -> Image.Image:
    small: Image.Image = frame.to_image(width=32, height=32)
    return small.convert("L")


def _upright(frame: Any) -> Image.Image:
    image: Image.Image = frame.to_image()
    turn = int(getattr(frame, "rotation", 0) or 0)
    return image.rotate(turn, expand=True) if turn else image


def _taken_at(container: Any) -> str | None:
    text = str(container.metadata.get("creation_time", ""))
    # 1904 and 1970 are the zero of the clocks in such files
    if len(text) >= 19 and text.endswith("Z") and "1971" <= text[:4] < "2200":
        return text[:19] + "Z"
    return None


def _own_clock(container: Any) -> str | None:
    """What an iPhone writes beside the time in UTC: ``2019-06-28T18:38:04+0200``."""
    return parse_clock(container.metadata.get("com.apple.quicktime.creationdate"))


@dataclass(frozen=True, eq=False)
class Film:
    """A film as it is compared: upright `size`, length, bits a second, and loudness of its sound, one number a tenth of a second
    (None without a sound track)."""

    size: tuple[int, int]
    duration_s: float | None
    bit_rate: float
    loudness: np.ndarray | None


def read_film(path: str) -> Film:
    """What a film is without its pictures. Raises MissingExtra, PictureError."""
    with _opened(path) as container:
        track = container.streams.video[0]
        frame = next(container.decode(track), None)
        if frame is None:
            raise PictureError("broken", "the video is damaged: no frame of it can be decoded")
        size = _upright(frame).size
        return Film(size, _duration_s(container, track), float(container.bit_rate or 0), _loudness(path))


def read_frames_near(path: str, moment_s: float, within_s: float = 0.0) -> list[Image.Image]:
    """The upright frame at a moment, or all of them up to so many seconds before and after it. Raises MissingExtra, PictureError."""
    with _opened(path) as container:
        track = container.streams.video[0]
        start_s = float((track.start_time or 0) * track.time_base)
        container.seek(int((start_s + max(0.0, moment_s - within_s)) / track.time_base), stream=track)
        found: list[Image.Image] = []
        for count, frame in enumerate(container.decode(track)):
            at_s = (frame.time or 0.0) - start_s
            if at_s >= moment_s - within_s - 1e-6 or count >= MAX_FRAMES_PER_SEEK:
                found.append(_upright(frame))
            if found and at_s >= moment_s + within_s - 1e-6:
                break
        return found


@contextlib.contextmanager
def _opened(source: str | BinaryIO) -> Iterator[Any]:
    try:
        import av
    except ImportError as error:
        raise MissingExtra("The length and the picture of a video", "video") from error
    try:
        with av.open(source, mode="r") as container:
            if not container.streams.video:
                raise PictureError("not_a_picture", "it holds sound but no picture")
            yield container
    except PictureError:
        raise
    except Exception as error:  # FFmpeg's errors have many types, none of them ours to tell apart
        raise PictureError("broken", f"the video is damaged: {error}") from error


def _loudness(path: str) -> np.ndarray | None:
    import numpy as np

    with _opened(path) as container:
        if not container.streams.audio:
            return None
        track = container.streams.audio[0]
        levels: list[float] = []
        for frame in container.decode(track):
            if frame.time is not None and frame.time > HEARD_S:
                break
            sound = frame.to_ndarray().astype(np.float32)
            scale = 32768.0 if frame.format.name.startswith("s16") else 1.0
            levels.append(float(np.sqrt(np.mean((sound / scale) ** 2))))
        each = max(1, round(LOUDNESS_S * track.rate / max(1, frame.samples))) if levels else 1
        whole = len(levels) // each * each
        return np.array(levels[:whole], np.float32).reshape(-1, each).mean(axis=1) if whole else np.zeros(0, np.float32)
