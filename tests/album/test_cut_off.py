"""Pushes by every route cut off after each of their requests and run again: nothing twice, nothing lost.

The push is ended by an exception that nothing catches, in the moment an answer arrives; `test_killed` does the same with SIGKILL.
"""

from __future__ import annotations

from datasette_gphotos_dedupe.album import plan_push, read_candidates, read_pushed, run_push
from datasette_gphotos_dedupe.google.api_calls import open_client
from datasette_gphotos_dedupe.store import pushes
from tests.album.test_same_bytes import Library
from tests.fake_google import CLIENT_ID, FakeGoogle
from tests.google.fixtures import write_private
from tests.google.library import build_pushable, copy_id, decide, fates, keeper_id


class CutOff(BaseException):
    """The program is gone."""


class Machine:
    """A fake Google and a folder for one try; the program dies when request number `fatal` was answered."""

    def __init__(self, folder, monkeypatch, watch, fatal: int | None):
        folder.mkdir()
        self.folder, self.fatal, self.requests = folder, fatal, 0
        self.fake = FakeGoogle()
        self.fake.__enter__()
        for name in ("GPHOTOS_LIBRARY_API", "GPHOTOS_PICKER_API"):
            monkeypatch.setenv(name, self.fake.url)
        auth_path = write_private(folder / "auth.json", self.fake.signed_in())
        self.client = open_client(auth_path, watch.clock())
        send = self.client.transport._send

        def counted(call):
            answer = send(call)
            self.requests += 1
            if self.requests == self.fatal:
                raise CutOff
            return answer

        self.client.transport._send = counted

    def insist(self, work):
        """Run, and run again if it was cut off."""
        try:
            return work()
        except CutOff:
            return work()


def push_everything(machine: Machine) -> Machine:
    """Twelve copies into two albums, with a description and an album to rescue and one photo to take out."""
    fake, path = machine.fake, machine.folder / "photos.db"
    db = build_pushable(path, fake, 13)
    grandma = fake.world.add_album("Grandma")
    keeper = fake.world.add_item("keeper.jpg", created_by=CLIENT_ID)
    with db.atomic():
        db["photos"].update(keeper_id(0), {"library_id": fake.world.item_id(keeper), "app_created": 1})
        db["photos"].update(copy_id(0), {"description": "On the beach"})
        db["albums"].insert({"album_id": fake.world.album_id(grandma), "title": "Grandma", "app_created": 1})
        db["album_photos"].insert({"album_id": fake.world.album_id(grandma), "photo_id": copy_id(0)})
    old = pushes.create_push(db.conn, plan_push(read_candidates(db.conn, [copy_id(12)]), "Duplicates"), None)
    run_push(path, old, open_client(machine.folder / "auth.json", machine.client.clock))
    decide(db, [copy_id(12)], "keep")
    plan = plan_push(read_candidates(db.conn), "Duplicates", "by_id", read_pushed(db.conn, "Duplicates"))
    push_id = pushes.create_push(db.conn, plan, None)
    assert machine.insist(lambda: run_push(path, push_id, machine.client)).state == "done", machine.fatal
    filed = [fake.album_filenames(title) for title in ("Duplicates", "Duplicates (2)")]
    assert sorted(filed[0] + filed[1]) == [f"copy{number:05d}.jpg" for number in range(12)], machine.fatal
    assert [len(fake.album(title).enrichments) <= 1 for title in ("Duplicates", "Duplicates (2)")] == [True, True], machine.fatal
    assert (keeper.description, fake.album_filenames("Grandma")) == ("On the beach", ["keeper.jpg"]), machine.fatal
    assert (fates(db, old), fates(db, push_id)) == ({"refused": 1}, {"added": 12}), machine.fatal
    db.conn.close()
    return machine


def push_same_bytes(machine: Machine) -> Machine:
    """Six photos of the person's own: the trial, its confirmation, the rest."""
    fake = machine.fake
    made = Library(machine.folder, fake, machine.client, 6)
    machine.insist(made.push)
    report = machine.insist(made.confirm)
    assert (report.state, report.added) == ("done", 6), machine.fatal
    assert len(fake.world.items) == 6, machine.fatal
    assert sorted(fake.album_filenames("Duplicates")) == [f"IMG_{number}.jpg" for number in range(6)], machine.fatal
    made.db.conn.close()
    return machine


def cut_everywhere(scenario, folder, monkeypatch, watch, at_least: int) -> None:
    """The scenario undisturbed, and then once for each of its requests."""
    monkeypatch.setattr("datasette_gphotos_dedupe.album.route_by_id.ITEMS_PER_CALL", 5)
    monkeypatch.setattr("datasette_gphotos_dedupe.album.route_same_bytes.ITEMS_PER_CALL", 3)
    monkeypatch.setattr("datasette_gphotos_dedupe.album.push_albums.ITEMS_PER_ALBUM", 8)
    undisturbed = scenario(Machine(folder / "whole", monkeypatch, watch, None))
    undisturbed.fake.close()
    assert undisturbed.requests >= at_least
    for fatal in range(1, undisturbed.requests + 1):
        machine = scenario(Machine(folder / str(fatal), monkeypatch, watch, fatal))
        assert machine.requests >= fatal
        machine.fake.close()


def test_a_push_by_id_with_rescue_withdrawal_and_two_albums(tmp_path, monkeypatch, watch):
    cut_everywhere(push_everything, tmp_path, monkeypatch, watch, at_least=12)


def test_a_push_of_the_same_bytes_with_its_trial(tmp_path, monkeypatch, watch):
    cut_everywhere(push_same_bytes, tmp_path, monkeypatch, watch, at_least=15)
