"""What the fake knows: one person's library, the apps that act on it, and the switches a test may turn."""

from __future__ import annotations

import base64
import hashlib
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

READ = "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata"
APPEND = "https://www.googleapis.com/auth/photoslibrary.appendonly"
EDIT = "https://www.googleapis.com/auth/photoslibrary.edit.appcreateddata"
PICK = "https://www.googleapis.com/auth/photospicker.mediaitems.readonly"
SCOPES = frozenset({READ, APPEND, EDIT, PICK})
REMOVED_SCOPES = frozenset(
    f"https://www.googleapis.com/auth/photoslibrary{name}" for name in ("", ".readonly", ".sharing", ".readonly.originals")
)

CLIENT_ID = "1234567890-desktop.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-not-a-secret-of-anybody"
PROJECT_NUMBER = "1234567890"


@dataclass
class Item:
    """One photo or video of the person. `created_by` is the client id of the app that uploaded it, or None."""

    key: int
    filename: str
    mime_type: str
    width: int
    height: int
    taken_at: datetime
    data: bytes | None = None  # None: a picture is drawn when somebody asks for it
    description: str = ""
    created_by: str | None = None
    video: bool = False
    processing: str = "READY"
    camera_make: str = ""
    camera_model: str = ""
    favorite: bool = False
    archived: bool = False
    trashed: bool = False
    motion: bytes | None = None  # the film inside a motion photo

    @property
    def sha1(self) -> str | None:
        return hashlib.sha1(self.data).hexdigest() if self.data is not None else None


@dataclass
class Album:
    """An album with its items in order and its text and map blocks."""

    key: int
    title: str
    created_by: str | None
    item_keys: list[int] = field(default_factory=list)
    enrichments: list[dict] = field(default_factory=list)
    cover_key: int | None = None
    deleted: bool = False
    history: list[tuple[datetime, int]] = field(default_factory=list)  # when it held how many items, for counts that lag behind


@dataclass
class Switches:
    """What a test may change. Each default is what a faithful Google does."""

    reupload: str = (
        "A"  # same bytes of somebody else's item: A into the album, B code 6, C a second copy; filed_but_code_6: A and B
    )
    count_lag_s: float = 0.0  # albums tell the count of items they had this long ago
    re_adding: str = "accepted"  # or "refused": adding an item that is in the album already
    short_pages: bool = False  # pages with fewer entries than asked for, some of them empty
    mixed_status: int = 200  # of a batchCreate in which some rows failed; older documentation speaks of 207
    photos_off: bool = False  # an account without Google Photos
    page_overlap: bool = True  # the first entry of a page may repeat the last one of the page before
    consent: frozenset[str] | None = None  # the scopes the person ticks; None ticks all
    consent_denied: bool = False
    rotate: bool = False  # every renewal brings another refresh token, and the one before is dead
    testing: bool = False  # consent screen in Testing: sign-ins end after seven days
    api_enabled: bool = True
    requests_per_day: int = 10_000
    media_per_day: int = 75_000
    writes_per_minute: int | None = None
    base_url_life_s: int = 3_600
    access_token_life_s: int = 3_599
    album_capacity: int = 20_000
    max_sessions: int = 20


