"""May this photo go? The one answer for the terminal, the queue, a decision, an accepted batch and a push.

Asked of exactly one pair: the photo, and the one that stays for it. Pixels prove it, or a person's word does; what objects is named.
All of it is SQL over any rows of (photo_id, stays_id, on_word), so that ten thousand are answered at once; the same is written a
second time in the plainest Python in the tests.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ...core.content_key import dedup_key_of, sha1_of
from ...core.groups.keeper import ABOUT_EQUAL
from ...core.groups.one_item import may_be_one_item
from ...model import NOT_IN_GOOGLE
from .proof_sql import between, listed, proved_sql, said_same_sql, told_apart_sql, word_sql

REASONS = {
    "gone": "it is not in this database any more",
    "trashed": "it is in the trash already",
    "album_only": "it was seen only in an album folder and may be somebody else's photo",
    "alone": "it has no keeper any more: no other photo is known to show the same picture",
    "told_apart": "it was said not to be the same picture as its keeper {stays}",
    "stays_removed": "its keeper {stays} is decided 'remove' too",
    "stays_pushed": "its keeper {stays} was itself put into an album for deletion",
    "stays_trashed": "its keeper {stays} is in the trash",
    "stays_album_only": "its keeper {stays} was seen only in an album folder and may be somebody else's photo",
    "stays_on_disk": "its keeper {stays} lies in a folder on disk and not in Google Photos",
    "one_content": "it has the same bytes as its keeper {stays}, and Google trashes both together",
    "stays_leaves": "its keeper {stays} has the same bytes as {twin}, which is to be deleted, and Google trashes both",
    "twin_stays": "{twin}, which stays, has the same bytes, and Google trashes both together",
    "one_item": "it may be the very photo that is its keeper {stays}, seen through two sources ({sources})",
    "larger": "its keeper {stays} holds less, so what only this one shows would be lost",
    "unproved": "nothing proves that it shows the same picture as its keeper {stays}, so it may be the only one",
}
"""Why a photo must not go, by a short stable word; first come the reasons that no word of a person changes."""

MANY = 500  # photos

UNPROVED = {
    "unproved": "Nothing proves it: this may be the only one. Removed now, it goes on your word.",
    "larger": "What would stay, {stays}, holds less: what only this one shows would be lost. Removed now, it goes on your word.",
}
"""What is said when somebody is about to remove what nothing proves: then a person's word is enough."""

BREAKING = (
    "alone",
    "told_apart",
    "stays_removed",
    "stays_trashed",
    "stays_album_only",
    "one_content",
    "twin_stays",
    "larger",
    "unproved",
)
"""What a decision must not lead to. The rest may be so when somebody decides, and is told of at once."""


@dataclass(frozen=True)
class LeavingVerdict:
    """What becomes of one photo that somebody wants to go. `word` says why it may (`model.WORDS`), `code` and `reason` why not.

    `proof` is the word that a pair or a person's `same picture` gives, whatever objects; None when nothing speaks for it. `on_word`: the
    person was told so, and removed it all the same.
    """

    photo_id: str
    stays_id: str | None
    name: str
    stays: str | None
    bytes: int
    code: str | None
    proof: str | None
    on_word: bool = False
    twin: str | None = None
    sources: str | None = None

    @property
    def word(self) -> str | None:
        """On whose word it goes; None when it does not go."""
        return None if self.code else self.proof or "on your word"

    @property
    def breaks(self) -> bool:
        """Whether no decision may lead to it: what must stay does not, or nobody vouches for it."""
        return self.code in BREAKING or not (self.proof or self.on_word)

    @property
    def reason(self) -> str | None:
        """Why it does not go, as a clause; None when it goes."""
        return REASONS[self.code].format(stays=self.stays, twin=self.twin, sources=self.sources) if self.code else None


def reason_without_names(code: str) -> str:
    """Why photos do not go, as a clause that fits all that have this code."""
    return REASONS[code].format(stays="", twin="a photo", sources="two").replace("  ", " ").replace(" ,", ",").rstrip()


@dataclass(frozen=True)
class Leaving:
    """Of the photos decided `remove`: how many will really go, their bytes, on whose word, and why the others do not.

    `sent` are in an album of a push already, and wait there for the person; they are not among the others. `ours` of the photos this
    app has uploaded: only these does Google let it put into an album by id.
    """

    photos: int = 0
    bytes: int = 0
    words: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)  # by their short words
    sent: int = 0
    ours: int = 0


_REMOVED = "EXISTS (SELECT 1 FROM decisions AS r WHERE r.subject = {0} AND r.decision = 'remove')"
# A photo that failed after it was sent may be in the album: who selects everything there would delete it too.
_PUSHED = """EXISTS (SELECT 1 FROM push_items AS i WHERE i.photo_id = {0}
        AND (i.state IN ('sent', 'added') OR (i.state = 'failed' AND i.album_id IS NOT NULL)))"""


