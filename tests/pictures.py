"""Pictures made of numbers, and their rows: a library whose photos really look like what the tests say of them."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from datasette_gphotos_dedupe.core.pictures.fingerprint import compute_fingerprint, make_thumbnail


def picture(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with structure at several scales; equal seeds give equal pictures at any size."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((480, 640, 3))
    for cells, strength in ((4, 90), (12, 50), (40, 30), (100, 16)):
        noise = rng.normal(0, 1, (cells * 3 // 4 + 1, cells, 3)).astype(np.float32)
        planes = [Image.fromarray(noise[:, :, plane]).resize((640, 480), Image.Resampling.BICUBIC) for plane in range(3)]
        canvas += strength * np.stack([np.asarray(plane) for plane in planes], axis=2)
    image = Image.fromarray(np.clip(canvas + 128, 0, 255).astype(np.uint8))
    return image if size == (640, 480) else image.resize(size, Image.Resampling.LANCZOS)


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def photo_rows(photo_id: str, image: Image.Image, quality: int = 90, **columns) -> dict:
    """The rows of one photo, as import would write them: `photos`, `fingerprints`, `thumbnails`; and its file as `content`."""
    content = jpeg(image, quality)
    image = Image.open(io.BytesIO(content))
    fingerprint, thumbnail = compute_fingerprint(image), make_thumbnail(image)
    return {
        "photos": {
            "photo_id": photo_id,
            "source": "folder",
            "filename": f"{photo_id}.jpg",
            "mime_type": "image/jpeg",
            "width": image.width,
            "height": image.height,
            "bytes": len(content),
            **columns,
        },
        "fingerprints": {
            "photo_id": photo_id,
            "phash": fingerprint.phash,
            "variants": json.dumps(fingerprint.variants),
            "flatness": fingerprint.flatness,
            "algorithm": fingerprint.algorithm,
        },
        "thumbnails": {"photo_id": photo_id, "content": thumbnail.content, "width": thumbnail.width, "height": thumbnail.height},
        "content": content,
    }


def add_photos(db, rows: list[dict]) -> None:
    """Insert what `photo_rows` made, and lay the files into a folder beside the database."""
    folder = Path(db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]).with_suffix(".pictures")
    folder.mkdir(exist_ok=True)
    with db.atomic():
        for table in ("photos", "fingerprints", "thumbnails"):
            db[table].insert_all([row[table] for row in rows])
        db["files"].insert_all([_file_row(folder, row["photos"]["photo_id"], row["content"]) for row in rows])


def _file_row(folder: Path, photo_id: str, content: bytes) -> dict:
    (folder / photo_id).write_bytes(content)
    sha1 = hashlib.sha1(content).hexdigest()
    return {
        "photo_id": photo_id,
        "role": "original",
        "container": str(folder),
        "member": photo_id,
        "bytes": len(content),
        "sha1": sha1,
    }
