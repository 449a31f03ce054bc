"""The canned queries: a pure table of name, title, description, SQL and parameters.

Rules they follow, each with a test: a parameter arrives as text and a missing one as '' on both Datasette lines, so each is
cast and has its default in the SQL and in the description. A query page stops at 1,000 rows without saying so; whatever must be
complete is a view. `tables` are those a reader must be allowed to see, because a trusted query runs past that check.
"""

from __future__ import annotations

from dataclasses import dataclass

from .model import REMOVABLE_RELATIONS


@dataclass(frozen=True)
class Query:
    """One canned query. `params` are in the order the form shows them."""

    name: str
    title: str
    description: str
    sql: str
    params: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


def _number(name: str, default: int) -> str:
    return f"cast(coalesce(nullif(:{name}, ''), '{default}') as integer)"


DEFAULT_ROWS = 100
_ROWS = _number("count", DEFAULT_ROWS)
COUNT = "count: how many rows, 100 when empty; a page shows 1,000 at most."


def _pairs(condition: str, order: str) -> str:
    """Pairs with both their photos, found along an index in that order before the photos are looked up."""
    return f"""FROM (SELECT * FROM pairs WHERE {condition} ORDER BY {order}, photo_a, photo_b LIMIT {_ROWS}) AS pairs
JOIN photos AS a ON a.photo_id = pairs.photo_a
JOIN photos AS b ON b.photo_id = pairs.photo_b
ORDER BY pairs.{order}, pairs.photo_a, pairs.photo_b"""


_MEMBER_TABLES = ("groups", "group_members", "photos")


_KEEPER = "groups ON groups.group_id = {0}.group_id\n{1}JOIN photos AS keeper ON keeper.photo_id = groups.keeper_id"


def _side_by_side(condition: str, first: str = "", order: str = "photos.bytes") -> str:
    """Copies beside their keepers, the largest by `order` first: the few that are wanted are found before they are described."""
    keeper = f"  JOIN {_KEEPER.format('group_members', '  ')}\n" if "keeper." in condition else ""
    return f"""SELECT {first}{_SIDE_BY_SIDE}
FROM (
  SELECT group_members.group_id, group_members.photo_id, group_members.relation, group_members.reason
  FROM group_members
  JOIN photos ON photos.photo_id = group_members.photo_id
{keeper}  WHERE {condition}
  ORDER BY {order} DESC, photos.photo_id LIMIT {_ROWS}
) AS chosen
JOIN photos ON photos.photo_id = chosen.photo_id
JOIN {_KEEPER.format("chosen", "")}
ORDER BY {order} DESC, photos.photo_id"""


# Of the others nobody can say that the same picture is there: an edited photo may be the only one of its kind.
_PROVED = f"group_members.relation IN ({', '.join(repr(relation) for relation in sorted(REMOVABLE_RELATIONS))})"

_SIDE_BY_SIDE = """groups.group_id, photos.photo_id, photos.filename, photos.width, photos.height, photos.bytes,
  groups.keeper_id, keeper.filename AS keeper_filename, keeper.width AS keeper_width, keeper.height AS keeper_height,
  keeper.bytes AS keeper_bytes, chosen.reason, photos.product_url"""

