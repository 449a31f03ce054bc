"""What every table, view and column is, in words: one source for metadata.yml and for docs/reference/tables.md.

Only keys that mean the same on Datasette 0.65 and 1.0 are used. In a metadata file 1.0 drops queries, permissions and
`allow_sql` without a word, so none of those is here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Described:
    """One table or view. `columns` are in the table's order; `settings` are Datasette's table settings.

    `more_facets` are columns of few values that a page offers as further facets.
    """

    description: str
    columns: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)
    is_view: bool = False
    more_facets: tuple[str, ...] = ()


PHOTO = "The photo: its media key in Google Photos when known (AF1Qip...), else the Library API's id, else sha1: and the hash."
WHEN = "UTC, ISO 8601, ends in Z."

PHOTOS = {
    "photo_id": PHOTO,
    "source": "Where it was imported from: takeout, folder, library, picker or toolkit-csv.",
    "filename": "Its name in Google Photos.",
    "description": "What was written about it.",
    "mime_type": "Format of the original.",
    "kind": "photo or video.",
    "width": "Pixels, upright, as a person sees it.",
    "height": "Pixels, upright.",
    "bytes": "Size of the original file.",
    "duration_s": "Length of a video in seconds.",
    "taken_at": f"When it was taken. {WHEN}",
    "taken_at_source": "Where that date comes from: sidecar, exif, filename, api or csv.",
    "camera_taken_at": "The camera's own clock with fractions of a second, without a time zone.",
    "uploaded_at": f"When it came into Google Photos. {WHEN}",
    "camera_make": "Maker of the camera.",
    "camera_model": "Model of the camera.",
    "latitude": "Degrees north; empty when unknown.",
    "longitude": "Degrees east; empty when unknown.",
    "favorite": "1 when it is a favourite.",
    "archived": "1 when it is archived.",
    "trashed": "1 when it lies in the trash.",
    "origin": "How it came into Google Photos, for example driveDesktopUploader or mobileUpload.",
    "product_url": "Opens it in Google Photos.",
    "media_key": "Google's key of the item.",
    "dedup_key": "Google's key of the content: items with one key are trashed together.",
    "library_id": "Its id in the Library API, which only the app that uploaded it sees.",
    "app_created": "1 when this app uploaded it, so that the Library API may put it into an album.",
    "album_only": "1 when it was seen only in album folders: it may be somebody else's photo.",
    "owned": "1 when Google says that it is the person's own, 0 when it is somebody else's, empty when unknown.",
    "moves": "1 when its file holds more than a still: an animation, several pages, the film of a motion photo.",
    "original_quality": "1 for original quality, 0 for storage saver, empty when unknown.",
    "space_bytes": "What it costs in the account's storage; empty when unknown.",
    "album_titles": "All albums it is in.",
    "people_names": "Everybody Google recognised in it.",
    "sidecar_rule": "Which naming rule paired the file with its JSON sidecar.",
    "sha1": "SHA-1 of the original's bytes.",
    "no_pixels": "Why it has no preview and no fingerprint; empty when it has.",
    "exported_at": f"Date of the export its metadata comes from: newer wins. {WHEN}",
    "run_id": "The import that wrote it last.",
    "extras": "What its file holds beside the first still, as a JSON list: gain_map, depth_map, second_view, film, pages, frames, sound, "
    "alpha (transparency that is used), deep (more than 8 bits a channel); empty when nothing.",
    "flaw": "What is wrong with its file though it can be seen, in words; empty when nothing.",
}

FACETED = {"label_column": "filename", "sort_desc": "taken_at"}

LIBRARY_TABLES: dict[str, Described] = {
    "photos": Described(
        "One row is one item of the library, wherever its files lie.",
        PHOTOS,
        {
            **FACETED,
            "facets": ["source", "kind", "mime_type", "origin"],
            "units": {"bytes": "byte", "space_bytes": "byte", "duration_s": "s"},
            "fts_table": "photos_fts",
        },
        more_facets=("camera_make", "camera_model", "taken_at_source", "favorite", "archived", "trashed", "album_only", "run_id"),
    ),
    "files": Described(
        "A place where the bytes of a photo can be had.",
        {
            "file_id": "Number of the row.",
            "photo_id": PHOTO,
            "role": "original, edited, live_video (the moving half of a live photo) or album_copy.",
            "container": "The archive or folder.",
            "member": "The path inside it.",
            "bytes": "Size of the file.",
            "sha1": "SHA-1 of its bytes.",
            "crc32": "Checksum from the archive's index.",
            "modified_at": "Time stamp of the file.",
        },
        {"facets": ["role", "container"], "units": {"bytes": "byte"}},
    ),
    "albums": Described(
        "Albums of the library.",
        {
            "album_id": "The album: its id, or album: and its title when it was read from an export.",
            "title": "Its title.",
            "description": "Its description.",
            "app_created": "1 when this app made it, so that the Library API may add to it.",
        },
        {"label_column": "title", "sort": "title"},
    ),
    "album_photos": Described(
        "Which photo is in which album.", {"album_id": "The album.", "photo_id": PHOTO}, {"facets": ["album_id"]}
    ),
    "people": Described(
        "People whom Google recognised and somebody named.",
        {"person_id": "Number of the person.", "name": "Their name."},
        {"label_column": "name", "sort": "name"},
    ),
    "photo_people": Described(
        "Who is in which photo.", {"photo_id": PHOTO, "person_id": "The person."}, {"facets": ["person_id"]}
    ),
    "fingerprints": Described(
        "What a photo looks like, as 256 bits. Compare two with hamming(a, b); find the nearest with nearest_photos(photo_id).",
        {
            "photo_id": PHOTO,
            "phash": "256-bit DCT median hash as 64 hex digits; reads back with imagehash.hex_to_hash.",
            "variants": "JSON: hashes of the turned, mirrored, trimmed and cropped picture.",
            "flatness": "0 for a picture rich in detail, 1 for one colour. Flat pictures need stronger evidence.",
            "algorithm": "Name and version of the method: hashes of two methods cannot be compared.",
        },
        {"sort_desc": "flatness", "facets": ["algorithm"]},
    ),
    "thumbnails": Described(
        "A preview of each photo.",
        {"photo_id": PHOTO, "content": "JPEG, at most 320 pixels, under 100 KB.", "width": "Pixels.", "height": "Pixels."},
        {"size": 20},
    ),
    "pairs": Described(
        "Two photos that were compared on their pixels, and everything that was measured.",
        {
            "photo_a": "The one with the smaller id.",
            "photo_b": "The other.",
            "distance_bits": "How many of the 256 bits of their fingerprints differ.",
            "relation": "How the two relate; see the page How it decides.",
            "confidence": "How sure the relation is, 0 to 1; of a copy by how near to a border it lies.",
            "evidence": "The numbers beside it in one sentence.",
            "variant": "What brought them together: base: the whole picture; name: their file names or their cameras' clocks met.",
            "correlation": "Of the two previews laid over each other: 1 is the same picture.",
            "overlap": "The share of a side that both show, of the side that lost most: below 0.955 it is a crop.",
            "scale": "The size of what both show in one framing against the other.",
            "tilt_degrees": "How far one was turned to fit the other.",
            "pixel_difference": "Mean difference in grey levels of 255, after brightness and contrast were evened out.",
            "worst_block": "The block whose fine structure differs most; 1 is the most that encoding explains.",
            "worst_shade": "The block whose brightness differs most, in the same measure.",
            "bad_share": "The share of blocks that differ more than encoding explains.",
            "spot": "How many times as much the worst pixel differs as 99 of 100 do at most; edges are allowed for.",
            "detail_difference": "Fine structure: 0 the same, 1 unrelated.",
            "worst_detail": "The same for the worst tenth of the blocks that have structure.",
            "structure": "The share of blocks that show anything; too little proves nothing.",
            "tone_shift": "How many grey levels brightness and contrast had to be moved.",
            "contrast_ratio": "Contrast of the larger picture against the smaller one.",
            "colour_difference": "Mean difference of colour, after white balance and saturation were evened out.",
            "worst_colour": "The same for the worst block.",
            "colour_spot": "How many times as much the worst pixel differs in colour as 99 of 100 do at most.",
            "saturation_ratio": "The weaker colour against the stronger: 0.5 is half as colourful.",
            "colour_cast": "How far the white balance was moved.",
            "remade": "What is left when the smaller one is made again from the larger, against what its encoder leaves; 1 is the same.",
            "remade_worst": "The same of the worst place, three or eight pixels wide.",
            "remade_colour": "The same of the worst place in the colours.",
            "remade_px": "Longer side, in pixels, at which it was made again.",
            "remade_from": "The photo that still holds all of the other; empty when none is proved to.",
            "objection": "What speaks against a copy whatever the pixels say.",
            "wants_proof": "1 while the originals were not opened yet; match does it.",
            "time_gap_s": "Seconds between the two shots.",
            "same_time": "1 when the cameras' clocks say one exposure, 0 when they say two, empty when they say nothing.",
            "same_name": "The same for the number in the file names.",
            "same_camera": "The same for the camera.",
            "found_by": "How the two met: by their fingerprints, or because a keeper asked.",
        },
        {"sort": "distance_bits", "facets": ["relation"], "units": {"time_gap_s": "s"}},
        more_facets=("variant", "same_time", "same_name", "same_camera", "found_by"),
    ),
    "groups": Described(
        "Photos of one picture: a keeper and what was verified against it.",
        {
            "group_id": "Stable as long as its photos are.",
            "keeper_id": "The photo to keep.",
            "relation": "The surest relation among its members.",
            "size": "Photos in it, the keeper included.",
            "suggested_count": "Photos suggested for removal.",
            "reclaimable_bytes": "Size of those.",
            "taken_year": "Year the keeper was taken.",
            "camera": "Camera of the keeper.",
            "origin": "How the first suggested photo came into Google Photos.",
            "decided": "1 when every photo in it has a decision.",
            "waiting_count": "Suggested copies that nobody has decided yet.",
            "waiting_bytes": "Size of those.",
            "origins": "How any of its photos came into Google Photos, between bars.",
        },
        {
            "label_column": "relation",
            "sort_desc": "reclaimable_bytes",
            "facets": ["relation", "taken_year", "origin", "decided"],
            "units": {"reclaimable_bytes": "byte"},
        },
        more_facets=("camera", "size"),
    ),
    "group_members": Described(
        "Which photo is in which group, and why.",
        {
            "group_id": "The group.",
            "photo_id": PHOTO,
            "role": "keeper, copy, or look_alike (shown, never suggested).",
            "relation": "How it relates to the keeper.",
            "reason": "Why it has this role, in words.",
            "suggested": "keep, remove, or empty: only a person can say.",
        },
        {"facets": ["role", "relation", "suggested"]},
    ),
    "group_text": Described(
        "What the queue searches: one line of names, descriptions, albums and people for each group.",
        {"group_id": "The group.", "text": "The words."},
        {"hidden": True, "size": 100},
    ),
    "group_counts": Described(
        "How many groups there are of each kind, for the counts of the queue. Triggers keep it in step with groups.",
        {
            "relation": "The relation of these groups.",
            "decided": "1 when every member of them has a decision.",
            "taken_year": "When they were taken; 0 when unknown.",
            "camera": "With which camera; empty when unknown.",
            "origins": "How any of their photos came into Google Photos, between bars; empty when unknown.",
            "size": "Photos in each.",
            "proved": "1 when a suggested copy waits in each of them.",
            "groups": "How many groups.",
            "waiting_count": "Suggested copies that nobody has decided yet.",
            "waiting_bytes": "What these weigh together.",
        },
        {"hidden": True, "size": 100},
    ),
}
"""The library and what matching made of it."""
