"""The step `fingerprint` of `bench_match.py`: how fast pictures become fingerprints, beside others."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

import click
import numpy as np


def bench_fingerprint(folder: str | None) -> None:
    """JPEGs of 12 megapixels, one after the other on one core: what `folder` holds, or made ones."""
    from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
    from datasette_gphotos_dedupe.core.pictures.fingerprint import compute_fingerprint, make_thumbnail

    with tempfile.TemporaryDirectory() as made:
        paths = [path for path in sorted(Path(folder).rglob("*")) if is_large_jpeg(path)] if folder else made_jpegs(Path(made))
        data = [path.read_bytes() for path in paths]
        size = sum(map(len, data)) / len(data) / 1e6
        click.echo(f"Fingerprints of {len(data)} JPEGs of 12 megapixels, {size:.1f} MB on average (x = times libjpeg-turbo)")

        def ours(content: bytes) -> None:
            image = decode_picture(content).image
            compute_fingerprint(image)
            make_thumbnail(image)

        reference = None
        for name, work, inputs in (
            ("libjpeg-turbo to grey at reduced scale", decode_grey, data),
            ("ours: hash, variants, flatness, preview", ours, data),
            *peer_hashers(paths),
        ):
            work(inputs[0])
            start = time.thread_time()
            for content in inputs:
                work(content)
            seconds = (time.thread_time() - start) / len(inputs)
            reference = reference or seconds
            click.echo(f"  {name:<50}{1 / seconds:9.1f} a second {reference / seconds:8.2f} x")


def decode_grey(content: bytes) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        image.draft("L", (320, 320))
        image.load()


def peer_hashers(paths: list[Path]):
    names = [str(path) for path in paths]
    try:
        from imagededup.methods import PHash

        hasher = PHash(verbose=False)
        yield "imagededup PHash", lambda name: hasher.encode_image(image_file=name), names
    except ImportError:
        click.echo("  imagededup: not installed")
    try:
        from czkawka import ImageSimilarity

        finder = ImageSimilarity()
        yield "czkawka", finder.hash_image, paths
    except ImportError:
        click.echo("  czkawka: not installed")


def is_large_jpeg(path: Path) -> bool:
    from PIL import Image

    if path.suffix.lower() not in (".jpg", ".jpeg"):
        return False
    with Image.open(path) as image:
        return 11e6 < image.width * image.height < 13e6


def made_jpegs(folder: Path) -> list[Path]:
    """Six pictures of 4032 x 3024 with detail at many scales, 3 to 4 MB each as phones write them."""
    from PIL import Image

    paths = []
    for number in range(6):
        rng = np.random.default_rng(number)
        image = np.zeros((3024, 4032, 3), np.float32)
        for cells, strength in ((8, 60), (60, 30), (500, 14), (2000, 9)):
            noise = rng.normal(0, strength, (cells * 3 // 4, cells, 3)).astype(np.float32)
            planes = [Image.fromarray(noise[..., plane]).resize((4032, 3024), Image.Resampling.BICUBIC) for plane in range(3)]
            image += np.stack([np.asarray(plane) for plane in planes], axis=2)
        paths.append(folder / f"{number}.jpg")
        Image.fromarray(np.clip(image + 128, 0, 255).astype(np.uint8)).save(paths[-1], quality=88)
    return paths