LOOKUPS = (
    Query(
        "closest_to_one_photo",
        "Closest to one photo",
        "The photos that look most like one: give its photo_id, or paste a fingerprint (64 hex digits). "
        "max_bits: how many of 256 bits may differ, 60 when empty. count: 20 when empty, 1,000 at most.",
        f"""SELECT json_extract(near.value, '$.distance_bits') AS distance_bits,
  photos.photo_id, pairs.relation, photos.filename, photos.taken_at, photos.width, photos.height, photos.bytes,
  photos.origin, photos.product_url
FROM json_each(nearest_photos(:photo, {_number("count", 20)}, {_number("max_bits", 60)})) AS near
JOIN photos ON photos.photo_id = json_extract(near.value, '$.photo_id')
LEFT JOIN pairs ON pairs.photo_a = min(photos.photo_id, :photo) AND pairs.photo_b = max(photos.photo_id, :photo)
ORDER BY distance_bits, photos.photo_id""",
        ("photo", "max_bits", "count"),
        ("photos", "fingerprints", "pairs"),
    ),
    Query(
        "evidence_about_one_photo",
        "Everything known about one photo and its neighbours",
        "Each pair this photo is in, with its relation and the evidence in words, surest first. photo: a photo_id.",
        """SELECT CASE WHEN photo_a = :photo THEN photo_b ELSE photo_a END AS photo_id, pairs.relation, pairs.confidence,
  pairs.distance_bits, pairs.evidence, photos.filename, photos.width, photos.height, photos.bytes, photos.product_url
FROM pairs JOIN photos ON photos.photo_id = CASE WHEN photo_a = :photo THEN photo_b ELSE photo_a END
WHERE pairs.photo_a = :photo OR pairs.photo_b = :photo
ORDER BY pairs.confidence DESC, pairs.distance_bits""",
        ("photo",),
        ("photos", "pairs"),
    ),
    Query(
        "pairs_within_bits",
        "Pairs within N bits",
        f"Pairs whose fingerprints differ in at most max_bits of 256 bits (20 when empty), nearest first. {COUNT}",
        f"""SELECT pairs.photo_a, pairs.photo_b, pairs.distance_bits, pairs.relation, pairs.confidence, pairs.evidence,
  a.filename AS filename_a, b.filename AS filename_b
{_pairs(f"distance_bits <= {_number('max_bits', 20)}", "distance_bits")}""",
        ("max_bits", "count"),
        ("photos", "pairs"),
    ),
    Query(
        "uncertain_pairs",
        "Uncertain pairs, nearest the threshold",
        f"Pairs the matcher was least sure of, which are the ones worth a look. max_confidence: 0.8 when empty. {COUNT}",
        f"""SELECT pairs.photo_a, pairs.photo_b, pairs.confidence, pairs.relation, pairs.distance_bits, pairs.evidence,
  a.filename AS filename_a, b.filename AS filename_b
{_pairs("confidence <= cast(coalesce(nullif(:max_confidence, ''), '0.8') as real)", "confidence")}""",
        ("max_confidence", "count"),
        ("photos", "pairs"),
    ),
)

