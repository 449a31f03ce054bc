"""What an installation brings along may be used together with this program, under the licences that its metadata names."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf8").partition("## Licence")[2]
PERMISSIVE = re.compile(r"MIT|BSD|Apache|PSF|ISC|HPND|Zlib|CC0|Public Domain|Unlicense|Python Software Foundation", re.IGNORECASE)
# Used as they are, from packages of their own, which these licences allow to any program.
COPYLEFT = {"certifi": "MPL", "pebble": "LGPL"}
GPL_LIBRARY = re.compile(r"libx26[45]\b|(?:^|/)x26[45]\b")
WITH_GPL_LIBRARIES = {"": {"pillow-heif"}, "video": {"av"}}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(extra: str) -> dict[str, Distribution]:
    """Everything that `pip install datasette-gphotos-dedupe[extra]` brings, by name."""
    found: dict[str, Distribution] = {}
    pending, seen = [("datasette-gphotos-dedupe", frozenset((extra,)))], set()
    while pending:
        name, extras = pending.pop()
        if (plain(name), extras) in seen:
            continue
        seen.add((plain(name), extras))
        try:
            found[plain(name)] = distribution(name)
        except PackageNotFoundError:  # needed on another system
            continue
        for requirement in map(Requirement, found[plain(name)].requires or ()):
            if not requirement.marker or any(requirement.marker.evaluate({"extra": one}) for one in extras or {""}):
                pending.append((requirement.name, frozenset(requirement.extras) or frozenset(("",))))
    return found


def licence_of(package: Distribution) -> str:
    told = package.metadata
    classified = [name for name in told.get_all("Classifier") or () if name.startswith("License ::")]
    return " ".join((told.get("License-Expression") or "", (told.get("License") or "")[:200], *classified))


@pytest.mark.parametrize("extra", ["", "raw", "video"])
def test_every_dependency_has_a_licence_that_goes_with_ours(extra):
    odd = {}
    for name, package in needed(extra).items():
        if name in WITH_GPL_LIBRARIES[""] | WITH_GPL_LIBRARIES.get(extra, set()):  # some of their versions say so, some do not
            continue
        licence = licence_of(package)
        free = PERMISSIVE.search(licence) and not re.search(r"\bA?GPL", licence)
        if not free and COPYLEFT.get(name, "nothing known") not in licence:
            odd[name] = licence
    assert odd == {}


@pytest.mark.parametrize("extra", ["", "video"])
def test_the_packages_that_bring_libraries_under_the_gpl_are_known_and_told(extra):
    """Their own licence does not say so: it is of their source code."""
    found = {
        name for name, package in needed(extra).items() if any(GPL_LIBRARY.search(str(file)) for file in package.files or ())
    }
    assert found <= WITH_GPL_LIBRARIES[""] | WITH_GPL_LIBRARIES[extra]
    assert {name for name in WITH_GPL_LIBRARIES[extra] if f"`{name}`" not in README} == set()
