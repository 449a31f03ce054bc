"""Whatever is answered in Google's place: one sentence, no crash, no endless loop, and never an answer taken for another."""

from __future__ import annotations

import gc
import gzip
import io
import json
import os
import threading
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.errors import GoogleError, GphotosError
from datasette_gphotos_dedupe.google import uploads
from datasette_gphotos_dedupe.google.api_calls import Client
from datasette_gphotos_dedupe.google.auth_file import Auth, SignInUnreachable, Token
from datasette_gphotos_dedupe.sources.library_api import LibraryApi
from datasette_gphotos_dedupe.sources.picker import Picker

from .fixtures import StoppedWatch

GOOD_TOKEN = b'{"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}'
SHA1 = "0" * 40
LARGE = uploads.RESUMABLE_FROM_BYTES + 1


@pytest.fixture(autouse=True)
def no_finalizer_at_the_bottom_of_a_deep_answer():
    """What other tests left is collected before: a finalizer that runs where the stack is full would fail this test."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Oracle(ThreadingHTTPServer):
    """Answers every request with what it was told to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.status, self.body, self.headers = 200, b"{}", {}
        self.token, self.token_status = GOOD_TOKEN, 200
        super().__init__(("127.0.0.1", 0), _Answering)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Oracle

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        told = self.server
        signing_in = self.path.startswith("/token")
        body = told.token if signing_in else told.body
        self.send_response(told.token_status if signing_in else told.status)
        for name, value in {"content-type": "application/json", **({} if signing_in else told.headers)}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, *arguments: object) -> None:
        """Nothing of it is news."""


@pytest.fixture(scope="module")
def oracle():
    with Oracle() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def make_client(oracle: Oracle) -> Client:
    auth = Auth("id", "secret", "refresh", f"{oracle.url}/token", ("scope",))
    return Client(Token(auth), oracle.url, oracle.url, StoppedWatch().clock())


def upload(client: Client, size: int) -> str:
    return uploads.upload(client, lambda: nullcontext(io.BytesIO(b"x" * size)), size, "image/jpeg", SHA1)


def offers(client: Client) -> list:
    return list(LibraryApi(client).offers())


def picked(client: Client) -> list:
    return list(Picker(client, lambda link: None, lambda seconds: None).offers())


CALLS = {
    "albums": lambda client: list(client.fetch_albums()),
    "album": lambda client: client.fetch_album("a"),
    "find": lambda client: client.find_album("a"),
    "create": lambda client: client.create_album("a"),
    "add": lambda client: client.add_to_album("a", ["b"]),
    "offers": offers,
    "base url": lambda client: LibraryApi(client).fetch_base_url("a"),
    "gone": lambda client: LibraryApi(client).find_gone(["a"]),
    "app albums": lambda client: list(LibraryApi(client).albums()),
    "items": lambda client: client.create_items("a", [("token", "name")]),
    "picked": picked,
    "upload": lambda client: upload(client, 10),
}
KEYS = ("id", "title", "mediaItems", "albums", "nextPageToken", "mediaItemResults", "newMediaItemResults", "mediaItem", "status")
KEYS += ("code", "message", "error", "mediaMetadata", "width", "creationTime", "video", "photo", "mediaFile", "mediaFileMetadata")
KEYS += ("pollingConfig", "pollInterval", "timeoutIn", "mediaItemsSet", "pickerUri", "mediaItemsCount", "baseUrl", "filename")
odd = st.sampled_from(("", "x", "0", "9" * 40, "\ud800", "../..", "nan", "1e999s", -1, 10**30, 1.5, True, None))
values = st.recursive(
    st.one_of(odd, st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
bodies = st.one_of(
    values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(KEYS), values, max_size=4).map(lambda value: json.dumps(value).encode()),
    st.sampled_from((b"", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"NaN")),
)
# scripts/bench_reliability.py asks for thousands
MANY = settings(
    deadline=None, max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "5")), suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("name", CALLS)
def test_any_answer_is_used_or_refused_in_a_sentence(oracle, name):
    client = make_client(oracle)
    oracle.headers = {}

    @MANY
    @given(bodies, st.sampled_from((200, 200, 200, 400, 404, 503)))
    def ask(body, status):
        oracle.body, oracle.status = body, status
        try:
            CALLS[name](client)
        except GphotosError as error:
            assert str(error)

    ask()


@MANY
@given(bodies)
def test_any_answer_of_the_sign_in_server_is_used_or_refused_in_a_sentence(oracle, body):
    oracle.status, oracle.body, oracle.headers, oracle.token = 200, b"{}", {}, body
    try:
        list(make_client(oracle).fetch_albums())
    except GphotosError as error:
        assert str(error)
    finally:
        oracle.token = GOOD_TOKEN


@pytest.mark.parametrize(
    "size,text,granularity,received",
    [
        (10, b"", "262144", "0"),
        *((LARGE, text, "262144", "0") for text in (b"", b"token")),
        *((LARGE, b"token", granularity, "0") for granularity in ("0", "x", "9" * 18, "-1")),
        *((LARGE, b"", "262144", received) for received in ("x", "9" * 18)),
    ],
)
def test_an_upload_ends_whatever_its_headers_say(oracle, size, text, granularity, received):
    oracle.status, oracle.body = 200, text
    oracle.headers = {
        "X-Goog-Upload-URL": f"{oracle.url}/upload",
        "X-Goog-Upload-Chunk-Granularity": granularity,
        "X-Goog-Upload-Size-Received": received,
        "X-Goog-Upload-Status": "active",
    }
    try:
        assert upload(make_client(oracle), size) == "token"
    except GoogleError as error:
        assert "Run the same command again later" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        {"mediaItems": "x"},
        {"mediaItems": [{"id": "a"}], "nextPageToken": 7},
        {"mediaItems": [{"id": "a"}, {}]},
        {"mediaItems": [{"id": "a"}], "nextPageToken": "again"},
    ],
)
def test_a_listing_that_cannot_be_read_to_its_end_is_not_taken_for_a_short_one(oracle, answer):
    """What a whole listing lacks counts as deleted in Google Photos."""
    oracle.status, oracle.headers, oracle.body = 200, {}, json.dumps(answer).encode()
    with pytest.raises(GoogleError):
        offers(make_client(oracle))