# Keys that more than one photo has. A look at each photo's own keys would cost more than all the rest of its verdict.
_SHARED = """shared_keys AS (SELECT dedup_key FROM photos WHERE dedup_key IS NOT NULL GROUP BY dedup_key HAVING count(*) > 1),
    shared_sha1s AS (SELECT sha1 FROM photos WHERE sha1 IS NOT NULL GROUP BY sha1 HAVING count(*) > 1)"""
_MAY_BE_SHARED = """{0}.dedup_key IN shared_keys OR {0}.sha1 IN shared_sha1s
          OR content_key({0}.sha1) IS NOT {0}.dedup_key"""


def _twin(of: str, condition: str) -> str:
    """The name of another photo that Google trashes with this one, as it goes by content, and that meets the condition."""
    return f"""(SELECT coalesce(t.filename, t.photo_id) FROM photos AS t WHERE t.photo_id != {of}.photo_id
        AND (t.dedup_key = {of}.dedup_key OR t.sha1 = CASE WHEN length({of}.sha1) = 40 THEN {of}.sha1 END
          OR t.dedup_key = content_key({of}.sha1) OR t.sha1 = content_sha1({of}.dedup_key))
        AND {condition} ORDER BY t.photo_id LIMIT 1)"""


_TWIN_LEAVES = _twin("s", f"({_REMOVED.format('t.photo_id')} OR {_PUSHED.format('t.photo_id')})")
_TWIN_STAYS = _twin(
    "p",
    """coalesce((SELECT decision FROM decisions AS d WHERE d.subject = t.photo_id),
          CASE WHEN EXISTS (SELECT 1 FROM groups AS g WHERE g.keeper_id = t.photo_id) THEN 'keep' END) = 'keep'""",
)
_ONE_CONTENT = """coalesce(p.dedup_key = s.dedup_key, 0) OR coalesce(content_key(p.sha1) = content_key(s.sha1), 0)
          OR coalesce(s.dedup_key = content_key(p.sha1), 0) OR coalesce(p.dedup_key = content_key(s.sha1), 0)"""
# A smaller copy can be made again from the larger photo, never the other way round.
_LARGER = f"coalesce(s.width * s.height < {ABOUT_EQUAL} * p.width * p.height, 0)"
_PROOF = f"""CASE WHEN {proved_sql("e", "p.photo_id")} AND NOT {_LARGER} THEN {word_sql("e")}
        WHEN {said_same_sql("p", "s")} THEN 'on your word' END"""


def judged_sql(wanted: str, many: bool = True) -> str:
    """SQL that answers for each row of `wanted`, a SELECT of (photo_id, stays_id, on_word), with a code or none.

    The connection must know the functions of `prepare`. `many` reads all keys once, which pays for hundreds of rows. Rows with `look`
    are to be looked at once more (`_is_one_item`).
    """
    leaves, stays = (
        f"CASE WHEN {_MAY_BE_SHARED.format(of)} THEN {twin} END" if many else twin
        for of, twin in (("s", _TWIN_LEAVES), ("p", _TWIN_STAYS))
    )
    return f"""{f"WITH {_SHARED}" if many else ""}
    SELECT w.photo_id, w.stays_id, coalesce(p.filename, w.photo_id) AS name, coalesce(s.filename, w.stays_id) AS stays,
        coalesce(p.bytes, 0) AS bytes, w.on_word, {_PROOF} AS proof,
        coalesce(w.staying_twin, w.leaving_twin) AS twin,
        p.source || ' and ' || s.source AS sources,
        p.source IS NOT s.source OR p.media_key = s.media_key OR p.library_id = s.library_id AS look,
        CASE WHEN p.photo_id IS NULL THEN 'gone' WHEN s.photo_id IS NULL OR s.photo_id = p.photo_id THEN 'alone'
          WHEN {told_apart_sql("p", "s")} THEN 'told_apart' WHEN {_REMOVED.format("s.photo_id")} THEN 'stays_removed'
          WHEN s.trashed THEN 'stays_trashed' WHEN s.album_only THEN 'stays_album_only'
          WHEN {_ONE_CONTENT} THEN 'one_content' WHEN w.staying_twin IS NOT NULL THEN 'twin_stays'
          WHEN p.trashed THEN 'trashed' WHEN p.album_only THEN 'album_only'
          WHEN {_PUSHED.format("s.photo_id")} THEN 'stays_pushed'
          WHEN s.source IN {listed(NOT_IN_GOOGLE)} AND p.source NOT IN {listed(NOT_IN_GOOGLE)} THEN 'stays_on_disk'
          WHEN w.leaving_twin IS NOT NULL THEN 'stays_leaves'
          WHEN NOT w.on_word AND {_PROOF} IS NULL
            THEN CASE WHEN {proved_sql("e", "s.photo_id")} THEN 'larger' ELSE 'unproved' END END AS code
      FROM (SELECT wanted.*, {leaves} AS leaving_twin, {stays} AS staying_twin FROM ({wanted}) AS wanted
          LEFT JOIN photos AS p ON p.photo_id = wanted.photo_id LEFT JOIN photos AS s ON s.photo_id = wanted.stays_id) AS w
      LEFT JOIN photos AS p ON p.photo_id = w.photo_id
      LEFT JOIN photos AS s ON s.photo_id = w.stays_id
      LEFT JOIN pairs AS e ON {between("e", "w.photo_id", "w.stays_id")}"""