class World:
    """Everything behind one lock. Time is the machine's, moved by `advance()`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.switches = Switches()
        self.items: dict[int, Item] = {}
        self.albums: dict[int, Album] = {}
        self.clients = {CLIENT_ID: CLIENT_SECRET}
        self.codes: dict[str, dict] = {}
        self.access_tokens: dict[str, dict] = {}
        self.refresh_tokens: dict[str, dict] = {}
        self.uploads: dict[str, dict] = {}
        self.upload_tokens: dict[str, dict] = {}
        self.sessions: dict[str, dict] = {}
        self.public = ""  # where base URLs, product URLs and upload URLs point
        self._offset = timedelta()
        self._next_key = 1

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self._offset

    def advance(self, **by: float) -> None:
        """Let time pass, for example `advance(minutes=61)`."""
        self._offset += timedelta(**by)

    def new_key(self) -> int:
        with self.lock:
            self._next_key += 1
            return self._next_key

    def opaque(self, prefix: str, *parts: object, length: int = 86) -> str:
        """A long opaque id as Google's: the same parts give the same id, and nothing can be read from it."""
        seed = "\x1f".join(str(part) for part in parts).encode()
        digest = b"".join(hashlib.sha256(bytes([round_]) + seed).digest() for round_ in range(3))
        return (prefix + base64.urlsafe_b64encode(digest).decode())[:length]

    def token(self, prefix: str, *parts: object, length: int) -> str:
        """An opaque token in plain base64: whoever puts it into an address as it is, or reads it as a form, loses it.

        Its length is a multiple of four; `+`, `/` and `=` are in every one.
        """
        text = self.opaque(prefix, *parts, length=length - 4).replace("-", "+").replace("_", "/")
        return f"{text}+/A="

    def item_id(self, item: Item, client_id: str = CLIENT_ID) -> str:
        """The id under which this app sees the item: another app sees another one."""
        return self.opaque("APx", "item", client_id, item.key)

    def album_id(self, album: Album, client_id: str = CLIENT_ID) -> str:
        return self.opaque("ALb", "album", client_id, album.key)

    def base_url(self, item: Item, picker: bool = False) -> str:
        from .media import base_url

        return base_url(self, item, picker)

    def find_item(self, item_id: str, client_id: str) -> Item | None:
        """The item this app may act on: one it uploaded itself."""
        with self.lock:
            number = self._index().get((client_id, item_id))
            item = self.items.get(number) if number else None
        return item if item and item.created_by == client_id and not item.trashed else None

    def _index(self) -> dict[tuple[str, str], int]:
        index = self.__dict__.setdefault("_ids", {})
        done = self.__dict__.setdefault("_indexed", set())
        for key, item in self.items.items():
            for client_id in self.clients:
                if (client_id, key) not in done:
                    done.add((client_id, key))
                    index[client_id, self.item_id(item, client_id)] = key
        return index

    def find_album(self, album_id: str, client_id: str) -> Album | None:
        """The album with this id that the app created."""
        with self.lock:
            for album in self.albums.values():
                if album.created_by == client_id and not album.deleted and self.album_id(album, client_id) == album_id:
                    return album
        return None

    def add_item(self, filename: str, data: bytes | None = None, **values) -> Item:
        """Put a photo into the library: by the person (created_by None) or by an app."""
        size = values.pop("size", None) or (read_size(data) if data is not None else (640, 480))
        with self.lock:
            key = self.new_key()
            taken_at = values.pop("taken_at", None) or datetime(2019, 6, 28, 16, 38, 4, tzinfo=timezone.utc)
            mime_type = values.pop("mime_type", None) or guess_mime(filename)
            item = Item(key, filename, mime_type, *size, taken_at=taken_at, data=data, **values)
            item.video = item.video or mime_type.startswith("video/")
            self.items[key] = item
        return item

    def add_album(self, title: str, created_by: str | None = CLIENT_ID) -> Album:
        with self.lock:
            album = Album(self.new_key(), title, created_by)
            self.albums[album.key] = album
        return album

    def issue(self, client_id: str = CLIENT_ID, scopes=SCOPES, refreshable: bool = True) -> dict:
        """Sign somebody in without the browser: what the token endpoint would have answered."""
        with self.lock:
            answer = {"access_token": self._new_access(client_id, scopes), "expires_in": self.switches.access_token_life_s}
            answer |= {"scope": " ".join(sorted(scopes)), "token_type": "Bearer"}
            if refreshable:
                token = f"1//{self.opaque('', 'refresh', self.new_key(), length=60)}"
                self.refresh_tokens[token] = {"client_id": client_id, "scopes": frozenset(scopes), "at": self.now()}
                self._forget_oldest(client_id)
                answer["refresh_token"] = token
                if self.switches.testing:
                    answer["refresh_token_expires_in"] = 604_799
        return answer

    def _forget_oldest(self, client_id: str, most: int = 100) -> None:
        """One client has so many living refresh tokens of one person at most: the oldest dies without a word."""
        own = [token for token, kept in self.refresh_tokens.items() if kept["client_id"] == client_id]
        for token in own[:-most]:
            del self.refresh_tokens[token]

    def _new_access(self, client_id: str, scopes) -> str:
        token = f"ya29.{self.opaque('', 'access', self.new_key(), length=80)}"
        ends = self.now() + timedelta(seconds=self.switches.access_token_life_s)
        self.access_tokens[token] = {"client_id": client_id, "scopes": frozenset(scopes), "ends": ends}
        return token


def read_size(data: bytes) -> tuple[int, int]:
    """The upright pixel size of a picture; a video is taken for 1280 x 720."""
    import io

    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            return ImageOps.exif_transpose(image).size
    except (UnidentifiedImageError, OSError):
        return 1280, 720


def guess_mime(filename: str) -> str:
    import mimetypes

    extra = {".heic": "image/heif", ".webp": "image/webp", ".avif": "image/avif"}
    ending = filename[filename.rfind(".") :].lower()
    return extra.get(ending) or mimetypes.guess_type(filename)[0] or "image/jpeg"
