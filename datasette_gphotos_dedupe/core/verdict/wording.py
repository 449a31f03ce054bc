"""A verdict in words: which copy it is, what was changed, why nothing is proved. Each answer is a relation and a sentence."""

from __future__ import annotations

from ..pictures.hash_variants import BY_NAME
from .compared_photo import Subject
from .measures import COLOUR, LUMA, ON_PURPOSE, SAME_LEFT, WORST, WORST_COLOUR, all_allow, beyond
from .pair_facts import Case, is_raw, objection, shows_enough, span

SERIES_GAP_S = 600.0
TURNED = frozenset({"rot90", "rot180", "rot270"})
FORMATS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
    "heic": "HEIC",
    "heif": "HEIC",
    "avif": "AVIF",
    "gif": "GIF",
    "tiff": "TIFF",
    "bmp": "BMP",
}


def two_shots(case: Case) -> tuple[str, str]:
    """Two exposures: of one series, or only alike."""
    gap = case.witness.time_gap_s
    counted_on = case.witness.same_name is False and case.witness.same_time is not False
    near = counted_on or (gap is not None and gap <= SERIES_GAP_S)
    series = near and case.witness.same_camera is not False
    return ("series" if series else "look_alike"), objection(case) or ""


def turned(case: Case) -> tuple[str, str]:
    """The same on its side, or reversed."""
    return ("turned" if case.variant in TURNED else "mirrored"), f"They agree when one is changed by {case.variant}."


def copy(case: Case) -> tuple[str, str]:
    """Which kind of copy it is."""
    copy, holder = case.copy, case.holder
    pixels = [(one.width or 0) * (one.height or 0) for one in (copy, holder)]
    saved = f"saved as {_format(copy)}"
    if is_raw(holder) != is_raw(copy):
        return "raw_and_jpeg", f"{_name(copy)} is the picture that the camera put into {_name(holder)}."
    if pixels[0] < 0.9 * pixels[1]:
        return "smaller_copy", f"{_name(copy)} is what you get when {_name(holder)} is scaled down and {saved}."
    if copy.mime_type != holder.mime_type:
        return "other_format", f"{_name(copy)} is what you get when {_name(holder)} is {saved}."
    return "re_encode", f"{_name(copy)} is what you get when {_name(holder)} is saved again as {_format(copy)}."


def _name(subject: Subject) -> str:
    return subject.filename or subject.photo_id


def _format(subject: Subject) -> str:
    kind = (subject.mime_type or "").rpartition("/")[2]
    return FORMATS.get(kind, kind or "another file")


def cropped(case: Case) -> tuple[str, str]:
    """One shows a part of the other."""
    kept = min(case.kept, case.remaking.kept) if case.remaking else case.kept
    return "crop", f"One shows only {kept:.0%} of a side of the other."


def edited(case: Case) -> tuple[str, str]:
    """Changed all over on purpose."""
    words = beyond(ON_PURPOSE, case.remaking) if case.remaking else []
    return "edited", f"{_name(case.copy)} can be made again from {_name(case.holder)}, but {' and '.join(words)}."


def retouched(case: Case) -> tuple[str, str]:
    """Changed in one place."""
    times = max(case.remaking.worst, case.remaking.worst_colour) if case.remaking else 0.0
    return "edited", f"One place was changed: {times:.0f} times as much is left there as the encoder leaves."


def near(case: Case) -> tuple[str, str]:
    """Alike, and taken near each other or not."""
    gap = case.witness.time_gap_s
    if gap is not None and 0 < gap <= SERIES_GAP_S and case.witness.both_clocks:
        return "series", f"They were taken {span(gap)} apart and show one scene."
    return "look_alike", "They show something alike, but not the same in many places."


def changed(case: Case) -> tuple[str, str]:
    """One exposure by all that is known, and not to be made again."""
    return "edited", f"One was changed: {_what_changed(case)}."


def _what_changed(case: Case) -> str:
    difference = case.difference
    words = []
    if difference.saturation < 0.62:
        words.append("its colour was taken away or raised")
    if difference.tone > 36 or not 1 / 1.5 <= difference.contrast <= 1.5:
        words.append("brightness or contrast moved far")
    if difference.cast > 14 or difference.worst_colour > 14:
        words.append("colours differ")
    if difference.spot > 2.4 or difference.colour_spot > 1.9:
        times = max(difference.spot, difference.colour_spot)
        words.append(f"a small place differs {times:.1f} times as much as nearly all others")
    if difference.bad_share > 0:
        words.append(f"{max(difference.bad_share, 0.001):.1%} of the picture differs locally")
    return ", ".join(words) or "fine structure differs"


def unproved(case: Case) -> tuple[str, str]:
    """Nothing speaks against a copy, and nothing proves it."""
    return "look_alike", f"Nothing proves that this is the same shot: {_why_unproved(case)}."


def _why_unproved(case: Case) -> str:
    if case.a.kind == "video":
        return case.proof.trouble if case.proof and case.proof.trouble else "the films could not be compared along their length"
    if case.proof is None:
        return "it was not made again"
    remaking = case.remaking
    if remaking is None:
        return case.proof.trouble or "there are too few pixels to tell"
    if case.proof.previews and all_allow(SAME_LEFT, remaking):
        return f"only its preview of {remaking.px} pixels could be compared"
    if not shows_enough(case):
        return "there is too little to be seen in it"
    beyond_whole = max(remaking.luma / LUMA, remaking.colour / COLOUR)
    if max(remaking.worst / WORST, remaking.worst_colour / WORST_COLOUR) > beyond_whole:
        left = f"{max(remaking.worst, remaking.worst_colour):.1f} times as much is left in one place"
    else:
        left = f"{max(remaking.luma, remaking.colour):.1f} times as much is left"
    return f"when it is made again from the other, {left} as its encoder leaves"


def measured(case: Case) -> str:
    """What the previews say where no original could be opened."""
    difference = case.difference
    apart = f"{case.distance_bits} of 256 bits apart"
    met = f"Their names or clocks met, not their hashes ({apart})" if case.variant == BY_NAME else f"Hashes {apart}"
    worst = max(difference.worst_block, difference.worst_shade)
    previews = (
        f"on the previews the grey differs by {difference.pixel:.1f} of 255, the worst place by {worst:.2f} times what is usual"
    )
    remaking = case.remaking
    if remaking is None:
        return f"{met}; {previews}."
    on_previews = f" of their previews, because {case.proof.trouble}" if case.proof and case.proof.previews else ""
    return (
        f"{met}; made again at {remaking.px} pixels{on_previews}, {remaking.luma:.2f} times as much is left as the encoder leaves, "
        f"{remaking.worst:.1f} times in the worst place, {remaking.worst_colour:.1f} times in the colours; {previews}."
    )
