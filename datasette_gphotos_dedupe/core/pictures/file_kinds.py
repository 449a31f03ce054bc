"""What a file is, told by its first bytes. Extensions lie: Takeout holds HEIC named .jpg and PNG named .jpg."""

from __future__ import annotations

from typing import NamedTuple

HEAD_BYTES = 4096  # enough for every signature below, the farthest being 12 bytes in

PHOTO, RAW, VIDEO = "photo", "raw", "video"


class Kind(NamedTuple):
    """`family` is photo, raw or video; `mime_type` as browsers know it."""

    family: str
    mime_type: str | None  # None for what is called a picture and is none


_SIGNATURES = (
    (b"\xff\xd8\xff", Kind(PHOTO, "image/jpeg")),
    (b"\x89PNG\r\n\x1a\n", Kind(PHOTO, "image/png")),
    (b"GIF87a", Kind(PHOTO, "image/gif")),
    (b"GIF89a", Kind(PHOTO, "image/gif")),
    (b"BM", Kind(PHOTO, "image/bmp")),
    (b"II\x1a\x00\x00\x00HEAPCCDR", Kind(RAW, "image/x-canon-crw")),
    (b"FUJIFILMCCD-RAW", Kind(RAW, "image/x-fuji-raf")),
    (b"IIRO", Kind(RAW, "image/x-olympus-orf")),
    (b"IIRS", Kind(RAW, "image/x-olympus-orf")),
    (b"MMOR", Kind(RAW, "image/x-olympus-orf")),
    (b"IIU\x00", Kind(RAW, "image/x-panasonic-rw2")),
    (b"FOVb", Kind(RAW, "image/x-sigma-x3f")),
    (b"\x00MRM", Kind(RAW, "image/x-minolta-mrw")),
    (b"\x1aE\xdf\xa3", Kind(VIDEO, "video/x-matroska")),
    (b"\x00\x00\x01\xba", Kind(VIDEO, "video/mpeg")),
    (b"\x00\x00\x01\xb3", Kind(VIDEO, "video/mpeg")),
    (b"0&\xb2u\x8ef\xcf\x11", Kind(VIDEO, "video/x-ms-wmv")),
    (b"FLV\x01", Kind(VIDEO, "video/x-flv")),
)
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), Kind(PHOTO, "image/heic")),
    **dict.fromkeys((b"avif", b"avis"), Kind(PHOTO, "image/avif")),
    b"crx ": Kind(RAW, "image/x-canon-cr3"),
    b"qt  ": Kind(VIDEO, "video/quicktime"),
    **dict.fromkeys((b"3gp4", b"3gp5", b"3gp6", b"3g2a"), Kind(VIDEO, "video/3gpp")),
}
# Cameras' raw files that begin like any TIFF; only the name, or a mark behind the header, tells them apart.
RAW_EXTENSIONS = {
    ".dng": "image/x-adobe-dng",
    ".nef": "image/x-nikon-nef",
    ".nrw": "image/x-nikon-nrw",
    ".cr2": "image/x-canon-cr2",
    ".arw": "image/x-sony-arw",
    ".sr2": "image/x-sony-sr2",
    ".srf": "image/x-sony-srf",
    ".pef": "image/x-pentax-pef",
    ".srw": "image/x-samsung-srw",
    ".3fr": "image/x-hasselblad-3fr",
    ".erf": "image/x-epson-erf",
    ".kdc": "image/x-kodak-kdc",
    ".dcr": "image/x-kodak-dcr",
    ".rwl": "image/x-leica-rwl",
}
# fmt: off
PHOTO_EXTENSIONS = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".heic", ".heif", ".hif", ".avif", ".tif", ".tiff", ".bmp",
    ".crw", ".cr3", ".raf", ".orf", ".rw2", ".x3f", ".mrw", ".mpo", ".insp", ".ico", ".heics", ".svg", ".jp2", ".jxl", *RAW_EXTENSIONS,
))
VIDEO_EXTENSIONS = frozenset((
    ".mp4", ".mov", ".m4v", ".mp", ".mpg", ".mpeg", ".avi", ".3gp", ".3g2", ".mkv", ".webm", ".wmv", ".mts", ".m2ts", ".ts",
    ".flv", ".asf", ".mod", ".tod", ".m2t", ".divx", ".3gpp", ".mmv", ".vob", ".ogv", ".qt", ".insv", ".lrv",
))
# fmt: on


def kind_of(head: bytes, extension: str = "") -> Kind | None:
    """The kind of a file from its first bytes, or None for what is neither picture nor video.

    `extension` (lower case, with its dot) only decides between TIFF and the raw formats built on it.
    """
    if head[4:8] == b"ftyp":
        return _isobmff(head)
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return _tiff(head, extension)
    if head[:4] == b"RIFF":
        return {b"WEBP": Kind(PHOTO, "image/webp"), b"AVI ": Kind(VIDEO, "video/x-msvideo")}.get(head[8:12])
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):  # QuickTime from before `ftyp`, as old cameras write it
        return Kind(VIDEO, "video/quicktime")
    if head[:1] == b"G" and head[188:189] == b"G" or head[4:5] == b"G" and head[196:197] == b"G":
        return Kind(VIDEO, "video/mp2t")
    return next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), None)


def _isobmff(head: bytes) -> Kind:
    box_bytes = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, box_bytes, 4))]
    # `mif1` alone does not tell HEIC from AVIF, so the compatible brands are asked as well.
    if b"avif" in brands or b"avis" in brands:
        return _BRANDS[b"avif"]
    return _BRANDS.get(brands[0], Kind(VIDEO, "video/mp4"))


def _tiff(head: bytes, extension: str) -> Kind:
    if head[8:10] == b"CR":
        return Kind(RAW, RAW_EXTENSIONS[".cr2"])
    if extension in RAW_EXTENSIONS:
        return Kind(RAW, RAW_EXTENSIONS[extension])
    return Kind(PHOTO, "image/tiff")
