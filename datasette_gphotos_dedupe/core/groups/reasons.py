"""Why a photo is in a group, and why it is not suggested for removal, in words."""

from __future__ import annotations

from ...model import DIFFERENT_RELATIONS, NOT_IN_GOOGLE, REMOVABLE_RELATIONS
from .keeper import ABOUT_EQUAL, PARTNER, GroupPhoto, Policy, policy_format
from .one_item import may_be_one_item

SAME_AS = {
    "same_bytes": "the same file, byte for byte",
    "re_encode": "what you get when {keeper} is saved again as {format}",
    "smaller_copy": "what you get when {keeper} is scaled down and saved as {format}",
    "raw_and_jpeg": "same picture, RAW beside a developed file",
    "other_format": "what you get when {keeper} is saved as {format}",
    "edited": "same picture, edited",
    "crop": "same picture, cropped",
    "turned": "same picture, turned",
    "mirrored": "same picture, mirrored",
    "series": "another shot of the same scene",
    "look_alike": "nothing proves that this is the same shot",
}

# The values Google writes for the app a photo came from
UPLOADERS = {
    "driveDesktopUploader": "uploaded by Drive for desktop",
    "driveSync": "came from Google Drive",
    "webUpload": "uploaded in a browser",
    "mobileUpload": "uploaded by a phone",
    "fromPartnerSharing": "from partner sharing",
    "fromSharedAlbum": "from a shared album",
    "composition": "made by Google Photos",
}


def describe_member(item: GroupPhoto, keeper: GroupPhoto, relation: str) -> str:
    """For example ``what you get when DSC_1024.JPG is scaled down and saved as JPEG, 320 x 240 against 4032 x 3024``."""
    parts = [SAME_AS[relation].format(keeper=keeper.filename or "the larger one", format=_format_words(item))]
    if (item.width, item.height) != (keeper.width, keeper.height):
        parts.append(f"{item.size} against {keeper.size}")
    elif relation not in {"same_bytes", *DIFFERENT_RELATIONS} and item.bytes and keeper.bytes:
        parts.append(f"{format_bytes(item.bytes)} against {format_bytes(keeper.bytes)}")
    if item.mime_type != keeper.mime_type and item.mime_type and keeper.mime_type:
        parts.append(f"{_format_words(item)} against {_format_words(keeper)}")
    uploader = UPLOADERS.get(item.origin or "")
    if uploader:
        parts.append(uploader)
    return ", ".join(parts)


def why_not_suggested(item: GroupPhoto, keeper: GroupPhoto, relation: str, policy: Policy) -> str | None:
    """Why a copy is not suggested for removal, or None when it is."""
    if relation not in REMOVABLE_RELATIONS:
        return "it is not the same picture unchanged"
    doubts = {
        "you decided to keep it": item.decision == "keep" or item.as_keeper,
        "you decided to remove the one it would be kept by": keeper.decision == "remove",
        "it was seen only in an album, so it may be somebody else's": item.album_only,
        "the other was seen only in an album, so it may be somebody else's": keeper.album_only,
        "the other came by partner sharing, and this one is your own": keeper.origin == PARTNER != item.origin,
        "the larger one may be an enlargement of it: only this one has the camera's data": (
            relation == "smaller_copy" and bool(item.camera_taken_at) and not (keeper.camera_taken_at or keeper.camera_model)
        ),
        "it is a favourite": item.favorite,
        "it is in a protected album": policy.protects(item),
        "it has more pixels than the one kept": item.pixels * ABOUT_EQUAL > keeper.pixels,
        "nothing is known of its size": not item.pixels and relation != "same_bytes",
        "it moves or has several pages, and the one kept is a still": item.moves and not keeper.moves,
        "it has an edited version, and the one kept has none": item.has_edit and not keeper.has_edit,
        "one of the two lies only in a folder on this disk": (item.source in NOT_IN_GOOGLE) != (keeper.source in NOT_IN_GOOGLE),
        "it may be the very photo that is kept, seen through two sources": may_be_one_item(item, keeper),
    }
    return next((words for words, applies in doubts.items() if applies), None)


def held_back(reason: str, doubt: str) -> str:
    """Why a photo is in its group, and why it is not suggested."""
    return f"{reason}; not suggested: {doubt}"


def format_bytes(count: int | float) -> str:
    """Bytes in decimal units, as Google shows them: ``340 kB``, ``3.4 MB``."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:,.0f} {unit}" if unit in ("bytes", "kB") or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


def _format_words(item: GroupPhoto) -> str:
    return (policy_format(item.mime_type) or (item.mime_type or "unknown").split("/")[-1]).upper()
