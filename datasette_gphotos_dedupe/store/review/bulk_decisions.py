"""Deciding about many photos at once: by a filter, by upload, by ticked boxes; as one batch that can be taken back.

Everything is done in SQL, so 30,000 groups take seconds. Each photo is judged against the one that stays for it (`may_go`);
whatever is less than clear is refused by name and left for the person.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConflictError, GphotosError
from ...model import Refusal
from ..rows import AT_ONCE, marks
from ..writing import utc_now
from .decisions import finish_batch, read_group_states, refresh_decided_of
from .history import ROW_JSON, close_batch, open_batch, put_decision
from .may_go import LeavingVerdict, judge, reason_without_names
from .only_copy import broken_photos, do_watched
from .proof_sql import told_apart_sql

RULES = {
    "proved": "what is proved to be a copy of a photo that stays",
    "all_but_largest": "all but the largest of each group",
    "smaller_than_keeper": "everything smaller than the keeper",
    "ticked": "the chosen photos",
}
"""What of the photos in a scope is to go."""

SAMPLES = 6


@dataclass(frozen=True)
class Scope:
    """Which photos an act is about: those in groups that match `where` (SQL about `groups`), and of these, where it is said, those
    of one upload, of these groups, or with these ids. `rule` says which of them are to go (`RULES`).
    """

    rule: str = "proved"
    where: str = "1"
    params: Mapping[str, Any] = field(default_factory=dict)
    batch_id: str = ""
    group_ids: tuple[str, ...] | None = None
    photo_ids: tuple[str, ...] | None = None


@dataclass(frozen=True)
class AcceptPlan:
    """What an act would do: how many photos of how many groups, their bytes, some groups and photos to look at, and the refusals.

    `reasons` counts all `refused` photos by their reason; `refusals` names the first of them. `digest` stands for exactly these photos
    and the ones that stay for them: with it, what is confirmed is what was shown. `words` counts on whose word they go.
    """

    photos: int
    groups: int
    bytes: int
    sample: tuple[str, ...]  # group ids
    sample_photos: tuple[tuple[str, str], ...]  # photo that goes, photo that stays
    refusals: tuple[Refusal, ...]
    refused: int
    reasons: tuple[tuple[str, int], ...]
    words: tuple[tuple[str, int], ...]
    digest: str


@dataclass(frozen=True)
class BulkDone:
    """The batch that was saved, the photos in it, and how many were refused."""

    batch_id: int
    photos: int
    refused: int


_PIXELS = "coalesce({0}.width * {0}.height, 0)"
_OPEN = "m.role != 'keeper' AND NOT EXISTS (SELECT 1 FROM decisions AS o WHERE o.subject = m.photo_id)"
# What must hold of a member for each rule, and who stays for it. `k` is the keeper, `big` the largest of the group.
_RULES_SQL = {
    "proved": (f"{_OPEN} AND m.suggested = 'remove' AND m.role = 'copy'", "k.photo_id"),
    "smaller_than_keeper": (f"{_OPEN} AND {_PIXELS.format('p')} < {_PIXELS.format('k')}", "k.photo_id"),
    "ticked": (_OPEN, "k.photo_id"),
    "all_but_largest": (
        "m.photo_id != big.photo_id AND NOT EXISTS (SELECT 1 FROM decisions AS o WHERE o.subject = m.photo_id)",
        "big.photo_id",
    ),
}
_LARGEST = f"""JOIN (SELECT group_id, photo_id, row_number() OVER (
        PARTITION BY group_id ORDER BY {_PIXELS.format("p")} DESC, role = 'keeper' DESC, coalesce(p.bytes, 0) DESC, photo_id) AS place
      FROM group_members JOIN photos AS p USING (photo_id) WHERE group_id IN (SELECT group_id FROM scope)) AS big
      ON big.group_id = m.group_id AND big.place = 1"""


def _candidates(scope: Scope) -> str:
    """CTEs that end in `candidates`: each photo that the rule is about, once, in the group that says most of it, with who stays."""
    condition, stays = _RULES_SQL[scope.rule]
    photos = "SELECT photo_id FROM upload_photos WHERE upload_id = :batch_id" if scope.batch_id else ""
    if scope.photo_ids is not None:
        photos = "SELECT value FROM json_each(:photo_ids)"
    among = f"AND +m.photo_id IN ({photos})" if photos else ""  # a list to compare with, not one to walk for each group
    within = f"group_id IN (SELECT group_id FROM group_members WHERE photo_id IN ({photos}))" if photos else "1"
    if scope.group_ids is not None:
        within += " AND group_id IN (SELECT value FROM json_each(:group_ids))"
    return f"""scope AS (SELECT group_id FROM groups WHERE ({scope.where}) AND {within}),
    candidates AS (SELECT photo_id, group_id, stays_id FROM (
      SELECT m.photo_id, m.group_id, {stays} AS stays_id, row_number() OVER (
        PARTITION BY m.photo_id ORDER BY m.role = 'look_alike', m.group_id) AS place
      FROM scope JOIN groups AS g ON g.group_id = scope.group_id JOIN group_members AS m ON m.group_id = g.group_id
      JOIN photos AS p ON p.photo_id = m.photo_id JOIN photos AS k ON k.photo_id = g.keeper_id
      {_LARGEST if scope.rule == "all_but_largest" else ""}
      WHERE {condition} {among} AND NOT {told_apart_sql("p", "k")}) WHERE place = 1)"""


# What `_candidates` found, handed to SQL once more as a list: it is asked for many times.
_FOUND = """SELECT json_extract(value, '$[0]') AS photo_id, json_extract(value, '$[1]') AS group_id,
    json_extract(value, '$[2]') AS stays_id, 0 AS on_word FROM json_each(:found)"""

# Photos of one act must not rely on each other. The first reason that fits.
_CHAINS = f"""WITH candidates AS ({_FOUND}), going AS (SELECT photo_id FROM candidates)
    SELECT c.photo_id, c.group_id, CASE
      WHEN c.stays_id IN going THEN 'what is to stay for it is itself to go from another group'
      WHEN EXISTS (SELECT 1 FROM groups AS h WHERE h.keeper_id = c.photo_id AND h.group_id != c.group_id)
        THEN 'it is the keeper of another group'
      WHEN EXISTS (SELECT 1 FROM decisions AS r WHERE r.stays_id = c.photo_id AND r.decision = 'remove')
        THEN 'another photo was removed because it stays'
      WHEN EXISTS (SELECT 1 FROM group_members AS x JOIN groups AS h ON h.group_id = x.group_id
        WHERE x.photo_id = c.photo_id AND h.group_id != c.group_id AND (h.keeper_id IN going
          OR EXISTS (SELECT 1 FROM decisions AS r WHERE r.subject = h.keeper_id AND r.decision = 'remove')))
        THEN 'the keeper of another of its groups is removed' END
    FROM candidates AS c JOIN groups AS g ON g.group_id = c.group_id
    ORDER BY g.reclaimable_bytes DESC, c.group_id DESC, c.photo_id"""


@dataclass(frozen=True)
class _Judged:
    """A candidate, its group, and why it is refused: of the pair itself, or of what else the act does."""

    verdict: LeavingVerdict
    group_id: str
    chain: str | None

    @property
    def reason(self) -> str | None:
        return self.verdict.reason or self.chain

    @property
    def kind(self) -> str:
        """The reason without names, so that equal ones count together."""
        return reason_without_names(self.verdict.code) if self.verdict.code else self.chain or ""


def _judge(conn: sqlite3.Connection, scope: Scope) -> list[_Judged]:
    if scope.rule not in RULES:
        raise GphotosError(f"{scope.rule} is no rule to choose by. Known are {', '.join(RULES)}.")
    values = {**scope.params, "batch_id": scope.batch_id}
    for name in ("group_ids", "photo_ids"):
        values[name] = json.dumps(getattr(scope, name) or ())
    sql = f"WITH {_candidates(scope)} SELECT photo_id, group_id, stays_id FROM candidates"
    found: dict[str, object] = {"found": json.dumps([tuple(row) for row in conn.execute(sql, values)])}
    chains = conn.execute(_CHAINS, found).fetchall()
    verdicts = {verdict.photo_id: verdict for verdict in judge(conn, _FOUND, found)}
    return [_Judged(verdicts[photo_id], group_id, chain) for photo_id, group_id, chain in chains]


def plan_accept(conn: sqlite3.Connection, scope: Scope, refusals: int = 500) -> AcceptPlan:
    """What deciding `remove` for all photos of this scope would do. Reads only. Raises GphotosError for an unknown rule."""
    return _plan(_judge(conn, scope), refusals)


def _plan(judged: list[_Judged], refusals: int = 500) -> AcceptPlan:
    accepted = [one for one in judged if one.reason is None]
    refused = [one for one in judged if one.reason is not None]
    groups = list(dict.fromkeys(one.group_id for one in accepted))
    return AcceptPlan(
        photos=len(accepted),
        groups=len(groups),
        bytes=sum(one.verdict.bytes for one in accepted),
        sample=tuple(groups[:SAMPLES]),
        sample_photos=tuple((one.verdict.photo_id, one.verdict.stays_id or "") for one in _spread(accepted)),
        refusals=tuple(Refusal(one.verdict.photo_id, f"{one.verdict.name}: {one.reason}") for one in refused[:refusals]),
        refused=len(refused),
        reasons=tuple(Counter(one.kind for one in refused).most_common()),
        words=tuple(Counter(one.verdict.word or "" for one in accepted).most_common()),
        digest=_digest(accepted),
    )


def _spread(accepted: list[_Judged]) -> list[_Judged]:
    """Some of them from all over the list, not only those with most to gain."""
    return accepted[:: max(1, len(accepted) // SAMPLES)][:SAMPLES]


def _digest(accepted: list[_Judged]) -> str:
    told = "\n".join(sorted(f"{one.verdict.photo_id} {one.verdict.stays_id}" for one in accepted))
    return hashlib.sha256(told.encode("utf8", "surrogatepass")).hexdigest()[:16]


def save_accept(conn: sqlite3.Connection, scope: Scope, expected: int | str, actor: str | None, description: str) -> BulkDone:
    """Decide `remove` for every photo that `plan_accept` accepts, each with the photo that stays for it.

    `expected` is the digest of the plan that the person was shown, or the number of its photos; when it is another one now,
    ConflictError and nothing is changed.
    """
    judged = _judge(conn, scope)
    accepted, plan = [one for one in judged if one.reason is None], _plan(judged, 0)
    if expected not in (plan.photos, plan.digest):
        shown = (
            f"{expected:,} photos were shown to you" if isinstance(expected, int) else "The photos have changed since you looked"
        )
        raise ConflictError(f"Nothing was changed: {shown}, {plan.photos:,} match now. Look at them and confirm again.")
    if not accepted:
        raise GphotosError("Nothing was changed: no open photo here is suggested for removal, or may go.")
    _fill_chosen(conn, accepted)
    batch_id = open_batch(conn, actor, description)
    broken, known = do_watched(conn, lambda: _insert(conn, batch_id, actor), "chosen", judged=True)
    left_out = _take_back(conn, batch_id, [photo_id for photo_id, _ in broken], known)
    _finish(conn, batch_id)
    return BulkDone(batch_id, plan.photos - left_out, plan.refused + left_out)


def _fill_chosen(conn: sqlite3.Connection, accepted: list[_Judged]) -> None:
    conn.execute("DROP TABLE IF EXISTS temp.chosen")
    conn.execute("CREATE TEMP TABLE chosen (photo_id TEXT PRIMARY KEY, stays_id TEXT)")
    conn.executemany("INSERT INTO chosen VALUES (?, ?)", ((one.verdict.photo_id, one.verdict.stays_id) for one in accepted))


def _insert(conn: sqlite3.Connection, batch_id: int, actor: str | None) -> None:
    conn.execute(
        """INSERT INTO decisions
            (subject, decision, photo_id, content_a, actor, decided_at, batch_id, stays_id, content_stays)
        SELECT c.photo_id, 'remove', c.photo_id, p.sha1, ?, ?, ?, c.stays_id, s.sha1
        FROM chosen AS c JOIN photos AS p ON p.photo_id = c.photo_id JOIN photos AS s ON s.photo_id = c.stays_id
        ORDER BY c.photo_id""",
        [actor, utc_now(), batch_id],
    )


def _take_back(conn: sqlite3.Connection, batch_id: int, broken: list[str], known: frozenset[str]) -> int:
    """Leave out the photos of this batch around whatever breaks a safety rule with it; returns how many."""
    left_out = 0
    while broken:
        some = broken[:AT_ONCE]
        removed = conn.execute(
            f"""DELETE FROM decisions WHERE batch_id = ? AND photo_id IN (SELECT photo_id FROM group_members WHERE group_id IN (
                SELECT group_id FROM group_members WHERE photo_id IN ({marks(some)})))""",
            [batch_id, *some],
        ).rowcount
        if not removed:
            raise GphotosError("Nothing was changed: these suggestions contradict each other. Decide the groups one by one.")
        left_out += removed
        broken = [photo_id for photo_id, _ in broken_photos(conn, "chosen") if photo_id not in known]
    return left_out


def _finish(conn: sqlite3.Connection, batch_id: int) -> None:
    conn.execute(
        f"""INSERT INTO decision_history (batch_id, subject, before, after)
        SELECT batch_id, subject, NULL, {ROW_JSON.format("decisions")} FROM decisions WHERE batch_id = ?""",
        [batch_id],
    )
    refresh_decided_of(conn, "chosen")
    close_batch(conn, batch_id)
    conn.execute("DROP TABLE temp.chosen")


def save_groups_kept(conn: sqlite3.Connection, group_ids: Sequence[str], actor: str | None, description: str) -> int:
    """Decide `keep` for every open photo of these groups; returns the batch. Raises GphotosError when none is open."""
    members = [member for state in read_group_states(conn, group_ids) for member in state.members if not member["decision"]]
    if not members:
        raise GphotosError("Nothing was saved: every photo of these groups is decided already.")
    batch_id, now = open_batch(conn, actor, description), utc_now()

    def act() -> None:
        for member in members:
            row = {"decision": "keep", "photo_id": member["photo_id"], "content_a": member["sha1"]}
            put_decision(conn, batch_id, member["photo_id"], {**row, "actor": actor, "decided_at": now, "batch_id": batch_id})

    finish_batch(conn, batch_id, act, [member["photo_id"] for member in members])
    return batch_id
