"""What a person said about photos: choices, the keeper of a group, and the state that both leave behind.

Every act is one batch in one transaction: the rows, their history, the safety rules, the `decided` mark of the groups. The caller
opens the transaction and rolls it back on any error, so a refused act leaves nothing.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConflictError, GphotosError, NotFoundError
from ...model import DECISIONS, PAIR_DECISIONS
from ...schema.m009_waiting import FILL_ORIGINS
from ..rows import in_parts, marks, read_rows
from ..writing import utc_now
from .history import close_batch, open_batch, put_decision, read_decision
from .may_go import find_stays, read_pair_proofs
from .only_copy import do_safely, note_touched
from .proof_sql import pair_subject_sql
from .uploads import refresh_standings_of, refresh_uploads

_OPEN = f"""m.group_id = groups.group_id AND m.role != 'keeper'
    AND NOT EXISTS (SELECT 1 FROM decisions AS d WHERE d.subject = m.photo_id)
    AND NOT EXISTS (SELECT 1 FROM photos AS p JOIN photos AS k ON k.photo_id = groups.keeper_id
        JOIN decisions AS x ON x.subject = {pair_subject_sql("p", "k")} AND x.decision = 'not_duplicate'
        WHERE p.photo_id = m.photo_id)"""
# The plus sign: by the index of what is suggested SQLite would read all suggestions for every group.
_REFRESH = f"""UPDATE groups SET decided = NOT EXISTS (SELECT 1 FROM group_members AS m WHERE {_OPEN}),
    (waiting_count, waiting_bytes) = (SELECT count(*), coalesce(sum(w.bytes), 0)
        FROM group_members AS m JOIN photos AS w ON w.photo_id = m.photo_id WHERE +m.suggested = 'remove' AND {_OPEN})"""


@dataclass(frozen=True)
class Choice:
    """What a person says about one member: keep, remove, not_duplicate, same_picture, or None to take it back.

    `same_picture` says that it shows what the keeper shows; the member itself stays open. It is taken back by its opposite, by undo,
    or by `save_same_picture`.
    """

    photo_id: str
    decision: str | None
    note: str | None = None


@dataclass
class GroupState:
    """A group as stored now: its row, its members with what was decided, and `seen`, a token that changes when they do."""

    group: dict[str, Any]
    members: list[dict[str, Any]] = field(default_factory=list)

    @property
    def seen(self) -> str:
        """A digest of all that a decision about the group rests on: another one means that somebody else decided."""
        told = [[self.group["keeper_id"]]]
        for m in self.members:
            told.append([m["photo_id"], m["role"], m["decision"], m["note"], m["decided_at"], m["batch_id"]])
            told[-1] += [m["relation"], m["same_picture"]]  # who removes a photo has seen whether anything proves it
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    @property
    def keeper_id(self) -> str:
        """The photo that stays."""
        return str(self.group["keeper_id"])


def pair_subject(a: dict[str, Any], b: dict[str, Any]) -> str:
    """The subject under which a decision about two photos is kept: their content keys, in order."""
    return "|".join(sorted(photo["sha1"] or photo["photo_id"] for photo in (a, b)))


def read_group_states(conn: sqlite3.Connection, group_ids: Sequence[str], with_decisions: bool = True) -> list[GroupState]:
    """These groups in this order, those that are not there left out; keeper first among members, then by what they weigh."""
    mark = marks(group_ids)
    groups = read_rows(conn, f"SELECT * FROM groups WHERE group_id IN ({mark})", group_ids)
    states = {group["group_id"]: GroupState(group) for group in groups}
    members = f"""SELECT m.group_id, m.role, m.relation, m.reason, m.suggested, p.* FROM group_members AS m
        JOIN photos AS p ON p.photo_id = m.photo_id WHERE m.group_id IN ({mark})
        ORDER BY m.role != 'keeper', m.role, p.bytes DESC, m.photo_id"""
    for member in read_rows(conn, members, group_ids):
        member.update(decision=None, note=None, decided_at=None, actor=None, batch_id=None, as_keeper=0)
        member.update(stays_id=None, on_word=0, same_picture=0)
        states[member["group_id"]].members.append(member)
    if with_decisions:
        _add_decisions(conn, list(states.values()))
    return [states[group_id] for group_id in group_ids if group_id in states]


def read_group(conn: sqlite3.Connection, group_id: str, with_decisions: bool = True) -> GroupState:
    """One group. Raises NotFoundError."""
    states = read_group_states(conn, [group_id], with_decisions)
    if not states:
        raise NotFoundError(
            f"There is no group {group_id}. Groups change when photos are matched again: look it up in the queue."
        )
    return states[0]


def _add_decisions(conn: sqlite3.Connection, states: list[GroupState]) -> None:
    wanted: dict[str, list[dict[str, Any]]] = {}
    for state in states:
        keeper = next((m for m in state.members if m["photo_id"] == state.keeper_id), None)
        for member in state.members:
            wanted.setdefault(member["photo_id"], []).append(member)
            if keeper is not None and member is not keeper:
                wanted.setdefault(pair_subject(member, keeper), []).append(member)
    own = {member["photo_id"] for state in states for member in state.members}
    for part in in_parts(sorted(wanted, key=own.__contains__)):
        rows = read_rows(conn, f"SELECT * FROM decisions WHERE subject IN ({marks(part)})", part)
        for row in sorted(rows, key=lambda row: row["photo_b"] is None):  # what is said of a photo itself comes last, and counts
            for member in wanted[row["subject"]]:
                if row["decision"] == "same_picture":
                    member["same_picture"] = 1
                else:
                    member.update({key: row.get(key) for key in _SAID})


_SAID = ("decision", "note", "decided_at", "actor", "batch_id", "as_keeper", "stays_id", "on_word")


def refresh_decided(conn: sqlite3.Connection, group_ids: Iterable[str] | None = None) -> None:
    """Bring what the queue derives from groups up to date, for these groups or for all: what is decided and waits, texts, uploads.

    The caller holds the transaction.
    """
    if group_ids is None:
        conn.execute(_REFRESH)
        conn.execute(FILL_ORIGINS)
        save_group_text(conn)
        refresh_uploads(conn)
    else:
        conn.executemany(f"{_REFRESH} WHERE group_id = ?", [(group_id,) for group_id in group_ids])


def refresh_decided_of(conn: sqlite3.Connection, table: str) -> None:
    """The same for every group that has a photo of this temporary table."""
    conn.execute(
        f"""{_REFRESH} WHERE group_id IN (
            SELECT group_id FROM group_members WHERE photo_id IN (SELECT photo_id FROM {table}))"""
    )


def save_group_text(conn: sqlite3.Connection) -> None:
    """A searchable text for each group: to look through 30,000 of them takes milliseconds, through 200,000 photos it does not."""
    conn.execute("DELETE FROM group_text")
    conn.execute(
        """INSERT INTO group_text (group_id, text)
        SELECT m.group_id, group_concat(coalesce(p.filename, '') || char(10) || coalesce(p.description, '') || char(10)
            || coalesce((SELECT group_concat(title, char(10)) FROM album_photos JOIN albums USING (album_id)
                         WHERE album_photos.photo_id = m.photo_id), '') || char(10)
            || coalesce((SELECT group_concat(name, char(10)) FROM photo_people JOIN people USING (person_id)
                         WHERE photo_people.photo_id = m.photo_id), ''), char(10))
        FROM group_members AS m JOIN photos AS p USING (photo_id) GROUP BY m.group_id"""
    )


def check_seen(state: GroupState, seen: str) -> None:
    """Raise ConflictError when the group is not as it was `seen`, GphotosError when nothing was said of that."""
    if not seen:
        raise GphotosError(
            "Nothing was changed: the request does not say which state it saw. Send the group's `seen` value along."
        )
    if state.seen == seen:
        return
    latest = max((m for m in state.members if m["decided_at"]), key=lambda m: m["decided_at"], default=None)
    who = f" (last by {latest['actor'] or 'somebody'} at {latest['decided_at']})" if latest else ""
    raise ConflictError(
        f"Nothing was changed: this group was decided elsewhere since you opened it{who}. Look again and decide again."
    )


def save_choices(conn: sqlite3.Connection, group_id: str, choices: Sequence[Choice], actor: str | None, seen: str) -> int | None:
    """Store what a person said about members of one group; returns the batch, or None when nothing changes.

    Raises ConflictError when the group is not as it was `seen`, SafetyError when the only copy could be lost.
    """
    state = read_group(conn, group_id)
    check_seen(state, seen)
    members = {member["photo_id"]: member for member in state.members}
    changed = [choice for choice in choices if _differs(members, choice)]
    if not changed:
        return None
    names = ", ".join(f"{members[c.photo_id]['filename']}: {_words(c.decision)}" for c in changed[:3])
    batch_id = open_batch(conn, actor, names + (f" and {len(changed) - 3} more" if len(changed) > 3 else ""))

    keeper = members[state.keeper_id]
    said = _Said(actor, {pair_subject(members[c.photo_id], keeper) for c in choices if c.decision == "not_duplicate"})

    def act() -> None:
        _find_who_stays(conn, state, changed, said)
        for choice in changed:
            _save_choice(conn, batch_id, members[choice.photo_id], keeper, choice, said)
        _point_elsewhere(conn, batch_id, state, [choice.photo_id for choice in changed if choice.decision == "remove"])

    finish_batch(conn, batch_id, act, [choice.photo_id for choice in changed] + [state.keeper_id])
    return batch_id


@dataclass
class _Said:
    """What is said in one breath: by whom, pairs told apart, and for each photo that goes who stays, and whether that is proved."""

    actor: str | None
    told_apart: set[str]
    stays: dict[str, str | None] = field(default_factory=dict)
    proofs: dict[str, str | None] = field(default_factory=dict)
    contents: dict[str, str | None] = field(default_factory=dict)

    def columns(self, photo_id: str) -> dict[str, Any]:
        """What a decision to remove keeps of the photo that stays."""
        stays = self.stays.get(photo_id)
        on_word = int(stays is not None and self.proofs.get(photo_id) is None)
        return {"stays_id": stays, "content_stays": self.contents.get(stays or ""), "on_word": on_word}


def _find_who_stays(conn: sqlite3.Connection, state: GroupState, changed: list[Choice], said: _Said) -> None:
    now = {choice.photo_id: choice.decision for choice in changed if choice.decision != "same_picture"}
    removed = [photo_id for photo_id, decision in now.items() if decision == "remove"]
    going = [m["photo_id"] for m in state.members if now.get(m["photo_id"], m["decision"]) == "remove"]
    said.stays = find_stays(conn, state.group["group_id"], removed, going)
    said.proofs = read_pair_proofs(conn, said.stays)
    said.contents = {member["photo_id"]: member["sha1"] for member in state.members}


def _point_elsewhere(conn: sqlite3.Connection, batch_id: int, state: GroupState, removed: list[str]) -> None:
    """Members that were removed because one of these stays: give them another one, where it is proved to show the same.

    Where nothing proves it, the safety rules name them and nothing is changed.
    """
    mark = marks(removed)
    rows = read_rows(
        conn,
        f"""SELECT d.* FROM decisions AS d JOIN group_members AS m ON m.photo_id = d.photo_id AND m.group_id = ?
        WHERE d.decision = 'remove' AND d.stays_id IN ({mark})""",
        [state.group["group_id"], *removed],
    )
    going = [m["photo_id"] for m in state.members if m["decision"] == "remove"] + removed
    stays = find_stays(conn, state.group["group_id"], [row["photo_id"] for row in rows], going)
    proofs = read_pair_proofs(conn, stays)
    contents = {member["photo_id"]: member["sha1"] for member in state.members}
    for row in rows:
        other = stays[row["photo_id"]]
        if other and proofs[row["photo_id"]]:
            put_decision(
                conn, batch_id, row["subject"], {**row, "stays_id": other, "content_stays": contents[other], "on_word": 0}
            )


def _words(decision: str | None) -> str:
    return {"not_duplicate": "not the same picture", "same_picture": "the same picture", None: "undecided"}.get(
        decision, str(decision)
    )


def _differs(members: dict[str, dict[str, Any]], choice: Choice) -> bool:
    member = members.get(choice.photo_id)
    if member is None:
        raise GphotosError(f"Nothing was changed: {choice.photo_id} is not a photo of this group.")
    if choice.decision is not None and choice.decision not in DECISIONS:
        raise GphotosError(f"Nothing was changed: {choice.decision!r} is not a decision. Say {', '.join(DECISIONS)}.")
    if choice.decision in PAIR_DECISIONS and member["role"] == "keeper":
        raise GphotosError(
            f"Nothing was changed: {member['filename']} is the keeper; say of the others that they are {_words(choice.decision)}."
        )
    if choice.decision == "same_picture":
        return not member["same_picture"]
    if choice.note and choice.decision is None:
        raise GphotosError(f"Nothing was changed: a note belongs to a decision. Decide about {member['filename']} as well.")
    return (member["decision"], member["note"]) != (choice.decision, choice.note or None)


def _save_choice(
    conn: sqlite3.Connection, batch_id: int, member: dict[str, Any], keeper: dict[str, Any], choice: Choice, said: _Said
) -> None:
    """One row speaks for a member: its own, or the one of the pair with its keeper. `same_picture` stands beside its own.

    That of a pair is shared by members of the same bytes. What was said of another one, or is said in the same breath, is not lost by
    deciding about this one.
    """
    about_pair = choice.decision in PAIR_DECISIONS
    row = {
        "decision": choice.decision,
        "photo_id": member["photo_id"],
        "content_a": member["sha1"],
        "note": choice.note or None,
        "actor": said.actor,
        "decided_at": utc_now(),
        "batch_id": batch_id,
        "as_keeper": int(member["as_keeper"] and choice.decision == "keep"),
    }
    if choice.decision == "remove":
        row |= said.columns(member["photo_id"])
    if member["photo_id"] != keeper["photo_id"]:
        subject = pair_subject(member, keeper)
        if about_pair:
            _forget_said(conn, batch_id, subject, member["photo_id"], keeper["photo_id"])
            put_decision(conn, batch_id, subject, {**row, "photo_b": keeper["photo_id"], "content_b": keeper["sha1"]})
        elif subject not in said.told_apart and _may_take_back(read_decision(conn, subject), member, choice):
            put_decision(conn, batch_id, subject, None)
    if choice.decision != "same_picture":
        put_decision(conn, batch_id, member["photo_id"], None if about_pair or choice.decision is None else row)


def _forget_said(conn: sqlite3.Connection, batch_id: int, subject: str, photo_id: str, keeper_id: str) -> None:
    """What was said of this pair while its bytes were not known, or others: the newest word counts."""
    sql = "SELECT subject FROM decisions WHERE photo_id = ? AND photo_b = ? AND subject != ?"
    for a, b in ((photo_id, keeper_id), (keeper_id, photo_id)):
        for (other,) in conn.execute(sql, [a, b, subject]).fetchall():
            put_decision(conn, batch_id, other, None)


def _may_take_back(said: dict[str, Any] | None, member: dict[str, Any], choice: Choice) -> bool:
    """Whether this choice about the member takes back that it is not the same picture as its keeper."""
    if said is None or said["decision"] != "not_duplicate":
        return False
    undecided = choice.decision is None and member["decision"] == "not_duplicate"
    return undecided or bool(said["photo_id"] == member["photo_id"])


def save_same_picture(
    conn: sqlite3.Connection, group_id: str, photo_id: str, actor: str | None, seen: str, said: bool = True
) -> int | None:
    """Record that this member shows what its keeper shows, or take that back; returns the batch, or None when nothing changes.

    Kept on the content of both, so that it outlives new ids. From then on the keeper counts as a copy that survives it, on the
    person's word. Raises ConflictError, SafetyError when a removal relies on what is taken back.
    """
    if said:
        return save_choices(conn, group_id, [Choice(photo_id, "same_picture")], actor, seen)
    state = read_group(conn, group_id)
    check_seen(state, seen)
    member = next((m for m in state.members if m["photo_id"] == photo_id), None)
    if member is None:
        raise GphotosError(f"Nothing was changed: {photo_id} is not a photo of this group.")
    if not member["same_picture"]:
        return None
    keeper = next(m for m in state.members if m["photo_id"] == state.keeper_id)
    batch_id = open_batch(conn, actor, f"{member['filename']}: no longer called the same picture")
    subject = pair_subject(member, keeper)
    finish_batch(conn, batch_id, lambda: put_decision(conn, batch_id, subject, None), [photo_id, state.keeper_id])
    return batch_id


def finish_batch(conn: sqlite3.Connection, batch_id: int, act: Callable[[], None], photo_ids: Sequence[str]) -> None:
    """Do what an open batch does about these photos, safely; then the mark of their groups and the count of the batch."""
    note_touched(conn, photo_ids)
    do_safely(conn, act)
    refresh_decided_of(conn, "touched")
    refresh_standings_of(conn, "touched")
    close_batch(conn, batch_id)


def save_suggestion(conn: sqlite3.Connection, group_id: str, actor: str | None, seen: str) -> int | None:
    """Accept what is suggested for the members of one group that are still open."""
    state = read_group(conn, group_id)
    choices = [Choice(m["photo_id"], "remove") for m in state.members if m["suggested"] == "remove" and m["decision"] is None]
    if not choices:
        check_seen(state, seen)
        raise GphotosError("Nothing was saved: this group is decided already, or nothing in it is proved. Go to the next.")
    return save_choices(conn, group_id, choices, actor, seen)


def save_all_kept(conn: sqlite3.Connection, group_id: str, actor: str | None, seen: str) -> int | None:
    """Keep every member of one group that is still open: what a series of different shots, or a doubt, comes to."""
    state = read_group(conn, group_id)
    choices = [Choice(m["photo_id"], "keep") for m in state.members if m["decision"] is None]
    if not choices:
        check_seen(state, seen)
        raise GphotosError("Nothing was changed: every photo of this group is decided.")
    return save_choices(conn, group_id, choices, actor, seen)
