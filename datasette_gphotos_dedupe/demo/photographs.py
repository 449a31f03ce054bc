"""Real photographs that other Python packages carry, with the licence each one comes under.

Nothing is copied into this package: the files are read where scikit-image and scikit-learn installed them. Neither is a
requirement; `pip install --no-deps scikit-image scikit-learn` is enough, because only their picture files are used.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Photograph:
    """One picture file of another package. `licence` is what that package's own documentation says about it."""

    name: str
    package: str
    member: str
    licence: str
    credit: str


def _skimage(name: str, file: str, licence: str, credit: str) -> Photograph:
    return Photograph(name, "skimage", f"data/{file}", licence, credit)


def _sklearn(name: str, file: str, credit: str) -> Photograph:
    return Photograph(name, "sklearn", f"datasets/images/{file}", "CC BY 2.0", credit)


# Licences as stated in skimage/data/_fetchers.py and sklearn/datasets/images/README.txt. Pictures about whose rights those
# files say nothing (moon, page, logo, lfw_subset) are left out. The two motorcycles are shown, never passed on.
PHOTOGRAPHS = (
    _skimage("astronaut", "astronaut.png", "public domain", "NASA, Great Images"),
    _skimage("brick", "brick.png", "CC0", "CC0Textures, Bricks25"),
    _skimage("camera", "camera.png", "CC0", "Lav Varshney"),
    _skimage("cat", "chelsea.png", "CC0", "Stefan van der Walt"),
    _skimage("clock", "clock_motion.png", "public domain", "Stefan van der Walt"),
    _skimage("coffee", "coffee.png", "CC0", "Rachel Michetti, Pikolo Espresso Bar"),
    _skimage("coins", "coins.png", "no known copyright restrictions", "Brooklyn Museum"),
    _skimage("grass", "grass.png", "CC0", "linolafett"),
    _skimage("gravel", "gravel.png", "CC0", "CC0Textures, Gravel04"),
    _skimage("hubble", "hubble_deep_field.jpg", "public domain", "NASA, HubbleSite"),
    _skimage("tissue", "ihc.png", "no known copyright restrictions", "Center for Microscopy and Molecular Imaging"),
    _skimage("motorcycle_left", "motorcycle_left.png", "published for research", "Middlebury 2014 stereo benchmark"),
    _skimage("motorcycle_right", "motorcycle_right.png", "published for research", "Middlebury 2014 stereo benchmark"),
    _skimage("retina", "retina.jpg", "CC0", "Mikael Häggström"),
    _skimage("rocket", "rocket.jpg", "public domain", "SpaceX"),
    _sklearn("china", "china.jpg", "danielbuechele"),
    _sklearn("flower", "flower.jpg", "vultilion"),
)

INSTALL_COMMAND = "pip install --no-deps scikit-image scikit-learn"


def _package_folder(package: str) -> Path | None:
    # find_spec() of a top-level name does not import it: neither package nor its heavy requirements are loaded
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def read_photographs() -> dict[str, Image.Image]:
    """Name to RGB picture, for those that are installed here; empty when neither package is."""
    from PIL import Image

    found = {}
    for photograph in PHOTOGRAPHS:
        folder = _package_folder(photograph.package)
        if folder is not None and (folder / photograph.member).is_file():
            with Image.open(folder / photograph.member) as image:
                found[photograph.name] = image.convert("RGB")
    return found


def credits_text(names: set[str]) -> str:
    """Who made the photographs of these names and under which licence, one a line."""
    lines = [
        f"{photograph.name}: {photograph.credit}; {photograph.licence}; from the Python package {photograph.package}"
        for photograph in PHOTOGRAPHS
        if photograph.name in names
    ]
    return "\n".join(["The photographs of this sample library:", *lines, "All other pictures were drawn by the program.", ""])
