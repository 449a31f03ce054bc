"""What the uploader in `q2google` from PyPI does with a file of several chunks: nothing of this project is imported.

python foreign_resumable_uploader.py URL TOKEN FILE     prints one line of JSON: the state of each answer, and of the item made
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace

from q2google.photos import GooglePhotosAPI, GooglePhotosClient


class Signed:
    """A token that is good already."""

    def __init__(self, token: str):
        self.token = token

    def ensure_credentials(self) -> SimpleNamespace:
        return SimpleNamespace(token=self.token)


class Api(GooglePhotosAPI):
    """The client as it is, at another address; what it is told is kept."""

    def __init__(self, url: str, token: str):
        super().__init__(Signed(token))
        self.url, self.told = url, []

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1/"

    async def upload_chunk(self, url, command, offset, content):
        session = await super().upload_chunk(url, command, offset, content)
        asked = await self.query_upload_status(url)
        self.told.append([command, offset, session.status, asked.status])
        return session


async def main(url: str, token: str, path: Path) -> None:
    async with Api(url, token) as api:
        client = GooglePhotosClient(api, chunk_granularity_multiplier=1)
        session = await client.upload_file_path(path.name, path)
        (answer,) = await client.create_media_items_from_upload_sessions([path.name], [session])
        made = answer.model_dump()["newMediaItemResults"]
        print(json.dumps([api.told, [row["status"]["message"] for row in made]]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
