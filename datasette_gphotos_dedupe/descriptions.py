"""Every table and view in words."""

from __future__ import annotations

from .descriptions_hidden import HIDDEN_TABLES
from .descriptions_library import LIBRARY_TABLES, PHOTO, PHOTOS, WHEN, Described

UPLOAD = {
    "origin": "How they came into Google Photos, for example driveDesktopUploader.",
    "uploaded_on": "The day, UTC.",
    "name_pattern": "Their names with digits and machine names folded: IMG_####, 36 machine characters.",
    "longest_side": "Pixels of the longest side of the largest.",
    "photos": "How many photos.",
}
STANDINGS = {
    "proved": "Of these, photos proved to be a copy of one that stays.",
    "elsewhere": "Photos that another photo shows as well, but that are not proved.",
    "nowhere": "Photos that no other photo shows.",
}

REVIEW_TABLES: dict[str, Described] = {
    "decisions": Described(
        "What a person said. It survives a new import, also when a photo's id changes.",
        {
            "subject": "The photo, or the two contents of a pair.",
            "decision": "keep or remove of a photo; not_duplicate or same_picture of a pair.",
            "photo_id": PHOTO,
            "photo_b": "The other photo of a pair.",
            "content_a": "SHA-1 of the photo.",
            "content_b": "SHA-1 of the other.",
            "as_keeper": "1 when the person chose it as the keeper.",
            "note": "What the person wrote beside it.",
            "actor": "Who said it.",
            "decided_at": f"When. {WHEN}",
            "batch_id": "The step it belongs to, for undo.",
            "stays_id": "Decided remove: the photo that stays for it. A push checks this pair and no other.",
            "content_stays": "SHA-1 of the photo that stays.",
            "on_word": "1 when nothing proved that it may go and the person, told so, removed it all the same.",
        },
        {"sort_desc": "decided_at", "facets": ["decision", "actor"]},
    ),
    "decision_batches": Described(
        "Steps that can be taken back: one decision or thousands.",
        {
            "batch_id": "Number of the step.",
            "actor": "Who took it.",
            "made_at": f"When. {WHEN}",
            "description": "What it was, in words.",
            "decision_count": "Decisions in it.",
            "undone_at": "When it was taken back; empty when it holds.",
            "undone_by": "Who took it back.",
            "undoes": "The step that this one took back; empty for an ordinary step.",
        },
        {"label_column": "description", "sort_desc": "made_at", "facets": ["actor"]},
    ),
    "decision_history": Described(
        "Every decision before and after each step.",
        {
            "history_id": "Number of the row.",
            "batch_id": "The step.",
            "subject": "What the decision is about.",
            "before": "The decision before, as JSON; empty when there was none.",
            "after": "The decision after, as JSON; empty when it was taken back.",
        },
        {"sort_desc": "history_id"},
    ),
    "pushes": Described(
        "Each time photos were sent into an album.",
        {
            "push_id": "Number of the push.",
            "album_title": "Title of the album.",
            "album_id": "Google's id of the album.",
            "album_url": "Opens the album.",
            "route": "by_id, same_bytes or handover.",
            "state": "planned, running, paused, done, cancelled or failed.",
            "requested": "Photos asked for.",
            "added": "Photos that are in the album.",
            "refused": "Photos that Google does not let this app add.",
            "actor": "Who asked for it.",
            "created_at": f"When. {WHEN}",
            "updated_at": f"Last change. {WHEN}",
            "message": "What happened, in words.",
            "trial": "For same_bytes: sent or confirmed; one photo goes first.",
        },
        {"label_column": "album_title", "sort_desc": "push_id", "facets": ["state", "route"]},
    ),
    "push_items": Described(
        "Each photo's fate in a push.",
        {
            "push_id": "The push.",
            "photo_id": PHOTO,
            "position": "Order in the album.",
            "state": "planned, sent, added, refused or failed.",
            "reason": "Why, in words.",
            "product_url": "Opens it in Google Photos.",
            "album_id": "The album it went into: one album holds 20,000 photos at most.",
            "updated_at": f"Last change. {WHEN}",
            "word": "On whose word it goes: remade (made again from the one that stays), same_bytes, or on your word.",
            "stays_id": "The photo that stays for it.",
        },
        {"sort": "position", "facets": ["push_id", "state", "word"]},
    ),
    "push_albums": Described(
        "The albums that pushes fill: photos are put there to be deleted.",
        {
            "album_id": "Google's id.",
            "title": "Its title; a full album is followed by one with a number.",
            "url": "Opens it in Google Photos.",
            "push_id": "The first push that filled it.",
            "noted_at": f"When the text that explains it was added. {WHEN}",
        },
        {"label_column": "title", "sort_desc": "push_id"},
    ),
    "uploads": Described(
        "What came into Google Photos together: by one way, on one day, under one pattern of names, at most so large.",
        {
            "upload_id": "Made of origin, day, pattern and size: the same after every match.",
            **UPLOAD,
            "in_groups": "Of these, photos that are in a group.",
            **STANDINGS,
            "proved_bytes": "What the proved ones weigh.",
        },
        {"hidden": True, "size": 100},
    ),
    "upload_photos": Described(
        "Which upload a photo belongs to, and where else its picture is. Triggers keep the sums in uploads in step.",
        {
            "photo_id": PHOTO,
            "upload_id": "The upload.",
            "standing": "proved, elsewhere or nowhere: see upload_batches.",
            "in_group": "1 when it is in a group.",
            "bytes": "What it weighs.",
        },
        {"hidden": True, "size": 100},
    ),
    "runs": Described(
        "Each import, with its counts.",
        {
            "run_id": "Number of the import.",
            "command": "What was run.",
            "started_at": f"Start. {WHEN}",
            "finished_at": "End; empty while it runs, and for ever when it was killed.",
            "state": "running, done, stopped or failed.",
            "files_seen": "Files it came across.",
            "files_used": "Files it used.",
            "files_skipped": "Files it did not use; the table skipped says why.",
            "photos_added": "New photos.",
            "photos_updated": "Photos whose metadata changed.",
            "message": "What happened, in words.",
            "concluded": "What an import took its exports for, against those before: whole, only what is new, of another account.",
        },
        {"label_column": "started_at", "sort_desc": "run_id", "facets": ["state"]},
        more_facets=("command",),
    ),
    "skipped": Described(
        "Each file an import did not use, and why.",
        {
            "container": "The archive or folder.",
            "member": "The path inside it.",
            "code": "The kind of reason in one word.",
            "reason": "The reason in a sentence.",
            "bytes": "Size of the file.",
            "crc32": "Checksum from the archive's index.",
            "modified_at": "Time stamp of the file.",
            "run_id": "The import that met it.",
        },
        {"sort": "code", "facets": ["code", "container"], "units": {"bytes": "byte"}},
        more_facets=("run_id",),
    ),
    "duplicates": Described(
        "Every photo of every group with what there is to know about it. Complete as CSV: add .csv?_stream=on to the address.",
        {
            "group_id": "The group.",
            "role": "keeper, copy or look_alike.",
            "photo_id": PHOTO,
            "keeper_id": "The photo to keep.",
            "relation": "How it relates to the keeper; for the keeper, the group's.",
            "suggested": "keep, remove, or empty: only a person can say.",
            "decision": "What a person said.",
            "reason": "Why it has this role, in words.",
            **{name: PHOTOS[name] for name in ("filename", "mime_type", "kind", "width", "height", "bytes", "taken_at")},
            "taken_year": "Year the keeper was taken.",
            **{
                name: PHOTOS[name]
                for name in ("camera_make", "camera_model", "origin", "source", "album_titles", "favorite", "product_url")
            },
            "group_size": "Photos in the group.",
            "group_reclaimable_bytes": "What the group's suggested removals would free.",
        },
        {
            "sort": "group_id",
            "facets": ["relation", "role", "suggested", "decision"],
            "units": {"bytes": "byte", "group_reclaimable_bytes": "byte"},
        },
        is_view=True,
        more_facets=("taken_year", "kind", "mime_type", "camera_model", "origin"),
    ),
    "space": Described(
        "Space to gain by relation, year and origin.",
        {
            "relation": "How the photos relate.",
            "taken_year": "Year the keeper was taken.",
            "origin": "How the copies came into Google Photos.",
            "groups": "Number of groups.",
            "suggested": "Photos suggested for removal.",
            "reclaimable_bytes": "Size of those.",
            "decided": "Groups in which everything is decided.",
        },
        {"sort_desc": "reclaimable_bytes", "facets": ["relation", "taken_year"], "units": {"reclaimable_bytes": "byte"}},
        is_view=True,
    ),
    "rescue": Described(
        "What copies to be removed have and their keeper lacks. Carry it over before deleting.",
        {
            "photo_id": "The copy.",
            "keeper_id": "The photo to keep.",
            "what": "album, person, favorite, description or location.",
            "value": "The album's title, the person's name, the text, or latitude,longitude.",
        },
        {"size": 50},
        is_view=True,
        more_facets=("what",),
    ),
    "previews": Described(
        "Groups with their pictures, for Datasette without this plugin: datasette-json-html shows picture and link. "
        "datasette-render-images shows those in the table thumbnails.",
        {
            "group_id": "The group.",
            "role": "keeper, copy or look_alike.",
            "picture": "JSON that names the preview's address; empty when there is none.",
            "filename": PHOTOS["filename"],
            "relation": "How it relates to the keeper.",
            "reason": "Why it has this role, in words.",
            "photo_id": PHOTO,
            "link": "JSON that links to Google Photos.",
        },
        {"sort": "group_id", "size": 30, "facets": ["relation", "role"]},
        is_view=True,
    ),
    "parts": Described(
        "Each archive or folder that was imported, and the sum of what became of its files.",
        {
            "container": "The archive or folder as it was given.",
            "export_id": "Shared by all parts of one export.",
            "exported_at": f"When Google made the export. {WHEN}",
            "bytes": "Size of the archive.",
            "modified_at": "When the archive was last changed.",
            "state": "reading, done or broken.",
            "files_seen": "Files in it: the sum of the next three once the state is done.",
            "files_used": "Pictures and videos that became rows of files.",
            "sidecars": "JSON files whose content was used.",
            "files_skipped": "Files that were not used; the table skipped says why.",
            "message": "What went wrong, in words.",
            "run_id": "The import that read it last.",
        },
        {"sort": "container", "facets": ["state"]},
        more_facets=("export_id",),
    ),
    "upload_batches": Described(
        "Uploads with photos in groups: what a sync program brought in on one day, and how much of it the library holds anyway.",
        {
            **UPLOAD,
            **STANDINGS,
            "bytes": "What the proved ones weigh: the space to gain.",
            "batch_id": "Made of origin, day, pattern and size: the same after every match.",
        },
        {"sort_desc": "proved", "facets": ["origin", "name_pattern"], "units": {"bytes": "byte"}},
        is_view=True,
    ),
    "judgements": Described(
        "What a person said of sample pairs while calibrating.",
        {
            "photo_a": "The one with the smaller id.",
            "photo_b": "The other.",
            "same": "1 for the same picture, 0 for two pictures.",
            "distance_bits": "How far apart their fingerprints were.",
            "relation": "What the matcher had said.",
            "actor": "Who said it.",
            "judged_at": WHEN,
        },
        {"sort_desc": "judged_at", "facets": ["relation", "same"]},
    ),
    "photo_list": Described(
        "All photos in the columns that people look at: quick to browse. The table photos holds the rest.",
        {
            **{
                name: PHOTOS[name]
                for name in ("photo_id", "filename", "taken_at", "kind", "mime_type", "width", "height", "bytes")
            },
            **{name: PHOTOS[name] for name in ("camera_model", "origin", "album_titles", "people_names", "favorite")},
            "product_url": PHOTOS["product_url"],
            "number": "The photo's number in the full-text index.",
        },
        {
            "sort_desc": "taken_at",
            "facets": ["kind", "mime_type", "origin"],
            "units": {"bytes": "byte"},
            "fts_table": "photos_fts",
            "fts_pk": "number",
        },
        is_view=True,
        more_facets=("camera_model", "favorite"),
    ),
    "places": Described(
        "Photos with a known place; datasette-cluster-map shows them on a map.",
        {
            "photo_id": PHOTO,
            "filename": PHOTOS["filename"],
            "taken_at": PHOTOS["taken_at"],
            "latitude": PHOTOS["latitude"],
            "longitude": PHOTOS["longitude"],
            "popup": "JSON for the map: picture, name and link.",
        },
        {"sort_desc": "taken_at"},
        is_view=True,
    ),
}
"""What people and programs did with it, and the views."""

TABLES = {**LIBRARY_TABLES, **REVIEW_TABLES, **HIDDEN_TABLES}
