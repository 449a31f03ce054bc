"""Pairs that wait for their proof, and what re-making has measured: kept by the contents of both files, so that it is measured once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...core.verdict.file_proof import Proof
from ..rows import in_parts, marks

METHOD = "remake/4"
"""Name and version of the measure: what another one measured is not believed."""

Contents = tuple[str, str]
"""The SHA-1 of two files, the lower first."""


@dataclass(frozen=True)
class WaitingPair:
    """A pair whose previews allow a copy, as it is stored. `content_a` is None when the bytes of a photo are not known."""

    photo_a: str
    photo_b: str
    distance_bits: int
    variant: str
    found_by: str
    content_a: str | None
    content_b: str | None

    @property
    def contents(self) -> Contents | None:
        """The SHA-1s of both, the lower first; None when one is unknown or both are one."""
        if not self.content_a or not self.content_b or self.content_a == self.content_b:
            return None
        return (self.content_a, self.content_b) if self.content_a < self.content_b else (self.content_b, self.content_a)


def read_waiting_pairs(conn: sqlite3.Connection) -> list[WaitingPair]:
    """All pairs that wait, in ascending order of their ids."""
    rows = conn.execute(
        """SELECT photo_a, photo_b, distance_bits, variant, found_by, a.sha1, b.sha1 FROM pairs
        JOIN photos a ON a.photo_id = photo_a JOIN photos b ON b.photo_id = photo_b
        WHERE wants_proof ORDER BY photo_a, photo_b"""
    )
    return [WaitingPair(*row) for row in rows]


def read_proofs(conn: sqlite3.Connection, waiting: Sequence[WaitingPair]) -> dict[tuple[str, str], Proof]:
    """What is known already of some pairs, by their photo ids."""
    wanted: dict[str, list[WaitingPair]] = {}
    for pair in waiting:
        if pair.contents:
            wanted.setdefault(pair.contents[0], []).append(pair)
    found: dict[tuple[str, str], Proof] = {}
    for part in in_parts(list(wanted)):
        sql = f"SELECT content_a, content_b, proof FROM remakings WHERE measured_by = ? AND content_a IN ({marks(part)})"
        for content_a, content_b, text in conn.execute(sql, [METHOD, *part]):
            for pair in wanted[content_a]:
                if pair.contents == (content_a, content_b):
                    found[pair.photo_a, pair.photo_b] = _of_photos(Proof.from_json(text), pair)
    return found


def save_proofs(conn: sqlite3.Connection, proofs: Mapping[WaitingPair, Proof] | Iterable[tuple[WaitingPair, Proof]]) -> None:
    """Keep what was measured on originals. What an unreachable file or a preview gave is not kept: it may be better next time."""
    items = proofs.items() if isinstance(proofs, Mapping) else proofs
    rows = [
        (*pair.contents, METHOD, _of_contents(proof, pair).as_json())
        for pair, proof in items
        if pair.contents and not proof.previews and (proof.remaking or proof.objection)
    ]
    conn.executemany(
        "INSERT OR REPLACE INTO remakings (content_a, content_b, measured_by, proof) VALUES (?, ?, ?, ?)",
        rows,
    )


def _of_contents(proof: Proof, pair: WaitingPair) -> Proof:
    """The holder as the checksum of its file."""
    known = {pair.photo_a: pair.content_a, pair.photo_b: pair.content_b}
    return replace(proof, holder=known.get(proof.holder or ""))


def _of_photos(proof: Proof, pair: WaitingPair) -> Proof:
    known = {pair.content_a: pair.photo_a, pair.content_b: pair.photo_b}
    return replace(proof, holder=known.get(proof.holder))