# Who stays for a photo when nobody has said so: the keeper of its group; when that one goes too, who is proved to show the same.
_BY_GROUP = f"""(SELECT o.photo_id FROM group_members AS m JOIN groups AS g ON g.group_id = m.group_id
        JOIN photos AS mp ON mp.photo_id = m.photo_id
        JOIN group_members AS o ON o.group_id = m.group_id AND o.photo_id != m.photo_id
        JOIN photos AS op ON op.photo_id = o.photo_id
        LEFT JOIN decisions AS od ON od.subject = o.photo_id
        LEFT JOIN pairs AS oe ON {between("oe", "m.photo_id", "o.photo_id")}
        WHERE m.photo_id = {{0}} {{1}}
        ORDER BY coalesce(od.decision, '') = 'remove' {{2}}, op.trashed OR op.album_only, coalesce(mp.dedup_key = op.dedup_key, 0),
          o.photo_id != g.keeper_id, m.role = 'look_alike', coalesce({proved_sql("oe", "m.photo_id")}, 0) DESC,
          coalesce(od.decision, '') = 'keep' DESC, coalesce(op.width * op.height, 0) DESC, g.group_id, o.photo_id
        LIMIT 1)"""


def _by_group(photo: str, within: str = "", going: str = "") -> str:
    return _BY_GROUP.format(photo, within, going)


_STAYS = f"""CASE WHEN d.stays_id IS NULL THEN {_by_group("d.photo_id")} ELSE coalesce(
        (SELECT photo_id FROM photos WHERE photo_id = d.stays_id),
        (SELECT min(photo_id) FROM photos WHERE sha1 = d.content_stays AND photo_id != d.photo_id)) END"""
DECIDED = f"""SELECT d.photo_id, {_STAYS} AS stays_id, d.on_word, d.decided_at FROM decisions AS d
    WHERE d.decision = 'remove' AND d.subject = d.photo_id"""
"""Every photo decided `remove`, with the one that stays for it."""


def decided_sql(photo_ids: str) -> str:
    """The same for those of these photos, a SELECT of their ids, that are decided `remove`."""
    return f"""SELECT d.photo_id, {_STAYS} AS stays_id, d.on_word FROM ({photo_ids}) AS a
        CROSS JOIN decisions AS d ON d.subject = a.photo_id WHERE d.decision = 'remove'"""


_LISTED = f"""SELECT j.value AS photo_id, coalesce({_STAYS}, {_by_group("j.value")}) AS stays_id,
    coalesce(d.on_word, 0) AS on_word FROM json_each(:ids) AS j
    LEFT JOIN decisions AS d ON d.subject = j.value AND d.decision = 'remove'"""


def prepare(conn: sqlite3.Connection) -> None:
    """Teach the connection the two functions that `judged_sql` asks for."""
    conn.create_function("content_key", 1, _content_key, deterministic=True)
    conn.create_function("content_sha1", 1, sha1_of, deterministic=True)


def _content_key(sha1: str | None) -> str | None:
    try:
        return dedup_key_of(sha1) if sha1 and len(sha1) == 40 else None
    except ValueError:
        return None


def judge(
    conn: sqlite3.Connection, wanted: str, params: Mapping[str, object] | None = None, many: bool = True
) -> Iterator[LeavingVerdict]:
    """The verdict on each row of `wanted` (see `judged_sql`), in no order."""
    prepare(conn)
    for photo_id, stays_id, name, stays, size, on_word, proof, twin, sources, look, code in conn.execute(
        judged_sql(wanted, many), params or {}
    ).fetchall():
        if look and code in (None, *UNPROVED) and _is_one_item(conn, photo_id, stays_id):
            code = "one_item"
        yield LeavingVerdict(photo_id, stays_id, name, stays, size, code, proof, bool(on_word), twin, sources)


