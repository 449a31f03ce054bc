"""What the person sees in a browser: an album and a photo, with "Move to trash"."""

from __future__ import annotations

from html import escape

from .answer import Answer, Request, html, redirect
from .world import World


def page(world: World, request: Request) -> Answer:
    """`/lr/album/<id>` and `/lr/photo/<id>`, as the signed-in owner."""
    parts = request.path.strip("/").split("/")
    if "photo" in parts:
        return _photo(world, request, parts[-1])
    for album in world.albums.values():
        if album.created_by and not album.deleted and world.album_id(album, album.created_by) == parts[-1]:
            items = [world.items[key] for key in album.item_keys if not world.items[key].trashed]
            if request.verb == "POST":
                for item in items:
                    item.trashed = True
                return redirect(request.path)
            texts = "".join(f"<p>{escape(e['textEnrichment']['text'])}</p>" for e in album.enrichments if "textEnrichment" in e)
            pictures = "".join(
                f'<img src="{escape(world.base_url(item))}=w200-h200" title="{escape(item.filename)}" alt=""> ' for item in items
            )
            button = "<form method=post><button>Move all to trash</button></form>"
            title = escape(album.title)
            return html(200, f"<title>{title}</title><h1>{title}</h1>{texts}{pictures}{button}")
    return html(404, "<h1>404</h1>")


def _photo(world: World, request: Request, item_id: str) -> Answer:
    for item in world.items.values():
        for client_id in world.clients:
            if world.item_id(item, client_id) == item_id and not item.trashed:
                if request.verb == "POST":
                    item.trashed = True
                    return html(200, "<h1>Moved to trash</h1>")
                picture = f'<img src="{escape(world.base_url(item))}=w800-h600" alt="">'
                return html(
                    200, f"<h1>{escape(item.filename)}</h1>{picture}<form method=post><button>Move to trash</button></form>"
                )
    return html(404, "<h1>404</h1>")
