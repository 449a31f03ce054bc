"""What a plot shows, in one line: the heading above it. Pure."""

from __future__ import annotations

_SHARES = (
    (0.97, "Nearly all"),
    (0.75, "Most"),
    (0.69, "More than two thirds"),
    (0.62, "Nearly two thirds"),
    (0.53, "More than half"),
    (0.47, "About half"),
    (0.36, "More than a third"),
    (0.3, "About a third"),
    (0.23, "About a quarter"),
)


def share(part: float, whole: float) -> str | None:
    """How large a part is, in words; None when it is too small to be spoken of."""
    return next((text for least, text in _SHARES if whole and part / whole >= least), None)


def kinds(rows: list[tuple[str, str, float]]) -> str | None:
    """Of bars by kind, as (name, label, value)."""
    if not rows:
        return None
    _, label, most = max(rows, key=lambda row: row[2])
    told = share(most, sum(row[2] for row in rows))
    if len(rows) == 1:
        return f"All of it is of one kind: {label.lower()}"
    return (
        f"{told} of the space is of one kind: {label.lower()}" if told else f"Most of the space is of the kind: {label.lower()}"
    )


def years(stacks: dict[str, dict[str, float]]) -> str | None:
    """Of columns by year."""
    sums = {year: sum(stack.values()) for year, stack in stacks.items()}
    if not sums:
        return None
    year = max(sums, key=lambda name: sums[name])
    told, named = share(sums[year], sum(sums.values())), "without a date" if year == "no date" else f"of {year}"
    return f"{told} of it is {named}" if told else f"The most is {named}"


def distances(stacks: dict[str, dict[str, float]]) -> str | None:
    """Of columns of pairs by differing bits."""
    sums = {bits: sum(stack.values()) for bits, stack in stacks.items()}
    if not sums:
        return None
    bits = max(sums, key=lambda name: sums[name])
    told = share(sums[bits], sum(sums.values())) or "The most"
    return f"{told} of the pairs differ in {bits.replace('-', ' to ')} bits"
