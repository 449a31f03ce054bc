"""What `google-api-python-client` does when it is built from the descriptions that the fake gives: nothing of this project is imported.

python foreign_discovery_client.py URL TOKEN ACTION [ARGUMENT...]     prints one line of JSON
"""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import Any

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError


def build_service(url: str, token: str, host: str) -> Any:
    """The API of this host, built from its own description."""
    request = urllib.request.Request(f"{url}/$discovery/rest?version=v1", headers={"Host": host})
    with urllib.request.urlopen(request) as response:
        document = json.load(response)
    document["rootUrl"] = f"{url}/"  # Google's host is not asked by a test
    return build_from_document(document, credentials=Credentials(token))


def list_items(library: Any, picker: Any) -> list[str]:
    """The names of all items, over pages of two."""
    names, request = [], library.mediaItems().list(pageSize=2)
    while request is not None:
        answer = request.execute()
        names += [item["filename"] for item in answer.get("mediaItems", ())]
        request = library.mediaItems().list_next(request, answer)
    return names


def fill_album(library: Any, picker: Any, title: str, *item_ids: str) -> list[Any]:
    """Make an album, add these items, describe the first, take the last out again; what is in it then."""
    album = library.albums().create(body={"album": {"title": title}}).execute()
    body = {"mediaItemIds": list(item_ids)}
    library.albums().batchAddMediaItems(albumId=album["id"], body=body).execute()
    library.mediaItems().patch(id=item_ids[0], updateMask="description", body={"description": "words"}).execute()
    library.albums().batchRemoveMediaItems(albumId=album["id"], body={"mediaItemIds": [item_ids[-1]]}).execute()
    found = library.mediaItems().search(body={"albumId": album["id"], "pageSize": 100}).execute()
    told = library.albums().get(albumId=album["id"]).execute()
    return [told["title"], told["mediaItemsCount"], [(item["filename"], item.get("description")) for item in found["mediaItems"]]]


def get_several(library: Any, picker: Any, *item_ids: str) -> list[Any]:
    """Names, or the code of the failure, of several items in one call."""
    rows = library.mediaItems().batchGet(mediaItemIds=list(item_ids)).execute()["mediaItemResults"]
    return [row["mediaItem"]["filename"] if "mediaItem" in row else row["status"]["code"] for row in rows]


def pick(library: Any, picker: Any) -> list[Any]:
    """Begin a picking session, look at it, and end it."""
    session = picker.sessions().create(body={"pickingConfig": {"maxItemCount": "5"}}).execute()
    seen = picker.sessions().get(sessionId=session["id"]).execute()
    return [seen["pickingConfig"], picker.sessions().delete(sessionId=session["id"]).execute()]


def picked(library: Any, picker: Any, session_id: str) -> list[str]:
    """The names of what was picked, over pages of two."""
    names, request = [], picker.mediaItems().list(sessionId=session_id, pageSize=2)
    while request is not None:
        answer = request.execute()
        names += [item["mediaFile"]["filename"] for item in answer.get("mediaItems", ())]
        request = picker.mediaItems().list_next(request, answer)
    return names


def refused(library: Any, picker: Any) -> list[Any]:
    """What the client makes of a refusal that names a field."""
    try:
        library.mediaItems().search(body={"filters": {"mediaTypeFilter": {"mediaTypes": ["PAINTING"]}}}).execute()
    except HttpError as error:
        return [error.status_code, error.error_details]
    return []


ACTIONS = {
    **{"list": list_items, "album": fill_album, "several": get_several},
    **{"pick": pick, "picked": picked, "refused": refused},
}

if __name__ == "__main__":
    address, access, action, *arguments = sys.argv[1:]
    apis = [build_service(address, access, f"{name}.googleapis.com") for name in ("photoslibrary", "photospicker")]
    print(json.dumps(ACTIONS[action](*apis, *arguments)))
