"""Plots as inline SVG. Pure: labels and numbers in, markup out. Colours are classes, so that the page's style sheet and a dark
screen decide; every plot has a title for those who cannot see it, and its numbers stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup, escape

WIDTH = 460
ROW = 30
HEIGHT = 210
LEFT, RIGHT, TOP, BOTTOM = 64, 10, 10, 34
MOST_LABELS = 6
WIDEST_COLUMN = 40

Number = Callable[[float], str]


def bars(title: str, rows: list[tuple[str, str, float]], number: Number) -> Markup:
    """Horizontal bars: rows of (class, label, value), drawn in that order."""
    most = max((value for _, _, value in rows), default=0) or 1
    label_width, value_width = 140, 66
    parts = []
    for place, (name, label, value) in enumerate(rows):
        y = place * ROW
        length = (WIDTH - label_width - value_width) * value / most
        parts.append(
            Markup(
                '<text x="{}" y="{}" text-anchor="end">{}</text>'
                '<rect class="{}" x="{}" y="{}" width="{:.1f}" height="{}" rx="2"/><text class="gp-value" x="{:.1f}" y="{}">{}</text>'
            ).format(
                *(label_width - 8, y + 20, label),
                *(f"r-{name}{' gp-first' if value == most else ''}", label_width, y + 3, max(length, 1), ROW - 6),
                *(label_width + max(length, 1) + 6, y + 20, number(value)),
            )
        )
    return _svg(title, max(ROW, len(rows) * ROW), parts)


def columns(title: str, stacks: dict[str, dict[str, float]], order: tuple[str, ...], number: Number) -> Markup:
    """Stacked columns: label to class to value. Classes are stacked from the bottom in `order`."""
    most = max((sum(stack.values()) for stack in stacks.values()), default=0) or 1
    top = nice_ceiling(most)
    inner, across = HEIGHT - TOP - BOTTOM, WIDTH - LEFT - RIGHT
    step = min(WIDEST_COLUMN, across / max(1, len(stacks)))
    parts = [_grid(top * part / 4, TOP + inner * (1 - part / 4), number) for part in range(5)]
    every = -(-len(stacks) // MOST_LABELS) or 1
    for place, (label, stack) in enumerate(stacks.items()):
        x, y = LEFT + place * step, float(TOP + inner)
        for name in order:
            if stack.get(name):
                height = inner * stack[name] / top
                y -= height
                shown = f"{name} gp-first" if sum(stack.values()) == most else name
                parts.append(_column(shown, x + step * 0.1, y, step * 0.8, height, f"{label}: {number(stack[name])}"))
        if place % every == 0:
            parts.append(
                Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(x + step / 2, HEIGHT - 14, label)
            )
    return _svg(title, HEIGHT, parts)


def _column(name: str, x: float, y: float, width: float, height: float, told: str) -> Markup:
    return Markup('<rect class="r-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>').format(
        name, x, y, width, height, told
    )


def _grid(value: float, y: float, number: Number) -> Markup:
    return Markup('<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
        LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, number(value)
    )


def _svg(title: str, height: int, parts: list[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>').format(WIDTH, height, title, title)
    return head + Markup("").join(escape(part) for part in parts) + Markup("</svg>")


def nice_ceiling(value: float) -> float:
    """The next of 1, 2, 4 or 8 times a power of ten, so that quarters of it are easy to read."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * step for step in (1, 2, 4, 8, 10, 20) if power * step >= value)
