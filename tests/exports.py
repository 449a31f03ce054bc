"""Makes Takeout exports of known content: real pictures, real archives, sidecars as Google writes them."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pillow_heif
from PIL import Image, ImageDraw

pillow_heif.register_heif_opener()  # so that Pillow can write HEIC too

ID = "20240516T230250Z"
ROOT = "Takeout/Google Photos"


def picture(seed: int, size: tuple[int, int] = (96, 64), format: str = "JPEG", **save) -> bytes:
    """A small picture of shapes that no other seed gives."""
    image = Image.new("RGB", size, (seed * 37 % 256, seed * 91 % 256, seed * 53 % 256))
    draw = ImageDraw.Draw(image)
    for number in range(8):
        x, y = (seed * 13 + number * 29) % size[0], (seed * 7 + number * 17) % size[1]
        draw.rectangle(
            (x, y, x + 5 + (seed + number) % 25, y + 9), fill=((number * 31 + seed) % 256, number * 20, 255 - number * 9)
        )
    buffer = io.BytesIO()
    image.save(buffer, format, **save)
    return buffer.getvalue()


def key(number: int) -> str:
    """A media key of the right shape."""
    return f"AF1Qip{number:038d}"


def sidecar(title: str | None, number: int | None = None, taken: int | str | None = 1_561_739_884, **more) -> bytes:
    """A photo's sidecar as Google writes it; `number` gives it a url."""
    value: dict = {
        "title": title,
        "description": "",
        "imageViews": "3",
        "creationTime": {"timestamp": "1561740000", "formatted": "Jun 28, 2019, 4:40:00 PM UTC"},
        "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
    }
    if taken is not None:
        value["photoTakenTime"] = {"timestamp": str(taken), "formatted": "somewhen"}
    if number is not None:
        value["url"] = f"https://photos.google.com/photo/{key(number)}"
        value["googlePhotosOrigin"] = {"mobileUpload": {"deviceType": "ANDROID_PHONE"}}
    return json.dumps({**value, **more}, ensure_ascii=False).encode()


def album(title: str | None, **more) -> bytes:
    """An album folder's metadata.json."""
    return json.dumps({"title": title, "description": "", "access": "protected", "date": {"timestamp": "0"}, **more}).encode()


Members = dict[str, bytes]


def year(name: str, data: bytes, number: int | None = None, taken: int | None = 1_561_739_884, **more) -> Members:
    """A picture in its year folder with its sidecar in the new style, below ``Photos from 2019``."""
    folder = "Photos from 2019"
    return {f"{folder}/{name}": data, f"{folder}/{name}.supplemental-metadata.json": sidecar(name, number, taken, **more)}


def write_zip(path: Path, members: Members, root: str = ROOT) -> Path:
    """A zip part."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{root}/{name}" if root else name, data)
    return path


def write_tgz(path: Path, members: Members, root: str = ROOT) -> Path:
    """A tgz part."""
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(f"{root}/{name}")
            info.size, info.mtime = len(data), 1_715_900_000
            archive.addfile(info, io.BytesIO(data))
    return path


def write_folder(path: Path, members: Members, root: str = ROOT) -> Path:
    """An unpacked part."""
    for name, data in members.items():
        target = path / root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return path


def part(folder: Path, number: int, members: Members, export: str = ID) -> Path:
    """Part `number` of an export as a zip."""
    return write_zip(folder / f"takeout-{export}-{number:03d}.zip", members)