COPIES = (
    Query(
        "groups_by_space",
        "Groups by space to gain",
        f"Groups of photos of one picture, those that would free the most space first. The view duplicates holds all of them. {COUNT}",
        f"""SELECT groups.group_id, groups.keeper_id, photos.filename, groups.relation, groups.size, groups.suggested_count,
  groups.reclaimable_bytes, round(groups.reclaimable_bytes / 1e6, 1) AS reclaimable_mb, groups.decided
FROM groups LEFT JOIN photos ON photos.photo_id = groups.keeper_id
ORDER BY groups.reclaimable_bytes DESC, groups.group_id LIMIT {_ROWS}""",
        ("count",),
        ("groups", "photos"),
    ),
    Query(
        "smaller_copies",
        "Smaller copies",
        f"Photos that are the same picture as their keeper with fewer pixels, the most space first. {COUNT}",
        _side_by_side("group_members.relation = 'smaller_copy'"),
        ("count",),
        _MEMBER_TABLES,
    ),
    Query(
        "drive_uploads_with_larger_twin",
        "Uploaded by Drive for desktop, and a larger twin exists",
        "Photos that a sync program on a computer uploaded, where the same picture is proved to be there with more pixels: thumbnails "
        f"and previews that a photo program left in a folder. The case this plugin was made for. {COUNT}",
        _side_by_side(
            "photos.origin LIKE 'driveDesktopUploader%' AND group_members.role = 'copy'"
            f"\n    AND {_PROVED}"
            "\n    AND coalesce(photos.width, 0) * coalesce(photos.height, 0) < coalesce(keeper.width, 0) * coalesce(keeper.height, 0)",
            first="photos.origin, chosen.relation, ",
        ),
        ("count",),
        _MEMBER_TABLES,
    ),
    Query(
        "raw_beside_jpeg",
        "RAW beside JPEG",
        f"Camera RAW files and the JPEG of the same shot. Which one to keep is a matter of taste, so look before you accept. {COUNT}",
        _side_by_side(
            "group_members.relation = 'raw_and_jpeg'", first="photos.mime_type, keeper.mime_type AS keeper_mime_type, "
        ),
        ("count",),
        _MEMBER_TABLES,
    ),
    Query(
        "storage_saver_copies",
        "Storage saver copies of originals",
        "Photos that Google keeps in reduced quality while the same picture is there in original quality. "
        f"Quality is known after the browser toolkit's CSV was imported. {COUNT}",
        _side_by_side(
            "photos.original_quality = 0 AND keeper.original_quality = 1 AND group_members.role = 'copy'",
            first="photos.space_bytes, ",
            order="photos.space_bytes",
        ),
        ("count",),
        _MEMBER_TABLES,
    ),
    Query(
        "trashed_together",
        "Photos that Google would trash together",
        "Rows with one dedup key: Google treats them as one content, so moving one to the trash moves all. Never delete one of "
        f"these to get rid of the other. {COUNT}",
        f"""SELECT shared.dedup_key, shared.photos, sum(photos.bytes) AS bytes, group_concat(photos.photo_id, ' ') AS photo_ids,
  group_concat(photos.filename, ', ') AS filenames
FROM (
  SELECT dedup_key, count(*) AS photos FROM photos WHERE dedup_key IS NOT NULL
  GROUP BY dedup_key HAVING count(*) > 1 ORDER BY photos DESC, dedup_key LIMIT {_ROWS}
) AS shared
JOIN photos ON photos.dedup_key = shared.dedup_key
GROUP BY shared.dedup_key ORDER BY shared.photos DESC, shared.dedup_key""",
        ("count",),
        ("photos",),
    ),
    Query(
        "series",
        "Series: different shots of one scene",
        f"Bursts and tripod series. They are never suggested for removal; the gap is the time between the two shots. {COUNT}",
        f"""SELECT pairs.photo_a, pairs.photo_b, pairs.time_gap_s, pairs.distance_bits, pairs.evidence,
  a.filename AS filename_a, b.filename AS filename_b, a.taken_at
FROM pairs JOIN photos AS a ON a.photo_id = pairs.photo_a JOIN photos AS b ON b.photo_id = pairs.photo_b
WHERE pairs.relation = 'series'
ORDER BY a.taken_at, pairs.photo_a, pairs.photo_b LIMIT {_ROWS}""",
        ("count",),
        ("photos", "pairs"),
    ),
    Query(
        "groups_by_camera",
        "Groups by camera",
        "How many groups each camera has and what they would free. camera: a part of its name; all when empty.",
        """SELECT coalesce(camera, 'unknown') AS camera, count(*) AS groups, sum(suggested_count) AS suggested,
  sum(reclaimable_bytes) AS reclaimable_bytes, round(sum(reclaimable_bytes) / 1e6, 1) AS reclaimable_mb, sum(decided) AS decided
FROM groups WHERE coalesce(camera, 'unknown') LIKE '%' || coalesce(:camera, '') || '%'
GROUP BY 1 ORDER BY reclaimable_bytes DESC, 1""",
        ("camera",),
        ("groups",),
    ),
)

