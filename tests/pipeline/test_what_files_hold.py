"""What a file holds beside its first still stands in its row, also in libraries that were made before anybody looked for it."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from ..core.test_embedded_extras import BARE_FILM, HDRGM, with_xmp
from ..exports import part, picture, write_tgz, year

HDR = with_xmp(picture(1), HDRGM) + picture(1, (48, 32))


def held(library) -> list[tuple]:
    return library.rows("SELECT filename, extras, moves, flaw FROM photos ORDER BY 1")


def members() -> dict[str, bytes]:
    return {
        **year("film.jpg", picture(2) + BARE_FILM, 2),
        **year("hdr.jpg", HDR, 1),
        **year("no end.jpg", picture(3)[:-2], 3),
        **year("plain.jpg", picture(4), 4),
    }


EXPECTED = [
    ("film.jpg", '["film"]', 1, None),
    ("hdr.jpg", '["gain_map"]', 0, None),
    ("no end.jpg", None, 0, "its end marker is missing; all of its pixels are there"),
    ("plain.jpg", None, 0, None),
]


def test_it_is_kept_and_stays_when_the_same_is_imported_again(library, tmp_path):
    library.takeout(part(tmp_path, 1, members()))
    assert held(library) == EXPECTED
    library.takeout(part(tmp_path, 2, year("plain.jpg", picture(4), 4)), tmp_path / "takeout-20240516T230250Z-001.zip")
    assert held(library) == EXPECTED
    assert [json.loads(row[1]) for row in held(library)[:2]] == [["film"], ["gain_map"]]


def test_it_is_kept_of_an_archive_that_can_only_be_read_once(library, tmp_path):
    library.takeout(write_tgz(tmp_path / "takeout-20240516T230250Z-001.tgz", members()))
    assert held(library) == EXPECTED


def test_a_newer_export_of_the_file_without_it_takes_the_word_away(library, tmp_path):
    library.takeout(part(tmp_path, 1, year("hdr.jpg", HDR, 1)))
    library.takeout(part(tmp_path, 1, year("hdr.jpg", picture(1), 1), "20250601T000000Z"))
    assert held(library) == [("hdr.jpg", None, 0, None)]


def test_a_library_from_before_is_looked_at_once_more(library, tmp_path):
    library.takeout(part(tmp_path, 1, members()))
    with library.db.conn:
        library.db.execute("UPDATE photos SET extras = NULL, flaw = NULL, moves = 0")
        library.db.execute("UPDATE fingerprints SET algorithm = algorithm || ' before extras'")
    library.fingerprint()
    assert held(library) == EXPECTED
    assert library.fingerprint().opened == 0


def film_of(**metadata: str) -> bytes:
    """A short MP4 with these words about itself."""
    av = pytest.importorskip("av")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update(metadata)
        track = container.add_stream("mpeg4", rate=12)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for number in range(6):
            container.mux(track.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), (number * 40, 90, 200)))))
        container.mux(track.encode())
    return buffer.getvalue()


def test_the_date_that_a_film_tells_of_itself_is_kept_beside_that_of_its_sidecar(library, tmp_path):
    plain = film_of(creation_time="2019-06-28T16:38:04Z")
    apple = film_of(creation_time="2019-06-28T16:38:05Z", **{"com.apple.quicktime.creationdate": "2019-06-28T18:38:05+0200"})
    library.takeout(part(tmp_path, 1, {**year("a.mp4", plain, 1, 1_600_000_000), **year("b.mp4", apple, 2, 1_600_000_000)}))
    assert library.rows("SELECT filename, taken_at, taken_at_source, camera_taken_at FROM photos ORDER BY 1") == [
        ("a.mp4", "2020-09-13T12:26:40Z", "sidecar", "2019-06-28T16:38:04"),
        ("b.mp4", "2020-09-13T12:26:40Z", "sidecar", "2019-06-28T18:38:05"),
    ]
