"""What the matching keeps for itself, in words."""

from __future__ import annotations

from .descriptions_library import WHEN, Described

MATCHING_TABLES: dict[str, Described] = {
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
    ),
    "match_state": Described(
        "What the last matching saw: the keeper rules and its progress.",
        {"name": "What it is.", "value": "Its value, as JSON."},
        {"hidden": True, "sort": "name"},
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
}
"""What was measured, judged and counted beside groups and pairs."""
