"""A database whose copies this app has uploaded to the fake Google, decided and ready to be pushed."""

from __future__ import annotations

from pathlib import Path

from tests.fake_google import CLIENT_ID, FakeGoogle
from tests.made_library import build_library, photo_id


def build_pushable(path: Path, fake: FakeGoogle, count: int, foreign: int = 0):
    """`count` groups of a keeper and a smaller copy; each copy is decided `remove`, the last `foreign` are not the app's.

    Returns the database. Copy number n is the photo `copy_id(n)`.
    """
    db = build_library(path, groups=count, size=2, thumbnails=False)
    with db.atomic():
        for table in ("pairs", "groups"):
            db.execute(f"UPDATE {table} SET relation = 'smaller_copy'")
        db.execute("UPDATE pairs SET remade_from = photo_a")
        db.execute("UPDATE group_members SET relation = 'smaller_copy', role = 'copy' WHERE role != 'keeper'")
        for number in range(count):
            if number < count - foreign:
                item = fake.world.add_item(f"copy{number:05d}.jpg", created_by=CLIENT_ID)
                values = {"library_id": fake.world.item_id(item), "app_created": 1, "filename": item.filename}
                db["photos"].update(copy_id(number), values)
        decide(db, [copy_id(number) for number in range(count)], "remove")
    return db


def keeper_id(number: int) -> str:
    return photo_id(2 * number)


def copy_id(number: int) -> str:
    return photo_id(2 * number + 1)


def decide(db, photo_ids: list[str], decision: str) -> None:
    rows = [
        {"subject": identifier, "decision": decision, "photo_id": identifier, "decided_at": "2026-02-01T00:00:00Z"}
        for identifier in photo_ids
    ]
    db["decisions"].insert_all(rows, replace=True)


def fates(db, push_id: int = 1) -> dict[str, int]:
    """How many photos of a push are in each state."""
    sql = "SELECT state, count(*) FROM push_items WHERE push_id = ? GROUP BY state"
    return dict(db.execute(sql, [push_id]).fetchall())
