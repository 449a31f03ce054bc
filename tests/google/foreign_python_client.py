"""What `google-photos-library-api` from PyPI does, run by the Python of an environment of its own: nothing of this project is imported.

python foreign_python_client.py URL TOKEN ACTION [ARGUMENT...]     prints one line of JSON
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
from google_photos_library_api.api import GooglePhotosLibraryApi
from google_photos_library_api.auth import AbstractAuth
from google_photos_library_api.model import NewAlbum, NewMediaItem, SimpleMediaItem


class Auth(AbstractAuth):
    """A token that is good already."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str):
        super().__init__(session, url)
        self.token = token

    async def async_get_access_token(self) -> str:
        return self.token


async def list_items(api: GooglePhotosLibraryApi) -> list[str]:
    """The names of everything that this app uploaded, over all pages."""
    result = await api.list_media_items(page_size=3)
    return [item.filename async for page in result for item in page.media_items]


async def get_item(api: GooglePhotosLibraryApi, item_id: str) -> str:
    """The name of one item."""
    return (await api.get_media_item(item_id)).filename


async def upload_into_an_album(api: GooglePhotosLibraryApi, title: str, path: str) -> list[str]:
    """A new album with one picture in it; the titles of all albums then."""
    album = await api.create_album(NewAlbum(title=title))
    upload = await api.upload_content(Path(path).read_bytes(), "image/jpeg")
    new = NewMediaItem(SimpleMediaItem(upload_token=upload.upload_token, file_name=Path(path).name))
    await api.create_media_items([new], album_id=album.id)
    result = await api.list_albums()
    return [found.title async for page in result for found in page.albums]


async def main(url: str, token: str, action: str, *arguments: str) -> None:
    async with aiohttp.ClientSession() as session:
        api = GooglePhotosLibraryApi(Auth(session, url, token))
        actions = {"list": list_items, "get": get_item, "upload": upload_into_an_album}
        print(json.dumps(await actions[action](api, *arguments)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
