"""What an export lacks, as far as its files tell: parts, pictures of sidecars, sidecars of pictures. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ...formatting import count

AGAIN = "Download what is missing and run the same command with all parts; photos already read are not read again."


def missing_numbers(parts: Iterable[int]) -> list[int]:
    """The numbers that the parts of one export leave out below their highest."""
    given = set(parts)
    return sorted(set(range(1, max(given) + 1)) - given) if given else []


def missing_part_text(gaps: list[int], dangling: int) -> str | None:
    """What to say of an export with these gaps and so many sidecars without a picture; None when it lacks nothing."""
    dangle = "1 sidecar describes a picture" if dangling == 1 else f"{dangling:,} sidecars describe pictures"
    after = f": {dangle} that no given part holds" if dangling else ""
    if gaps:
        names = ", ".join(f"{part:03d}" for part in gaps)
        what = f"Part {names} of this export is" if len(gaps) == 1 else f"Parts {names} of this export are"
        return f"{what} missing{after}. {AGAIN}"
    if dangling:
        return (
            f"A part of this export seems to be missing{after}. {AGAIN} If you gave all parts, Google left "
            "something out, as it may in a scheduled export of what is new."
        )
    return None


def unmatched_text(number: int) -> str | None:
    """What to say of so many pictures and videos of the library's own folders that no sidecar describes."""
    if not number:
        return None
    has, its, is_ = ("has", "its", "It is") if number == 1 else ("have", "their", "They are")
    return (
        f"{count(number, 'picture or video', 'pictures or videos')} {has} no sidecar in the given parts, so {its} date comes from "
        f"the file itself, and place and link may be unknown. {is_} imported all the same."
    )