SPACE = (
    Query(
        "space_by_relation",
        "Space to gain by relation",
        "What the suggested removals would free, for each way two photos can relate.",
        """SELECT relation, count(*) AS groups, sum(suggested_count) AS suggested, sum(reclaimable_bytes) AS reclaimable_bytes,
  round(sum(reclaimable_bytes) / 1e6, 1) AS reclaimable_mb, sum(decided) AS decided
FROM groups GROUP BY relation ORDER BY reclaimable_bytes DESC, relation""",
        (),
        ("groups",),
    ),
    Query(
        "space_by_year",
        "Space to gain by year",
        "The same by the year the keeper was taken; no year when the date is unknown.",
        """SELECT taken_year, count(*) AS groups, sum(suggested_count) AS suggested, sum(reclaimable_bytes) AS reclaimable_bytes,
  round(sum(reclaimable_bytes) / 1e6, 1) AS reclaimable_mb, sum(decided) AS decided
FROM groups GROUP BY taken_year ORDER BY taken_year""",
        (),
        ("groups",),
    ),
    Query(
        "space_by_origin",
        "Space to gain by origin",
        "The same by the way the copies came into Google Photos.",
        """SELECT coalesce(origin, 'unknown') AS origin, count(*) AS groups, sum(suggested_count) AS suggested,
  sum(reclaimable_bytes) AS reclaimable_bytes, round(sum(reclaimable_bytes) / 1e6, 1) AS reclaimable_mb, sum(decided) AS decided
FROM groups GROUP BY 1 ORDER BY reclaimable_bytes DESC, 1""",
        (),
        ("groups",),
    ),
)

SAFETY = (
    Query(
        "keepers_that_would_lose",
        "Keepers that would lose albums, favourites or words",
        f"What copies to be removed have and their keeper lacks. Carry it over before deleting. The view rescue holds all of it. {COUNT}",
        f"""SELECT lost.*, photos.filename AS keeper_filename
FROM (SELECT * FROM rescue ORDER BY keeper_id, photo_id, what, value LIMIT {_ROWS}) AS lost
JOIN photos ON photos.photo_id = lost.keeper_id
ORDER BY lost.keeper_id, lost.photo_id, lost.what, lost.value""",
        ("count",),
        ("rescue", "photos", "groups", "group_members", "decisions", "albums", "album_photos", "people", "photo_people"),
    ),
    Query(
        "only_in_albums",
        "Photos only in albums",
        f"Seen in an album folder and in no year folder: possibly somebody else's photo in a shared album. Never pre-selected. {COUNT}",
        f"""SELECT photo_id, filename, (
    SELECT group_concat(albums.title, ', ') FROM album_photos JOIN albums ON albums.album_id = album_photos.album_id
    WHERE album_photos.photo_id = photos.photo_id) AS albums, taken_at, bytes, product_url
FROM photos
WHERE album_only = 1
ORDER BY taken_at, photo_id LIMIT {_ROWS}""",
        ("count",),
        ("photos", "albums", "album_photos"),
    ),
    Query(
        "without_fingerprint",
        "Photos that could not be compared",
        f"Known from a sidecar or a list, without pixels: nothing can be said about copies of these. The newest first. {COUNT}",
        f"""SELECT photos.photo_id, source, filename, mime_type, kind, photos.taken_at, product_url
FROM (
  SELECT photo_id, taken_at FROM photos
  WHERE NOT EXISTS (SELECT 1 FROM fingerprints WHERE fingerprints.photo_id = photos.photo_id)
  ORDER BY taken_at DESC, photo_id LIMIT {_ROWS}
) AS unseen
JOIN photos ON photos.photo_id = unseen.photo_id
ORDER BY unseen.taken_at DESC, unseen.photo_id""",
        ("count",),
        ("photos", "fingerprints"),
    ),
    Query(
        "skipped_files",
        "Files that were skipped, and why",
        f"Every file that an import did not use. code: one kind only, for example truncated; all when empty. {COUNT}",
        f"""SELECT code, reason, container, member, bytes, run_id
FROM skipped WHERE coalesce(:code, '') IN ('', code)
ORDER BY code, container, member LIMIT {_ROWS}""",
        ("code", "count"),
        ("skipped",),
    ),
)

