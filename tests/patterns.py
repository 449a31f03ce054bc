"""Every regular expression of the package, and texts made to stall it: from its own parts, in growing numbers."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise, product
from pathlib import Path
from typing import Any

try:
    from re import _constants as constants
    from re import _parser as parser
except ImportError:  # Python 3.10
    import sre_constants as constants  # type: ignore[no-redef]
    import sre_parse as parser  # type: ignore[no-redef]

PACKAGE = Path(__file__).parent.parent / "datasette_gphotos_dedupe"
CALLS = frozenset(("compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"))
ENDS = ("!", "")
SIZES = (100, 1_000, 10_000)
FIRST_SIZES = (20, 25, 31, 39, 48, 60, 75)  # what doubles with every character is met here, while it still ends
STALLED_S = 0.1
SEEN_S = 0.005  # shorter times say nothing about how they grow
LINEAR = 25  # ten times the text may take so many times as long; a square takes 100 times


@dataclass(frozen=True)
class Found:
    """A regular expression and where it stands: `sources/takeout/naming.py:29`."""

    where: str
    pattern: re.Pattern


def read_patterns() -> list[Found]:
    """Every one that is compiled or used, by the source; and the patterns of the addresses, which Datasette compiles."""
    from datasette_gphotos_dedupe.web.site.routes import ROUTES

    found = [pattern for path in sorted(PACKAGE.rglob("*.py")) for pattern in _read_module(path)]
    return found + [Found(f"route {route.name}", re.compile(route.pattern)) for route in ROUTES]


def _read_module(path: Path) -> Iterator[Found]:
    place = path.relative_to(PACKAGE)
    tree = ast.parse(path.read_text(encoding="utf8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_of_re(node.func)]
    hidden = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "re"]
    assert not hidden, f"{place} imports from re, where nothing finds its patterns"
    if calls:
        names = vars(importlib.import_module(".".join((PACKAGE.name, *place.with_suffix("").parts))))
        for call in calls:
            arguments = [*call.args[:1], *_flags(call)]
            try:
                pattern, *flags = (eval(compile(ast.Expression(argument), str(place), "eval"), names) for argument in arguments)
            except NameError as error:
                raise AssertionError(
                    f"{place}:{call.lineno} makes a pattern at run time, which nobody can time: {error}"
                ) from None
            compiled = pattern if isinstance(pattern, re.Pattern) else re.compile(pattern, *flags)
            yield Found(f"{place}:{call.lineno}", compiled)


def _is_of_re(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in CALLS and isinstance(node.value, ast.Name) and node.value.id == "re"


def _flags(call: ast.Call) -> list[ast.expr]:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    return named or (call.args[1:2] if call.func.attr == "compile" else [])  # type: ignore[attr-defined]


def hostile_texts(pattern: re.Pattern) -> Iterator[Callable[[int], Any]]:
    """Functions from a length to a text of about that length: a beginning that matches, one part again and again, a bad end."""
    text = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = parser.parse(text, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    starts, pumps = {""}, set()
    _collect(tree, "", starts, pumps)
    for start, pump, end in product(sorted(starts), sorted(pumps), ENDS):
        yield _grown(start, pump, end, isinstance(pattern.pattern, bytes))


def _grown(start: str, pump: str, end: str, in_bytes: bool) -> Callable[[int], Any]:
    def grow(length: int):
        text = start + pump * (length // len(pump)) + end
        return text.encode("latin-1", "replace") if in_bytes else text

    return grow


def _collect(tree: Any, before: str, starts: set[str], pumps: set[str]) -> None:
    """The beginnings that lead up to each part, the parts, and each two of them that follow each other."""
    tree = [
        list(run) for _, run in groupby(tree, key=lambda node: node[0] is constants.LITERAL or object())
    ]  # a word is one part
    samples = [_sample(run) for run in tree]
    for a, b in pairwise(samples):
        pumps.add(a + b)
    pumps.add("".join(samples))
    for run, sample in zip(tree, samples, strict=True):
        starts.add(before)
        pumps.add(sample)
        for inner in _inner(run[0]):
            _collect(inner, before, starts, pumps)
        before += sample
    pumps.discard("")


def _inner(node: Any) -> list[Any]:
    """The trees within a node."""
    kind, told = node
    if kind in _REPEATS:
        return [told[2]]
    if kind is constants.SUBPATTERN:
        return [told[3]]
    if kind is constants.BRANCH:
        return list(told[1])
    return [told[1]] if kind in (constants.ASSERT, constants.ASSERT_NOT) else []


_REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, getattr(constants, "POSSESSIVE_REPEAT", None))
_CATEGORIES = {
    constants.CATEGORY_DIGIT: "7",
    constants.CATEGORY_NOT_DIGIT: "x",
    constants.CATEGORY_SPACE: " ",
    constants.CATEGORY_NOT_SPACE: "x",
    constants.CATEGORY_WORD: "w",
    constants.CATEGORY_NOT_WORD: "-",
}


def _sample(tree: Any) -> str:
    """A short text that these nodes match."""
    return "".join(_sample_of(kind, told) for kind, told in tree)


def _sample_of(kind: Any, told: Any) -> str:
    if kind is constants.LITERAL:
        return chr(told)
    if kind is constants.NOT_LITERAL:
        return "x" if told != ord("x") else "y"
    if kind is constants.ANY:
        return "a"
    if kind is constants.IN:
        return _member(told)
    if kind in _REPEATS:
        return _sample(told[2]) * max(1, told[0])
    if kind is constants.SUBPATTERN:
        return _sample(told[3])
    if kind is constants.BRANCH:
        return _sample(told[1][0])
    return ""


def _member(choices: Any) -> str:
    """A character of a class; for one that excludes, the first letter that it lets in."""
    kind, told = choices[0]
    if kind is constants.NEGATE:
        barred = re.compile("[" + "".join(re.escape(chr(code)) for code in _codes(choices[1:])) + "]")
        return next(letter for letter in "a1 -_!x" if not barred.match(letter))
    if kind is constants.LITERAL:
        return chr(told)
    return chr(told[0]) if kind is constants.RANGE else _CATEGORIES[told]


def _codes(choices: Any) -> Iterator[int]:
    for kind, told in choices:
        if kind is constants.LITERAL:
            yield told
        elif kind is constants.RANGE:
            yield from range(told[0], told[1] + 1)


USES: tuple[Callable[[re.Pattern, Any], Any], ...] = (
    lambda pattern, text: pattern.match(text),
    lambda pattern, text: pattern.search(text),
    lambda pattern, text: pattern.fullmatch(text),
    lambda pattern, text: pattern.sub(text[:0], text),
)


def time_pattern(pattern: re.Pattern) -> tuple[dict[int, float], str | None]:
    """The longest times in seconds by length of text, and a text (shortened) on which it stalls or takes more than linear time."""
    worst = dict.fromkeys(SIZES, 0.0)
    for grow in hostile_texts(pattern):
        for use in USES:
            for size in (*FIRST_SIZES, *SIZES):
                text = grow(size)
                taken = _time(use, pattern, text)
                worst[size] = max(worst.get(size, 0.0), taken) if size in SIZES else 0.0
                if taken > STALLED_S and min(taken, _time(use, pattern, text)) > STALLED_S:
                    return worst, f"{text[:60]!r}... of {len(text)} characters takes {taken:.2f} s"
            if _grows_faster(use, pattern, grow):
                return worst, f"{grow(60)!r}: ten times as long takes more than {LINEAR} times as long"
    return {size: worst[size] for size in SIZES}, None


def _grows_faster(use: Callable, pattern: re.Pattern, grow: Callable[[int], Any]) -> bool:
    short, long = grow(SIZES[-2]), grow(SIZES[-1])
    if _time(use, pattern, long) < SEEN_S:
        return False
    return min(_time(use, pattern, long) for _ in range(3)) > LINEAR * min(_time(use, pattern, short) for _ in range(3))


def _time(use: Callable, pattern: re.Pattern, text: Any) -> float:
    begun = time.thread_time()
    use(pattern, text)
    return time.thread_time() - begun
