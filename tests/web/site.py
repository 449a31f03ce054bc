"""A real Datasette with a made library, and somebody who asks it things."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from datasette.app import Datasette

GROUP = "AF1Qip" + "0" * 38
PLUGIN = "datasette-gphotos-dedupe"


def make_datasette(
    files: list[Path], immutables: list[Path] = (), plugin: dict | None = None, everybody: bool = False, **more: Any
) -> Datasette:
    """Datasette in which `root` may do everything, `reviewer` may review and `pusher` may push; or `everybody` may review."""
    rights: dict[str, Any] = {"gphotos-review": {"id": ["reviewer", "root"]}, "gphotos-push": {"id": ["pusher", "root"]}}
    if everybody:
        rights["gphotos-review"] = True
    config: dict[str, Any] = {"plugins": {PLUGIN: {**(plugin or {}), "permissions": rights}}, **more.pop("config", {})}
    on_1_0 = hasattr(Datasette, "allowed")  # its pytest plugin hides the signature of the constructor
    told = {"config": {**config, "permissions": rights}} if on_1_0 else {"metadata": config}
    ds = Datasette([str(file) for file in files], immutables=[str(file) for file in immutables], **told, **more)
    ds.root_enabled = True
    return ds


def change(library: Path, sql: str, *values: Any) -> None:
    """Change the database behind the site's back, as another program would."""
    conn = sqlite3.connect(library)
    with conn:
        conn.execute(sql, values)
    conn.close()


def rows(library: Path, sql: str) -> list[tuple]:
    """What stands in the database now."""
    conn = sqlite3.connect(library)
    found = conn.execute(sql).fetchall()
    conn.close()
    return found


class Site:
    """Requests to one Datasette by one actor, over its real ASGI application."""

    def __init__(self, ds: Datasette, actor: str | None = None, database: str = "photos"):
        self.ds, self.actor = ds, actor
        self.base = f"/{database}/-"
        self.cookies: dict[str, str] = {}
        if actor:
            self.cookies["ds_actor"] = ds.sign({"a": {"id": actor}}, "actor")

    def _headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**({"cookie": cookie} if cookie else {}), **(more or {})}

    async def get(self, path: str, **headers: str):
        return await self.ds.client.get(self._path(path), headers=self._headers(headers))

    async def post(self, path: str, fields: dict | list, **headers: str):
        """A form as a browser posts it, with the token that Datasette 0.65 asks for."""
        token = await self.token()
        pairs = list(fields.items()) if isinstance(fields, dict) else fields
        sent = {"content-type": "application/x-www-form-urlencoded", **headers}
        body = urlencode([*pairs, ("csrftoken", token)]).encode()
        return await self.ds.client.post(self._path(path), content=body, headers=self._headers(sent))

    async def post_json(self, path: str, data: Any):
        import json

        token = await self.token()
        headers = self._headers({"content-type": "application/json", "x-csrftoken": token})
        return await self.ds.client.post(self._path(path), content=json.dumps(data).encode(), headers=headers)

    async def token(self) -> str:
        if not self.cookies:
            return ""
        answer = await self.ds.client.get("/-/messages", headers=self._headers())
        found = re.search(r'name="csrftoken" value="([^"]*)"', answer.text)
        if answer.cookies.get("ds_csrftoken"):
            self.cookies["ds_csrftoken"] = answer.cookies["ds_csrftoken"]
        return found.group(1) if found else ""

    def _path(self, path: str) -> str:
        return path if path.startswith("//") is False and path.startswith("/") else f"{self.base}/{path}"

    async def group(self, group_id: str = GROUP) -> dict:
        """The group as JSON."""
        return (await self.get(f"duplicates/{group_id}.json")).json()["group"]

    async def seen(self, group_id: str = GROUP) -> str:
        return (await self.group(group_id))["seen"]

    async def decide(self, choices: dict[str, str | None], group_id: str = GROUP, **more: Any):
        told = [{"photo_id": photo_id, "decision": decision} for photo_id, decision in choices.items()]
        return await self.post_json(
            f"duplicates/{group_id}.json", {"choices": told, "seen": more.pop("seen", None) or await self.seen(group_id), **more}
        )
