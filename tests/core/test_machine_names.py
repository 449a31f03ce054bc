"""What names have in common that one program made."""

from __future__ import annotations

import hashlib
import random
import uuid
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from datasette_gphotos_dedupe.core.verdict.machine_names import name_pattern


@pytest.mark.parametrize(
    "name, pattern",
    [
        ("IMG_2041.JPG", "IMG_####"),
        ("IMG_2107(1).jpg", "IMG_####"),
        ("1f452645-8068-7b15-8a57-4b9113151e33.jpg", "36 machine characters"),
        ("DSC_0012-1f452645806811ee8a574b9113151e33.jpg", "DSC_(37 machine characters)"),
        ("AF1QipO3kT9xZ2bQwErTyUiOp.jpg", "25 machine characters"),
        ("20190628_183804.jpg", "########_######"),
        ("IMG-20190628-WA0003.jpg", "IMG-########-WA####"),
        ("FB_IMG_1588962343.jpg", "FB_IMG_#########"),
        ("3f9a1c77.jpg", "8 machine characters"),
        ("3F9A1C77(2).JPG", "8 machine characters"),
        ("77e1b0c4a1.jpg", "10 machine characters"),
        ("thumb_3f9a1c77.jpg", "thumb_#f#a#c#"),
        ("MVC-001S.JPG", "MVC-#S"),
        ("P1020304.JPG", "P#######"),
        ("20190628a2.jpg", "########a#"),
        ("24dec2019.jpg", "#dec####"),
        ("Hochzeit Anna 7.jpg", "Hochzeit Anna #"),
        ("internationalisierung2019.jpg", "internationalisierung####"),
        ("photo", "photo"),
        (".jpg", ".jpg"),
        ("", None),
        (None, None),
    ],
)
def test_a_name_is_folded(name, pattern):
    assert name_pattern(name) == pattern


MAKERS = {
    "uuid": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    "sha1": lambda chance: hashlib.sha1(chance.randbytes(8)).hexdigest(),
    "sized uuid": lambda chance: f"{uuid.UUID(int=chance.getrandbits(128), version=4)}_1024",
    "letters of both sizes": lambda chance: "".join(
        chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=32)
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_names_of_one_machine_have_one_pattern(maker):
    chance = random.Random(4)
    patterns = {name_pattern(f"{MAKERS[maker](chance)}.jpg") for _ in range(500)}
    assert len(patterns) == 1 and next(iter(patterns)).endswith("machine characters")


def test_words_are_no_machine_names():
    for name in (
        "Sommerurlaub in Griechenland 2019",
        "Panorama_Matterhorn_2018-07-14",
        "decade-facade-cafe",
        "Screenshot_20190101-101010",
    ):
        assert "machine" not in name_pattern(f"{name}.jpg")


def short_names(chance: random.Random, length: int, digits: str, count: int) -> list[str]:
    """Hexadecimal names as a program draws them, of which those are left out that a counter or a word could be."""
    found: list[str] = []
    while len(found) < count:
        name = "".join(chance.choices(digits, k=length))
        if sum(a.isdigit() != b.isdigit() for a, b in pairwise(name)) >= 2:
            found.append(name)
    return found


@pytest.mark.parametrize("digits", ["0123456789abcdef", "0123456789ABCDEF"])
@pytest.mark.parametrize("length", [8, 9, 10, 11])
def test_short_hexadecimal_names_have_one_pattern(length, digits):
    names = short_names(random.Random(7), length, digits, 1000)
    assert {name_pattern(f"{name}.jpg") for name in names} == {f"{length} machine characters"}


def test_most_names_of_eight_drawn_digits_are_told_from_counters():
    chance = random.Random(7)
    folded = [name_pattern(f"{chance.getrandbits(32):08x}.jpg") == "8 machine characters" for _ in range(5000)]
    assert sum(folded) > 0.9 * len(folded)


CAMERAS = {
    "IMG_{:04d}": "IMG_####",
    "DSC{:05d}": "DSC#####",
    "DCF{:05d}": "DCF#####",
    "DCFC{:04d}": "DCFC####",
    "CAFE{:04d}": "CAFE####",
    "P{:07d}": "P#######",
    "F{:07d}": "F#######",
    "a{:08d}": "a########",
    "{:08d}": "########",
    "{:010d}b": "#########b",
    "DSC_{:04d}": "DSC_####",
    "100_{:04d}": "#_####",
}


@pytest.mark.parametrize("camera", CAMERAS)
def test_counters_of_cameras_are_no_machine_names(camera):
    chance = random.Random(7)
    assert {name_pattern(f"{camera.format(chance.randrange(10_000))}.JPG") for _ in range(500)} == {CAMERAS[camera]}


def test_moments_and_days_are_no_machine_names():
    chance = random.Random(7)
    for _ in range(2000):
        moment = datetime(2001, 1, 1) + timedelta(seconds=chance.randrange(700_000_000))
        for form in ("%Y%m%d_%H%M%S", "%Y%m%d", "%Y%m%da1", "%Y%m%db12", "%d%b%Y", "%Y%b%d", "%d%b%y"):
            for name in (moment.strftime(form), moment.strftime(form).lower()):
                assert "machine" not in name_pattern(f"{name}.jpg"), name


@pytest.mark.parametrize("word", ["facade", "decade", "defaced", "effaced", "facaded", "Cafe2019", "deadbeef"])
def test_words_of_hexadecimal_letters_are_words(word):
    assert "machine" not in name_pattern(f"{word}.jpg")
