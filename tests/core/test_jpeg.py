"""A JPEG that lacks its end marker and nothing else is a whole picture; one that lacks pixels is not."""

from __future__ import annotations

import io

import pytest

from datasette_gphotos_dedupe.core.pictures.decode import NO_END, decode_picture
from datasette_gphotos_dedupe.errors import PictureError

from ..made_pictures import scene

KINDS = {"plain": {}, "progressive": {"progressive": True}, "restarting": {"restart_marker_rows": 2}, "grey": {}}


def jpeg(kind: str) -> bytes:
    image = scene(7, (640, 480)).convert("L" if kind == "grey" else "RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, **KINDS[kind])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("instead", [b"", bytes(1), bytes(5000)])
def test_a_picture_without_its_end_marker_is_seen_and_its_flaw_is_noted(kind, instead):
    whole = jpeg(kind)
    decoded = decode_picture(whole[:-2] + instead)
    assert (decoded.flaw, decoded.image.tobytes()) == (NO_END, decode_picture(whole).image.tobytes())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [40, 400, 4000, 10_000])
@pytest.mark.parametrize("instead", [b"", bytes(5000)])
def test_a_picture_without_its_last_pixels_is_refused(kind, cut, instead):
    with pytest.raises(PictureError) as refused:
        decode_picture(jpeg(kind)[:-cut] + instead)
    assert refused.value.code in ("truncated", "broken")


def test_a_whole_picture_has_no_flaw():
    assert decode_picture(jpeg("plain")).flaw is None