WORK = (
    Query(
        "decisions_by_day",
        "Decisions by day and person",
        "Who decided what, and when.",
        """SELECT substr(decided_at, 1, 10) AS day, coalesce(actor, 'nobody signed in') AS person, decision, count(*) AS decisions
FROM decisions GROUP BY 1, 2, 3 ORDER BY day DESC, person, decision""",
        (),
        ("decisions",),
    ),
    Query(
        "left_to_decide",
        "What is left to decide",
        "Groups with and without a decision, by relation.",
        """SELECT relation, sum(1 - decided) AS open, sum(decided) AS decided,
  sum(CASE WHEN decided THEN 0 ELSE reclaimable_bytes END) AS open_bytes
FROM groups GROUP BY relation ORDER BY open_bytes DESC, relation""",
        (),
        ("groups",),
    ),
    Query(
        "changed_since",
        "What changed since a day",
        "Groups with a photo that an import brought, or with a decision, since a moment. since: such as 2026-11-01; "
        f"the last seven days when empty. {COUNT}",
        f"""WITH since(moment) AS (SELECT coalesce(nullif(:since, ''), strftime('%Y-%m-%d', 'now', '-7 days'))),
changed AS (
  SELECT group_members.group_id, group_members.photo_id FROM group_members, since
  WHERE EXISTS (SELECT 1 FROM decisions WHERE decisions.photo_id = group_members.photo_id AND decided_at >= since.moment)
    OR EXISTS (SELECT 1 FROM photos JOIN runs ON runs.run_id = photos.run_id
      WHERE photos.photo_id = group_members.photo_id AND runs.started_at >= since.moment)
)
SELECT groups.group_id, groups.keeper_id, groups.relation, groups.size, groups.reclaimable_bytes, groups.decided,
  (SELECT count(*) FROM changed WHERE changed.group_id = groups.group_id) AS changed_photos
FROM groups WHERE EXISTS (SELECT 1 FROM changed WHERE changed.group_id = groups.group_id)
ORDER BY groups.reclaimable_bytes DESC, groups.group_id LIMIT {_ROWS}""",
        ("since", "count"),
        ("photos", "runs", "decisions", "groups", "group_members"),
    ),
    Query(
        "what_a_push_did",
        "What a push did",
        f"Each photo's fate. push: a push_id; the newest push when empty. {COUNT}",
        f"""SELECT pushes.push_id, pushes.album_title, pushes.route, push_items.position, push_items.photo_id, photos.filename,
  push_items.state, push_items.reason, push_items.product_url, push_items.updated_at
FROM push_items
JOIN pushes ON pushes.push_id = push_items.push_id
LEFT JOIN photos ON photos.photo_id = push_items.photo_id
WHERE push_items.push_id = coalesce(cast(nullif(:push, '') AS integer), (SELECT max(push_id) FROM pushes))
ORDER BY push_items.position, push_items.photo_id LIMIT {_ROWS}""",
        ("push", "count"),
        ("pushes", "push_items", "photos"),
    ),
    Query(
        "decided_but_not_in_an_album",
        "Decided to remove, not yet in an album",
        f"Photos with the decision remove that no push has added to an album. {COUNT}",
        f"""SELECT photos.photo_id, photos.filename, photos.bytes, decisions.actor, decisions.decided_at, photos.product_url
FROM decisions JOIN photos ON photos.photo_id = decisions.photo_id
WHERE decisions.decision = 'remove' AND decisions.photo_b IS NULL
  AND NOT EXISTS (SELECT 1 FROM push_items WHERE push_items.photo_id = decisions.photo_id AND push_items.state = 'added')
ORDER BY decisions.decided_at, photos.photo_id LIMIT {_ROWS}""",
        ("count",),
        ("decisions", "photos", "push_items"),
    ),
)

QUERIES: tuple[Query, ...] = (*LOOKUPS, *COPIES, *SPACE, *SAFETY, *WORK)
"""All canned queries, in the order Datasette lists them where it does not sort."""