def test_a_row_whose_state_cannot_be_read_is_not_taken_for_a_success(oracle):
    oracle.status, oracle.headers = 200, {}
    oracle.body = json.dumps({"newMediaItemResults": [{"status": {"code": "six"}}]}).encode()
    with pytest.raises(GoogleError) as error:
        CALLS["items"](make_client(oracle))
    assert str(error.value) == (
        "Google's answer is not as documented (answer.newMediaItemResults.status.code), so it was not used. "
        "What was done until now is saved: run the same command again later."
    )


def test_an_odd_description_of_a_photo_is_left_out_and_the_photo_is_not(oracle):
    oracle.status, oracle.headers = 200, {}
    oracle.body = b'{"mediaItems": [{"id": "a", "filename": 7, "description": "\\ud800", "mediaMetadata": {"width": [1]}}]}'
    (offered,) = offers(make_client(oracle))
    assert (offered.photo.photo_id, offered.photo.filename, offered.photo.description, offered.photo.width) == (
        "a",
        None,
        None,
        None,
    )


@pytest.mark.parametrize("key", ["../../../v1/albums", "a?b", "a#b", "a:batchAddMediaItems"])
def test_an_id_from_a_database_cannot_change_which_address_is_asked(fake, client, key):
    with pytest.raises(GoogleError):
        client.fetch_album(key)
    asked = [entry["path"] for entry in fake.log if entry["verb"] == "GET"]
    assert len(asked) == 1 and asked[0].startswith("/v1/albums/") and asked[0].count("/") == 3 and "?" not in asked[0]


@pytest.mark.parametrize(
    "link", ["file:///etc/passwd", "https://evil.example/x", "https://evil.example\\.google.com/", "javascript:x", "\x1b]0;x\x07"]
)
def test_a_person_is_sent_to_no_page_but_google_s(oracle, link):
    oracle.status, oracle.headers, oracle.body = 200, {}, json.dumps({"id": "a", "pickerUri": link}).encode()
    shown: list[str] = []
    with pytest.raises(GoogleError, match="session.pickerUri"):
        list(Picker(make_client(oracle), shown.append, lambda seconds: None).offers())
    assert shown == []


def test_what_google_says_of_a_refusal_holds_no_token_and_steers_no_terminal(oracle):
    error = {"code": 400, "message": "Bad \x1b[2J Authorization: Bearer ya29.Secret", "status": "ya29.Secret"}
    oracle.status, oracle.headers, oracle.body = 400, {}, json.dumps({"error": error}).encode()
    oracle.token = GOOD_TOKEN.replace(b'"t"', b'"ya29.Secret"')
    try:
        with pytest.raises(GoogleError) as refused:
            make_client(oracle).fetch_album("a")
    finally:
        oracle.token = GOOD_TOKEN
    assert str(refused.value) == "Google refused: Bad  [2J Authorization: Bearer (hidden) (HTTP 400)."


def test_a_token_that_is_no_text_is_not_kept_when_its_answer_breaks_off(oracle):
    token = Token(Auth("id", "secret", "refresh", f"{oracle.url}/token", ("scope",)))
    oracle.token = json.dumps({"access_token": ["t"], "expires_in": 3600, "scope": [], "token_type": "Bearer"}).encode()
    try:
        for _ in range(2):  # what the first try left there would be sent by the second
            with pytest.raises(SignInUnreachable):
                token.bearer()
    finally:
        oracle.token = GOOD_TOKEN
    assert token.bearer() == "t"


def test_a_refused_sign_in_does_not_repeat_what_was_sent(oracle):
    oracle.status, oracle.headers = 200, {}
    oracle.token, oracle.token_status = json.dumps({"error": "1//refresh-token-Of-Somebody"}).encode(), 400
    try:
        with pytest.raises(GphotosError) as refused:
            list(make_client(oracle).fetch_albums())
    finally:
        oracle.token, oracle.token_status = GOOD_TOKEN, 200
    assert str(refused.value).startswith("Google refused the kept sign-in (no reason given).")


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_longer_than_any_of_google_s_is_not_read_to_its_end(oracle, monkeypatch, packed):
    monkeypatch.setattr("datasette_gphotos_dedupe.google.deadline.ANSWER_BYTES", 100_000)
    body = json.dumps({"albums": [{"id": "a", "title": "x" * 1_000_000}]}).encode()
    oracle.status, oracle.headers, oracle.body = 200, {"content-encoding": "gzip"} if packed else {}, body
    if packed:
        oracle.body = gzip.compress(body)
    with pytest.raises(GoogleError, match="7 tries, the last one ended with an answer cut short"):
        list(make_client(oracle).fetch_albums())


def test_an_answer_that_does_not_end_is_given_up(oracle, monkeypatch):
    monkeypatch.setattr("datasette_gphotos_dedupe.google.deadline.EXCHANGE_TIMEOUT_S", -1)
    oracle.status, oracle.headers, oracle.body = 200, {}, b"{}"
    with pytest.raises(GphotosError, match="ended with no answer from Google.s sign-in server"):
        list(make_client(oracle).fetch_albums())