@dataclass
class _Seen:
    """A row of `photos` as `may_be_one_item` sees it."""

    source: str | None
    filename: str | None
    width: int | None
    height: int | None
    taken_at: str | None
    media_key: str | None
    library_id: str | None


def _is_one_item(conn: sqlite3.Connection, photo_id: str, stays_id: str) -> bool:
    sql = f"SELECT {', '.join(_Seen.__dataclass_fields__)} FROM photos WHERE photo_id = ?"
    photo, stays = (_Seen(*conn.execute(sql, [each]).fetchone()) for each in (photo_id, stays_id))
    return may_be_one_item(photo, stays)


def read_verdicts(conn: sqlite3.Connection, photo_ids: Iterable[str] | None = None) -> list[LeavingVerdict]:
    """The verdict on every photo decided `remove`, in the order of deciding; or on these photos, in the order given.

    Each of these is looked at as if it were decided `remove`, whatever was decided about it.
    """
    if photo_ids is None:
        order = f"SELECT photo_id FROM ({DECIDED}) ORDER BY decided_at, photo_id"
        ids, found = [row[0] for row in conn.execute(order)], judge(conn, DECIDED)
    else:
        ids = list(dict.fromkeys(photo_ids))
        found = judge(conn, _LISTED, {"ids": json.dumps(ids)}, many=len(ids) > MANY)
    verdicts = {verdict.photo_id: verdict for verdict in found}
    return [verdicts[photo_id] for photo_id in ids]


def read_leaving(conn: sqlite3.Connection) -> Leaving:
    """The one count of the photos that will really go: what `status`, the queue and the push page say."""
    sent = {row[0] for row in conn.execute("SELECT photo_id FROM push_items WHERE state IN ('sent', 'added')")}
    found = list(judge(conn, DECIDED))
    verdicts = [verdict for verdict in found if verdict.photo_id not in sent]
    going = [verdict for verdict in verdicts if verdict.code is None]
    return Leaving(
        photos=len(going),
        bytes=sum(verdict.bytes for verdict in going),
        words=dict(Counter(verdict.word or "" for verdict in going).most_common()),
        refused=len(verdicts) - len(going),
        reasons=dict(Counter(verdict.code for verdict in verdicts if verdict.code).most_common()),
        sent=len(found) - len(verdicts),
        ours=_count_ours(conn, going),
    )


def _count_ours(conn: sqlite3.Connection, going: Iterable[LeavingVerdict]) -> int:
    sql = """SELECT p.photo_id FROM decisions AS d JOIN photos AS p USING (photo_id)
        WHERE d.decision = 'remove' AND p.app_created AND p.library_id != ''"""
    ours = {row[0] for row in conn.execute(sql)}
    return sum(verdict.photo_id in ours for verdict in going)


def unproved(conn: sqlite3.Connection, photo_ids: Iterable[str]) -> dict[str, str]:
    """A sentence for each of these photos whose removal nothing proves, or that would not go: to be shown when it is chosen.

    Photos that are proved are not in the answer.
    """
    told = {}
    for verdict in read_verdicts(conn, photo_ids):
        if verdict.code in UNPROVED or (verdict.code is None and verdict.proof is None):
            told[verdict.photo_id] = UNPROVED[verdict.code or "unproved"].format(stays=verdict.stays)
        elif verdict.code not in (None, "stays_removed"):
            told[verdict.photo_id] = f"It will not go: {verdict.reason}."
    return told


def find_stays(conn: sqlite3.Connection, group_id: str, photo_ids: Iterable[str], going: Iterable[str]) -> dict[str, str | None]:
    """For each of these photos of one group the photo that stays for it when all of `going` are decided `remove`."""
    within, also = "AND m.group_id = :group", "OR o.photo_id IN (SELECT value FROM json_each(:going))"
    sql = f"SELECT j.value, {_by_group('j.value', within, also)} FROM json_each(:ids) AS j"
    values = {"ids": json.dumps(list(photo_ids)), "going": json.dumps(list(going)), "group": group_id}
    return dict(conn.execute(sql, values).fetchall())


def read_pair_proofs(conn: sqlite3.Connection, stays: Mapping[str, str | None]) -> dict[str, str | None]:
    """For each photo the word (`model.WORDS`) that proves it against the one that stays for it; None when nothing does."""
    sql = f"""SELECT p.photo_id, CASE WHEN NOT {told_apart_sql("p", "s")} THEN {_PROOF} END FROM json_each(:stays) AS j
        JOIN photos AS p ON p.photo_id = j.key JOIN photos AS s ON s.photo_id = j.value
        LEFT JOIN pairs AS e ON {between("e", "p.photo_id", "s.photo_id")}"""
    return {**dict.fromkeys(stays), **dict(conn.execute(sql, {"stays": json.dumps(stays)}).fetchall())}
