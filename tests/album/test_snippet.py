"""The snippet of the hand-over file under Node, against a stand-in that has the toolkit's own names, parameters and payloads."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from datasette_gphotos_dedupe.album.handover_files import SNIPPET, HandedOver, Handover, handover_text, plan_handover
from datasette_gphotos_dedupe.album.metadata_losses import Rescue
from datasette_gphotos_dedupe.album.push_candidates import read_candidates
from datasette_gphotos_dedupe.album.toolkit_steps import Step, plan_steps
from tests.exports import key
from tests.google.library import build_pushable, copy_id, keeper_id
from tests.toolkit import content_key

NODE = shutil.which("node")
RUNNER = Path(__file__).resolve().parent.parent / "run_snippet.js"
ALBUM = "Duplicates"

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node is installed")


def data(number: int) -> bytes:
    return f"picture {number}".encode()


def checksum(number: int) -> str:
    return base64.b64encode(hashlib.sha1(data(number)).digest()).decode()


def photo(number: int, **more: object) -> HandedOver:
    """Photo `number`, of which Google knows the content key, and its keeper 900000 + number."""
    values = {
        "photo_id": key(number),
        "filename": f"IMG_{number}.jpg",
        "url": f"https://photos.google.com/photo/{key(number)}",
        "media_key": key(number),
        "dedup_key": None,
        "checksum": checksum(number),
        "keeper_id": key(900_000 + number),
        "keeper_filename": f"KEPT_{number}.jpg",
        "keeper_url": None,
        "word": "remade",
    }
    return HandedOver(**{**values, **more})


def handed_over(*photos: HandedOver, steps: tuple[Step, ...] = (), by_hand: tuple[Rescue, ...] = ()) -> Handover:
    contents = {one.photo_id: (content_key(data(int(one.photo_id[6:]))),) for one in photos}
    keepers = {one.keeper_id: (one.keeper_id,) for one in photos}
    return Handover(ALBUM, "2026-02-01T00:00:00Z", photos, (), (), steps, by_hand, contents, keepers, tuple(keepers))


def step(number: int, what: str, value: str = "yes", **more: object) -> Step:
    """Something of photo `number` for its keeper."""
    values = {
        "what": what,
        "value": value,
        "text": f"{what} of KEPT_{number}.jpg: {value}",
        "keeper_id": key(900_000 + number),
        "keeper_media_key": key(900_000 + number),
        "keeper_checksum": None,
        "album_key": None,
        "photo_ids": (key(number),),
    }
    return Step(**{**values, **more})


def item(number: int, **more: object) -> dict[str, object]:
    """Photo `number` in Google's library."""
    return {"mediaKey": key(number), "dedupKey": content_key(data(number)), "hash": checksum(number), **more}


def items(count: int) -> list[dict[str, object]]:
    return [one for number in range(count) for one in (item(number), item(900_000 + number))]


class Run:
    """What a run of the snippet left."""

    def __init__(self, told: dict):
        self.told = told
        self.report = told["report"] or {}
        self.counts = self.report.get("counts")
        self.contents = {album["title"]: album["contents"] for album in told["albums"]}
        self.fates = {one["photo_id"]: (one["fate"], one["reason"]) for one in self.report.get("photos", ())}

    def calls(self, procedure: str) -> list:
        return [payload for name, payload in self.told["calls"] if name == procedure]


