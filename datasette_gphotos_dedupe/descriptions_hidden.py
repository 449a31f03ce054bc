"""The tables that Datasette lists nowhere, because programs keep their own notes in them."""

from __future__ import annotations

from .descriptions_library import Described

HIDDEN_TABLES: dict[str, Described] = {
    "google_state": Described(
        "What must be remembered about Google between runs: the picking session under way, the pictures loaded today.",
        {"name": "What it is.", "value": "Its value, as JSON."},
        {"hidden": True, "sort": "name"},
    ),
    "last_import": Described(
        "What the last import that read all its parts saw: one that finds the same again has nothing to read.",
        {
            "inventory": "Checksum over the names, sizes, times and indexes of all its parts.",
            "report": "What it said of each part, as JSON. The row goes as soon as anything that the import wrote changes.",
        },
        {"hidden": True, "size": 20},
    ),
    "staged_readings": Described(
        "Pictures of a tgz that were read before their sidecars were known. Empty when no import is under way.",
        {
            "container": "The archive.",
            "member": "The path inside it.",
            "bytes": "Size of the file.",
            "modified_at": "When the archive was last changed.",
            "outcome": "What was read, as JSON.",
            "thumbnail": "The preview, as JPEG.",
        },
        {"hidden": True, "size": 20},
    ),
    "different_pairs": Described(
        "Pairs that were looked at because a keeper asked, and are different pictures: kept so that nobody asks again.",
        {"photo_a": "The one with the smaller id.", "photo_b": "The other."},
        {"hidden": True, "size": 100},
    ),
    "remakings": Described(
        "What making one picture again from another showed, kept by the contents of both files: it is measured once.",
        {
            "content_a": "SHA-1 of the one file.",
            "content_b": "SHA-1 of the other.",
            "measured_by": "Name and version of the measure.",
            "proof": "What was measured, as JSON.",
        },
        {"hidden": True, "size": 100},
    ),
    "comparisons": Described(
        "By what each photo was compared with all others.",
        {"photo_id": "The photo.", "matched_by": "The matcher, and what it saw of the photo; empty when it is new."},
        {"hidden": True, "size": 100},
    ),
    "packed_variants": Described(
        "The variants of each fingerprint once more, as bytes that are searched without reading text.",
        {
            "photo_id": "The photo.",
            "names_id": "Which variants it has, in order.",
            "hashes": "Their hashes, 32 bytes each.",
        },
        {"hidden": True, "size": 20},
    ),
    "variant_names": Described(
        "Which variants photos have: a handful of lists serve all.",
        {"names_id": "The number of the list.", "names": "JSON: the names, in the order of the hashes."},
        {"hidden": True, "size": 20},
    ),
    "last_comparison": Described(
        "Says that all photos have been compared: a match then need not read them. The row goes as soon as one changes.",
        {"matcher": "What compared them, or a word while it does.", "photos": "How many; empty while it does."},
        {"hidden": True, "size": 20},
    ),
    "last_grouping": Described(
        "Says that the groups are those of all pairs: a match then need not make them anew. The row goes as soon as one changes, or a "
        "photo, an album or a decision.",
        {"grouper": "What made them, and the keeper rules, or a word while it does.", "groups": "How many; empty while it does."},
        {"hidden": True, "size": 20},
    ),
    "match_state": Described(
        "What the last matching saw: the keeper rules, the rule for names, and its progress.",
        {"name": "What it is.", "value": "Its value, as JSON."},
        {"hidden": True, "sort": "name"},
    ),
}
"""What the import, the match, the pages and the push remember."""
