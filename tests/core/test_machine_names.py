"""What names have in common that one program made."""

from __future__ import annotations

import hashlib
import random
import uuid

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