@pytest.fixture
def run(tmp_path):
    """Runs the snippet with a hand-over file; more is what the stand-in's page is set up with."""

    def go(handover: Handover | str, library: list | None = None, **setup: object) -> Run:
        text = handover if isinstance(handover, str) else handover_text(handover, "json")
        library = items(len(handover.photos)) if library is None and isinstance(handover, Handover) else library or []
        path = tmp_path / "setup.json"
        path.write_text(json.dumps({"snippet": SNIPPET, "handover": text, "library": library, **setup}))
        done = subprocess.run([str(NODE), str(RUNNER), str(path)], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return Run(json.loads(done.stdout))

    return go


def photos(count: int) -> list[HandedOver]:
    return [photo(number) for number in range(count)]


def test_20251_keys_end_in_two_albums_and_every_key_in_exactly_one(run):
    done = run(handed_over(*photos(20_251)))
    assert {title: len(contents) for title, contents in done.contents.items()} == {"Duplicates": 20_000, "Duplicates (2)": 251}
    everywhere = Counter(key for contents in done.contents.values() for key in contents)
    assert everywhere == Counter(content_key(data(number)) for number in range(20_251))
    assert done.counts == {"in the album": 20_251}
    assert {one["album"] for one in done.report["photos"][20_000:]} == {"Duplicates (2)"}
    assert max(len(keys) for keys, _ in done.calls("E1Cajb")) == 250


def test_every_call_has_the_payload_of_the_page(run):
    done = run(handed_over(photo(0), photo(1, media_key=None)))
    assert done.told["calls"] == [
        ["swbisb", [[checksum(1)], None, 3, 0]],
        ["zy0IHe", [None]],
        ["OXvT9d", [ALBUM, None, 2]],
        ["E1Cajb", [[key(0), key(1)], done.told["albums"][0]["key"]]],
        ["snAcKc", [done.told["albums"][0]["key"], None, None, None]],
    ]


def test_without_the_toolkit_there_is_one_clear_sentence_and_nothing_is_done(run):
    done = run(handed_over(*photos(3)), faults={"absent": True})
    assert done.report == {
        "error": "Google Photos Toolkit is not on this page. Install version 3.2 or newer from "
        "https://github.com/xob0t/Google-Photos-Toolkit, load photos.google.com anew, and run this again. Nothing was changed."
    }
    assert done.told["calls"] == []


@pytest.mark.parametrize(
    "lacks, steps",
    [
        ("getAlbumPage", ()),
        ("setItemDescription", (step(0, "description", "words"),)),
        ("getItemInfo", (step(0, "favorite"),)),
        ("getAlbums", (step(0, "album", "Trip"),)),
    ],
)
def test_an_older_toolkit_is_named_by_what_it_lacks_and_nothing_is_done(run, lacks, steps):
    done = run(handed_over(*photos(1), steps=steps), faults={"lacks": [lacks]})
    assert done.report == {
        "error": f"This Google Photos Toolkit lacks {lacks}. Install version 3.2 or newer, load this page anew, and run this again. "
        "Nothing was changed."
    }
    assert done.told["calls"] == []


def test_a_toolkit_that_lacks_what_this_file_does_not_need_will_do(run):
    done = run(
        handed_over(*photos(1)),
        faults={"lacks": ["setFavorite", "getRemoteMatchesByHash", "getAlbums", "getItemInfo", "getTrashItems"]},
    )
    assert done.counts == {"in the album": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"media_key_chunks": []}', "null"])
def test_another_file_or_one_of_another_version_is_refused(run, text):
    done = run(text)
    assert done.report["error"].startswith("This file is no hand-over file")
    assert done.report["error"].endswith("Write it again: gphotos-to-sqlite handover photos.db handover.json")


ALL = ["zy0IHe", "OXvT9d", "E1Cajb", "snAcKc", "VrseUb", "fDcn4b", "swbisb", "Z5xsfc", "Ftfh0", "AQNOFd"]


def test_where_google_answers_nothing_at_all_no_photo_is_tried(run):
    done = run(handed_over(*photos(300)), faults={"silent": ALL})
    assert done.counts == {"not tried": 300}
    assert "Stopped: " in done.told["text"]


def test_where_adding_is_never_answered_it_stops_and_the_album_says_what_is_in_it(run):
    done = run(handed_over(*photos(1_000)), faults={"silent": ["E1Cajb"]})
    assert done.counts == {"not in the album": 750, "not tried": 250}
    assert done.fates[key(0)] == ("not in the album", "Google gave no answer, and the album does not show it")
    assert (
        "Stopped: Google filed nothing of 3 chunks one after the other, so no more was sent. Run this again later."
        in done.told["text"]
    )


def test_where_neither_adding_nor_reading_is_answered_that_is_what_is_said(run):
    done = run(handed_over(*photos(300)), faults={"silent": ["E1Cajb", "snAcKc", "VrseUb"]})
    assert done.counts == {"sent, and not answered": 300}
    assert 'The album "Duplicates" could not be read back: Google gave no answer' in done.told["text"]


def test_what_was_done_without_an_answer_is_found_in_the_album(run):
    done = run(handed_over(*photos(300)), faults={"mute": ["E1Cajb"]})
    assert done.counts == {"in the album": 300}


def test_what_was_answered_and_not_done_is_tried_once_more_and_named(run):
    done = run(handed_over(*photos(3)), faults={"lost": ["E1Cajb"]})
    assert done.counts == {"not in the album": 3}
    assert set(done.fates.values()) == {("not in the album", "Google took it, and the album does not show it")}
    assert len(done.calls("E1Cajb")) == 2


def test_an_album_that_cannot_be_read_back_is_not_taken_for_full(run):
    done = run(handed_over(*photos(3)), faults={"silent": ["snAcKc"]})
    assert done.counts == {"sent, and not read back": 3}


def test_a_chunk_that_is_refused_once_comes_in_by_halves(run):
    done = run(handed_over(*photos(1_000)), faults={"refuseCalls": {"E1Cajb": [2]}})
    assert done.counts == {"in the album": 1_000}
    assert [len(keys) for keys, _ in done.calls("E1Cajb")] == [250, 250, 125, 125, 250, 250]


def test_one_key_that_google_refuses_holds_no_other_back(run):
    done = run(handed_over(*photos(600)), faults={"refuseKeys": [key(250), key(411)]})
    assert done.counts == {"in the album": 598, "refused by Google": 2}
    assert {one for one, fate in done.fates.items() if fate == ("refused by Google", "HTTP 400 ")} == {key(250), key(411)}


def test_a_whole_chunk_that_is_refused_for_ever_costs_itself_alone(run):
    done = run(handed_over(*photos(1_000)), faults={"refuseKeys": [key(number) for number in range(250, 500)]})
    assert done.counts == {"in the album": 750, "refused by Google": 250}
    assert len(done.calls("E1Cajb")) <= 3 + 24


def test_where_everything_is_refused_it_stops_before_long(run):
    done = run(handed_over(*photos(2_000)), faults={"refuseKeys": [key(number) for number in range(2_000)]})
    assert done.counts == {"refused by Google": 750, "not tried": 1_250}
    assert len(done.calls("E1Cajb")) <= 75


def test_a_second_album_that_cannot_be_made_leaves_what_the_first_holds(run):
    done = run(handed_over(*photos(20_010)), faults={"refuseCalls": {"OXvT9d": [2]}})
    assert done.counts == {"in the album": 20_000, "not tried": 10}
    again = run(handed_over(*photos(20_010)), library=done.told["library"], storage=done.told["storage"])
    assert len(again.calls("OXvT9d")) == 1 and again.calls("OXvT9d")[0][0] == "Duplicates (2)"


def test_cut_short_it_goes_on_where_it_was_without_a_second_album(run):
    cut = run(handed_over(*photos(1_000)), faults={"after": 4}, seconds=0.6)
    assert cut.told["report"] is None
    (album,) = cut.told["albums"]
    library = [{**one, "albums": [ALBUM] if one["dedupKey"] in album["contents"] else []} for one in cut.told["library"]]
    done = run(handed_over(*photos(1_000)), library=library, albums=[album], storage=cut.told["storage"])
    assert done.calls("OXvT9d") == []
    assert [keys[0] for keys, _ in done.calls("E1Cajb")] == [key(500), key(750)]
    assert done.counts == {"in the album": 1_000}


def test_run_again_after_all_went_well_it_changes_nothing(run):
    first = run(handed_over(*photos(3)))
    (album,) = first.told["albums"]
    library = [{**one, "albums": [ALBUM] if one["dedupKey"] in album["contents"] else []} for one in first.told["library"]]
    again = run(handed_over(*photos(3)), library=library, albums=[album], storage=first.told["storage"])
    assert [name for name, _ in again.told["calls"]] == ["zy0IHe", "snAcKc"]
    assert again.counts == {"in the album": 3}


def test_run_again_after_the_album_was_moved_to_the_trash_it_says_so_and_files_nothing_again(run):
    first = run(handed_over(*photos(3)))
    (album,) = first.told["albums"]
    library = [{**one, "trashed": one["dedupKey"] in album["contents"]} for one in first.told["library"]]
    again = run(handed_over(*photos(3)), library=library, albums=[album], storage=first.told["storage"])
    assert again.counts == {"in the trash": 3}
    assert again.calls("E1Cajb") == []


def test_copies_whose_keeper_lies_in_the_trash_by_now_are_held_back_until_it_does_not(run):
    library = [{**one, "trashed": one["mediaKey"] in (key(900_001), key(900_003), key(900_004))} for one in items(6)]
    done = run(handed_over(*photos(6)), library=library)
    assert done.counts == {"in the album": 3, "held back": 3}
    assert done.fates[key(4)] == ("held back", "the photo that stays for it lies in the trash")
    assert len(done.calls("zy0IHe")) == 2
    (album,) = done.told["albums"]
    library = [
        {**one, "trashed": False, "albums": [ALBUM] if one["dedupKey"] in album["contents"] else []}
        for one in done.told["library"]
    ]
    again = run(handed_over(*photos(6)), library=library, albums=[album], storage=done.told["storage"])
    assert again.counts == {"in the album": 6}


def test_a_copy_in_the_album_whose_keeper_went_to_the_trash_since_must_come_out(run):
    first = run(handed_over(*photos(3)))
    (album,) = first.told["albums"]
    inside = [content_key(data(number)) for number in (0, 1)]  # the third was taken out by hand
    library = [
        {
            **one,
            "albums": [ALBUM] if one["dedupKey"] in inside else [],
            "trashed": one["mediaKey"] in (key(900_001), key(900_002)),
        }
        for one in first.told["library"]
    ]
    again = run(handed_over(*photos(3)), library=library, albums=[album], storage=first.told["storage"])
    lies = "the photo that stays for it lies in the trash"
    assert again.fates == {
        key(0): ("in the album", None),
        key(1): ("in the album, and must come out of it", lies),
        key(2): ("held back", lies),
    }
    assert "BEFORE YOU DELETE, take 1 photo out of the album again" in again.told["text"]
    library = [{**one, "trashed": False} for one in library]
    safe = run(handed_over(*photos(3)), library=library, albums=[album], storage=again.told["storage"])
    assert safe.counts == {"in the album": 3}


def test_a_trash_that_cannot_be_read_is_told(run):
    done = run(handed_over(*photos(3)), faults={"refuseCalls": {"zy0IHe": [1]}})
    assert "The trash could not be read (HTTP 504 ): whether a photo that stays lies there is not known." in done.told["text"]
    assert done.counts == {"in the album": 3}


@pytest.mark.parametrize("what, value", [("description", "Grandma"), ("album", "Trip")])
def test_what_was_carried_over_is_checked_also_where_the_toolkit_gives_no_more_than_a_little(run, what, value):
    albums = [{"key": "AF1QipTrip", "title": "Trip"}]
    done = run(handed_over(photo(0), steps=(step(0, what, value),)), albums=albums, faults={"lacks": ["getItemInfoExt"]})
    assert done.counts == {"in the album": 1}


def test_a_browser_that_remembers_nothing_does_it_all_the_same(run):
    assert run(handed_over(*photos(3)), no_memory=True).counts == {"in the album": 3}


def test_a_call_that_never_comes_back_is_not_waited_for_without_end(run):
    done = run(handed_over(*photos(3)), faults={"hang": ["E1Cajb"]})
    assert done.counts == {"not in the album": 3}
    done = run(handed_over(*photos(3)), faults={"hang": ["E1Cajb"], "silent": ["VrseUb"]})
    assert set(done.fates.values()) == {("sent, and not answered", "Google gave no answer within ten minutes")}


def test_a_photo_known_by_its_checksum_alone_is_looked_up_and_one_that_google_lacks_is_named(run):
    found, lacking, lost = photo(1, media_key=None), photo(2, media_key=None), photo(3, media_key=None, checksum=None)
    done = run(handed_over(photo(0), found, lacking, lost), library=[item(0), item(1)])
    assert done.contents == {ALBUM: [content_key(data(0)), content_key(data(1))]}
    assert done.fates == {
        key(0): ("in the album", None),
        key(1): ("in the album", None),
        key(2): ("no key to find it by", "Google knows no photo of this checksum"),
        key(3): ("no key to find it by", "open its link, or look for its name"),
    }
    assert "1 photo without a key, which the toolkit cannot find:\n- IMG_3.jpg" in done.told["text"]


def test_a_checksum_under_which_google_has_a_photo_that_stays_files_nothing(run):
    kept = {**item(0), "mediaKey": key(900_000)}
    done = run(handed_over(photo(0, media_key=None)), library=[kept])
    assert done.counts == {"held back": 1}
    assert done.calls("E1Cajb") == []


def test_photos_whose_content_key_is_another_one_are_told_by_asking_google(run):
    library = [{**item(number), "dedupKey": f"storageSaver{number:015d}"} for number in range(40)]
    done = run(handed_over(*photos(40)), library=library)
    assert done.counts == {"in the album": 40}
    assert len(done.calls("VrseUb")) == 40


def test_rescue_is_shown_first_and_done_before_anything_is_filed(run):
    steps = (step(0, "favorite"), step(0, "description", "Grandma"), step(1, "album", "Trip"))
    hand = Rescue(key(1), key(900_001), "person", "Ada", False, None, "KEPT_1.jpg")
    albums = [{"key": "AF1QipTrip", "title": "Trip"}, *({"key": f"AF1QipOther{n}", "title": f"Other {n}"} for n in range(5))]
    done = run(handed_over(*photos(2), steps=steps, by_hand=(hand,)), albums=albums)
    assert done.told["calls_before"] == 0
    for text in (*(one.text for one in steps), "KEPT_1.jpg lacks the person Ada", 'Then 2 photos go into the album "Duplicates"'):
        assert text in done.told["shown"]
    names = [name for name, _ in done.told["calls"]]
    assert max(names.index(name) for name in ("Ftfh0", "AQNOFd", "Z5xsfc")) < names.index("OXvT9d")
    assert done.calls("Ftfh0") == [[[[None, content_key(data(900_000))]], [1]]]
    assert done.calls("AQNOFd") == [[None, "Grandma", content_key(data(900_000))]]
    kept = {one["mediaKey"]: one for one in done.told["library"]}
    assert (kept[key(900_000)]["favorite"], kept[key(900_000)]["description"]) == (True, "Grandma")
    assert done.contents["Trip"] == [content_key(data(900_001))]
    assert done.counts == {"in the album": 2}


def test_what_the_keeper_has_by_now_is_not_done_again(run):
    steps = (step(0, "favorite"), step(0, "description", "Grandma"), step(0, "album", "Trip"))
    kept = item(900_000, favorite=True, description="Grandma in 1960", albums=["Trip"])
    done = run(handed_over(photo(0), steps=steps), library=[item(0), kept], albums=[{"key": "AF1QipTrip", "title": "Trip"}])
    assert (done.calls("Ftfh0"), done.calls("AQNOFd"), len(done.calls("E1Cajb"))) == ([], [], 1)
    assert done.counts == {"in the album": 1}


def test_a_description_that_the_file_of_the_keeper_says_itself_is_not_lost(run):
    kept = item(900_000, other="Grandma")
    assert run(handed_over(photo(0), steps=(step(0, "description", "Grandma"),)), library=[item(0), kept]).counts == {
        "in the album": 1
    }


@pytest.mark.parametrize(
    "one, kept, faults, reason",
    [
        (step(0, "favorite"), {}, {"lost": ["Ftfh0"]}, "Google did not keep the heart"),
        (step(0, "favorite"), {}, {"silent": ["VrseUb"]}, "Google gave no answer"),
        (
            step(0, "favorite", keeper_media_key=None, keeper_checksum=checksum(5)),
            {},
            {},
            "the photo that stays was not found in Google Photos",
        ),
        (
            step(0, "description", "Grandma"),
            {"description": "Grandpa"},
            {},
            "it has words of its own by now, and they are not replaced",
        ),
        (step(0, "description", "Grandma"), {}, {"lost": ["AQNOFd"]}, "Google did not keep the words"),
        (step(0, "album", "Trip"), {}, {"lost": ["E1Cajb"]}, "Google did not put it into the album"),
        (step(0, "album", "Gone"), {}, {}, "there is no such album of yours"),
        (step(0, "album", ALBUM, album_key="AF1Qip4"), {}, {}, "the album is the one to delete from"),
        (step(0, "album", "Twice"), {}, {}, "2 albums have this title"),
        (step(0, "album", "Shared"), {}, {}, "the album is shared with others, so you add to it yourself"),
    ],
)
def test_a_copy_whose_rescue_fails_is_held_back_and_the_others_go(run, one, kept, faults, reason):
    albums = [
        {"key": f"AF1Qip{n}", "title": title, "shared": title == "Shared"}
        for n, title in enumerate(("Trip", "Twice", "Twice", "Shared", ALBUM))
    ]
    library = [item(0), item(900_000, **kept), item(1)]
    done = run(handed_over(*photos(2), steps=(one,)), library=library, albums=albums, faults=faults)
    assert done.fates[key(0)] == ("held back", f"{one.text}: {reason}")
    assert all(content_key(data(0)) not in contents for contents in done.contents.values())
    assert key(1) in [name for keys, _ in done.calls("E1Cajb") for name in keys]


def test_nothing_is_carried_over_to_a_keeper_in_the_trash(run):
    done = run(handed_over(photo(0), steps=(step(0, "favorite"),)), library=[item(0), item(900_000, trashed=True)])
    assert done.fates[key(0)] == ("held back", "the photo that stays for it lies in the trash")
    assert done.calls("Ftfh0") == []


def test_of_two_albums_of_one_title_the_one_whose_key_is_known_is_taken(run):
    albums = [{"key": "AF1QipOne", "title": "Twice"}, {"key": "AF1QipTwo", "title": "Twice"}]
    done = run(handed_over(photo(0), steps=(step(0, "album", "Twice", album_key="AF1QipTwo"),)), albums=albums)
    assert [album["contents"] for album in done.told["albums"][:2]] == [[], [content_key(data(900_000))]]


def test_a_rescue_that_works_the_second_time_lets_its_copy_go(run):
    steps = (step(0, "favorite"), step(0, "description", "Grandma"))
    first = run(handed_over(photo(0), steps=steps), faults={"lost": ["Ftfh0"]})
    assert first.counts == {"held back": 1}
    again = run(handed_over(photo(0), steps=steps), library=first.told["library"], storage=first.told["storage"])
    assert again.counts == {"in the album": 1}
    assert (len(again.calls("Ftfh0")), again.calls("AQNOFd")) == (1, [])


def test_the_file_of_a_real_library_carries_over_what_only_the_copy_has(run, tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 3, foreign=3)
    with db.atomic():
        db["photos"].update(copy_id(0), {"favorite": 1, "description": "Grandma", "latitude": 1.0, "longitude": 2.0})
        db["photos"].update(copy_id(1), {"description": "Grandpa"})
        db["photos"].update(keeper_id(1), {"description": "At the sea"})
        db["albums"].insert_all([{"album_id": key(50), "title": "Trip"}, {"album_id": "album:Home", "title": "Home"}])
        db["album_photos"].insert_all({"album_id": one, "photo_id": copy_id(2)} for one in (key(50), "album:Home"))
    plan = plan_handover(db.conn, ALBUM)
    db.conn.close()
    assert [(one.what, one.value, one.keeper_media_key, one.album_key, one.photo_ids) for one in plan.steps] == [
        ("favorite", "yes", keeper_id(0), None, (copy_id(0),)),
        ("description", "Grandma", keeper_id(0), None, (copy_id(0),)),
        ("album", "Home", keeper_id(2), None, (copy_id(2),)),
        ("album", "Trip", keeper_id(2), key(50), (copy_id(2),)),
    ]
    assert [(one.what, one.photo_id) for one in plan.by_hand] == [("location", copy_id(0)), ("description", copy_id(1))]
    library = [{"mediaKey": one, "dedupKey": f"of {one}"} for n in range(3) for one in (copy_id(n), keeper_id(n))]
    albums = [{"key": key(50), "title": "Trip"}, {"key": key(51), "title": "Home"}]
    done = run(plan, library=library, albums=albums)
    assert done.counts == {"in the album": 3}
    assert [album["contents"] for album in done.told["albums"][:2]] == [[f"of {keeper_id(2)}"]] * 2


def test_a_photo_of_which_the_bytes_alone_are_known_is_handed_over_by_its_checksum(run, tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 2, foreign=2)
    unknown = {"media_key": None, "product_url": None}
    sha1 = hashlib.sha1(data(0)).hexdigest()
    with db.atomic():
        db["photos"].update(copy_id(0), {**unknown, "sha1": sha1, "dedup_key": content_key(data(0))})
        db["photos"].update(copy_id(1), {**unknown, "sha1": None, "dedup_key": None})
    plan = plan_handover(db.conn, ALBUM)
    db.conn.close()
    assert [(one.photo_id, one.url, one.checksum) for one in plan.photos] == [(copy_id(0), None, checksum(0))]
    assert [one.reason for one in plan.refused] == ["nothing is known that would find it in Google Photos"]
    assert run(plan, library=[{**item(0), "mediaKey": key(777)}]).contents == {ALBUM: [content_key(data(0))]}
    assert copy_id(0) in handover_text(plan, "html")


def test_two_descriptions_for_one_keeper_are_not_written_over_each_other(tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 2, foreign=2)
    with db.atomic():
        for number, words in ((0, "Grandma"), (1, "Grandpa")):
            db["photos"].update(copy_id(number), {"description": words})
    plan = plan_handover(db.conn, ALBUM)
    candidates = read_candidates(db.conn)
    db.conn.close()
    one_keeper = {keeper_id(0): candidates[0].survivor}
    steps, by_hand = plan_steps([replace(thing, keeper_id=keeper_id(0)) for thing in plan.rescue], one_keeper, {})
    assert ([one.value for one in steps], [one.value for one in by_hand]) == (["Grandma"], ["Grandpa"])


def test_one_thing_that_several_copies_have_is_one_step_for_all_of_them(tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 2, foreign=2)
    with db.atomic():
        for number in (0, 1):
            db["photos"].update(copy_id(number), {"favorite": 1})
    rescue = plan_handover(db.conn, ALBUM).rescue
    keeper = read_candidates(db.conn)[0].survivor
    db.conn.close()
    steps, _ = plan_steps([replace(thing, keeper_id=keeper_id(0)) for thing in rescue], {keeper_id(0): keeper}, {})
    assert [one.photo_ids for one in steps] == [(copy_id(0), copy_id(1))]
