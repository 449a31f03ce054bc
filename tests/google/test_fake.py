"""The fake enforces Google's rules: seen from outside, over HTTP, without the client of this project."""

from __future__ import annotations

import base64
import io
import json
import re
from urllib.parse import quote

import pytest
import requests
from PIL import Image

from tests.fake_google import APPEND, CLIENT_ID, PICK, READ, REMOVED_SCOPES, pick
from tests.fake_google.routes import API


@pytest.fixture
def call(fake):
    """`call(verb, path, json=..., scopes=...)` gives (status, JSON)."""
    tokens = {}

    def run(verb: str, path: str, scopes=None, **options):
        key = scopes and frozenset(scopes)
        if key not in tokens:
            tokens[key] = (fake.world.issue(CLIENT_ID, scopes) if scopes else fake.world.issue())["access_token"]
        headers = {"Authorization": f"Bearer {tokens[key]}", **options.pop("headers", {})}
        response = requests.request(verb, fake.url + path, headers=headers, timeout=10, **options)
        return response.status_code, response.json()

    return run


def own(fake, count: int) -> list[str]:
    return [fake.world.item_id(fake.world.add_item(f"{n}.jpg", created_by=CLIENT_ID)) for n in range(count)]


@pytest.fixture
def add(call, fake):
    album = fake.world.album_id(fake.world.add_album("A"))
    return lambda ids: call("POST", f"/v1/albums/{album}:batchAddMediaItems", json={"mediaItemIds": ids})


def test_a_page_token_goes_into_an_address_only_encoded(call, fake):
    own(fake, 5)
    token = call("GET", "/v1/mediaItems?pageSize=3")[1]["nextPageToken"]
    assert {"+", "/", "="} <= set(token)
    assert call("GET", f"/v1/mediaItems?pageSize=3&pageToken={token}")[0] == 400
    assert call("GET", f"/v1/mediaItems?pageSize=3&pageToken={quote(token, safe='')}")[0] == 200


def test_an_upload_token_is_plain_base64(fake):
    headers = {"Authorization": f"Bearer {fake.world.issue()['access_token']}", "X-Goog-Upload-Protocol": "raw"}
    token = requests.post(f"{fake.url}/v1/uploads", b"bytes", headers=headers, timeout=20).text
    assert {"+", "/", "="} <= set(token)
    assert base64.b64decode(token, validate=True)


@pytest.mark.parametrize(
    "verb, path, body, field",
    [
        ("POST", "/v1/albums", {"album": {"titel": "T"}}, "album"),
        ("POST", "/v1/albums", {"albun": {}}, None),
        ("POST", "/v1/albums", {"album": {"title": 5}}, "album.title"),
        ("POST", "/v1/mediaItems:search", {"pageSize": "many"}, "pageSize"),
        (
            "POST",
            "/v1/mediaItems:search",
            {"filters": {"mediaTypeFilter": {"mediaTypes": "PHOTO"}}},
            "filters.mediaTypeFilter.mediaTypes",
        ),
        ("GET", "/v1/mediaItems?pageSise=3", None, None),
    ],
)
def test_a_message_that_cannot_be_read_names_its_field_in_the_details(call, verb, path, body, field):
    status, answer = call(verb, path, json=body)
    (detail,) = answer["error"]["details"]
    (violation,) = detail["fieldViolations"]
    assert (status, detail["@type"]) == (400, "type.googleapis.com/google.rpc.BadRequest")
    assert (violation["description"], violation.get("field")) == (answer["error"]["message"], field)


@pytest.mark.parametrize("name", ["photoslibrary", "photospicker"])
def test_both_apis_describe_themselves_and_all_they_describe_is_there(fake, name):
    address = f"{fake.url}/$discovery/rest?version=v1"
    document = requests.get(address, headers={"Host": f"{name}.googleapis.com"}, timeout=20).json()
    assert (document["name"], document["rootUrl"]) == (name, f"https://{name}.googleapis.com/")
    methods = [method for resource in document["resources"].values() for method in resource["methods"].values()]
    for method in methods:
        path = "/" + re.sub(r"\{\+\w+\}", "x", method["path"])
        found = [(verb, scopes) for verb, pattern, scopes, _ in API if verb == method["httpMethod"] and pattern.match(path)]
        assert found or method["id"] == "photospicker.mediaItems.list", method["id"]
        assert all(set(method["scopes"]) <= scopes for _, scopes in found) or name == "photospicker", method["id"]
    named = set(re.findall(r'"\$ref": "(\w+)"', json.dumps(document)))
    assert named <= set(document["schemas"])


def test_every_call_that_still_works_is_described(fake):
    described = set()
    for name in ("photoslibrary", "photospicker"):
        document = requests.get(f"{fake.url}/$discovery/rest", headers={"Host": f"{name}.googleapis.com"}, timeout=20).json()
        for resource in document["resources"].values():
            for method in resource["methods"].values():
                described.add((method["httpMethod"], "/" + re.sub(r"\{\+\w+\}", "x", method["path"])))
    lacking = [
        (verb, pattern.pattern)
        for verb, pattern, scopes, _ in API
        if scopes and not any(verb == told and pattern.match(path) for told, path in described)
    ]
    assert lacking == [("POST", "^/v1/uploads$")]  # which takes bytes and is in no description of Google's either


def test_another_version_is_not_described(fake):
    assert requests.get(f"{fake.url}/$discovery/rest?version=v2", timeout=20).status_code == 404


def test_one_foreign_id_fails_the_whole_call(add, fake):
    foreign = fake.world.item_id(fake.world.add_item("phone.jpg"))
    status, body = add([*own(fake, 3), foreign])
    expected = {"code": 400, "message": "Request contains an invalid media item id.", "status": "INVALID_ARGUMENT"}
    assert (status, body["error"]) == (400, expected)
    assert fake.album_filenames("A") == []


def test_fifty_one_ids_are_too_many(add, fake):
    assert add(own(fake, 51))[1]["error"]["message"] == "Request must have less than 50 items"


def test_an_id_twice_is_refused(add, fake):
    assert add(own(fake, 1) * 2)[1]["error"]["message"] == "Request must not contain duplicated ids"


def test_an_album_of_the_person_cannot_be_filled(call, fake):
    album = fake.world.album_id(fake.world.add_album("Mine", created_by=None))
    status, body = call("POST", f"/v1/albums/{album}:batchAddMediaItems", json={"mediaItemIds": own(fake, 1)})
    assert (status, body["error"]["message"]) == (400, "No permission to add media items to this album.")


def test_an_empty_library_answers_an_empty_object(call):
    assert call("GET", "/v1/mediaItems") == (200, {})


def test_sizes_are_text_and_defaults_are_left_out(call, fake):
    own(fake, 1)
    (item,) = call("GET", "/v1/mediaItems")[1]["mediaItems"]
    assert item["mediaMetadata"] == {"creationTime": "2019-06-28T16:38:04Z", "width": "640", "height": "480", "photo": {}}
    assert "description" not in item


def test_snake_case_and_null_are_understood(call):
    body = {"album": {"title": "T", "product_url": None, "is_writeable": None}}
    assert call("POST", "/v1/albums", json=body)[1]["title"] == "T"


def test_an_unknown_field_is_refused(call):
    status, body = call("POST", "/v1/albums", json={"album": {"name": "T"}})
    assert status == 400
    assert body["error"]["message"] == "Invalid JSON payload received. Unknown name \"name\" at 'album': Cannot find field."


def test_album_and_filters_together_are_refused(call, fake):
    album = fake.world.album_id(fake.world.add_album("A"))
    assert call("POST", "/v1/mediaItems:search", json={"albumId": album, "filters": {"includeArchivedMedia": True}})[0] == 400


def test_pages_overlap_by_one(call, fake):
    own(fake, 5)
    first = call("GET", "/v1/mediaItems?pageSize=3")[1]
    second = call("GET", f"/v1/mediaItems?pageSize=3&pageToken={quote(first['nextPageToken'], safe='')}")[1]
    assert first["mediaItems"][-1]["id"] == second["mediaItems"][0]["id"]


def test_a_page_token_belongs_to_its_call(call, fake):
    own(fake, 5)
    token = call("GET", "/v1/mediaItems?pageSize=3")[1]["nextPageToken"]
    assert call("POST", "/v1/mediaItems:search", json={"pageSize": 3, "pageToken": token})[0] == 400


def test_fields_select_a_part(call, fake):
    (item_id,) = own(fake, 1)
    assert call("GET", "/v1/mediaItems?fields=mediaItems(id)")[1] == {"mediaItems": [{"id": item_id}]}


@pytest.mark.parametrize(
    "scopes, verb, path",
    [
        ({READ}, "POST", "/v1/albums"),
        ({APPEND}, "GET", "/v1/albums"),
        ({PICK}, "GET", "/v1/mediaItems"),
        (REMOVED_SCOPES, "GET", "/v1/mediaItems"),
    ],
)
def test_the_wrong_scope_is_a_403(call, scopes, verb, path):
    status, body = call(verb, path, scopes=scopes, json={} if verb == "POST" else None)
    assert (status, body["error"]["message"]) == (403, "Request had insufficient authentication scopes.")


@pytest.mark.parametrize(
    "verb, path", [("GET", "/v1/sharedAlbums"), ("POST", "/v1/albums/x:share"), ("POST", "/v1/sharedAlbums:join")]
)
def test_sharing_ended_in_2025(call, verb, path):
    assert call(verb, path)[0] == 403


def test_a_stale_token_is_a_401(call, fake):
    call("GET", "/v1/albums")
    fake.world.advance(hours=2)
    assert call("GET", "/v1/albums")[0] == 401


def test_a_row_for_a_foreign_id_fails_alone(call, fake):
    foreign = fake.world.item_id(fake.world.add_item("phone.jpg"))
    (good,) = own(fake, 1)
    status, body = call("GET", f"/v1/mediaItems:batchGet?mediaItemIds={foreign}&mediaItemIds={good}")
    assert status == 200
    assert ["status" in row for row in body["mediaItemResults"]] == [True, False]


def picture(fake, suffix: str) -> requests.Response:
    item = next(iter(fake.world.items.values()))
    return requests.get(fake.world.base_url(item) + suffix, timeout=10)


@pytest.mark.parametrize(
    "suffix, size",
    [
        ("=w100-h100", (100, 75)),
        ("=w100-h100-c", (100, 100)),
        ("=w64", (64, 48)),
        ("=w4000-h4000", (640, 480)),
        ("=d", (640, 480)),
    ],
)
def test_base_urls_resize(fake, suffix, size):
    own(fake, 1)
    with Image.open(io.BytesIO(picture(fake, suffix).content)) as image:
        assert image.size == size


def test_a_base_url_needs_a_suffix(fake):
    own(fake, 1)
    assert picture(fake, "").status_code == 403


def test_a_base_url_ends_after_an_hour(fake):
    own(fake, 1)
    url = fake.world.base_url(next(iter(fake.world.items.values()))) + "=d"
    assert requests.get(url, timeout=10).status_code == 200
    fake.world.advance(minutes=61)
    assert requests.get(url, timeout=10).status_code == 403


def test_a_picked_address_demands_the_token(call, fake):
    fake.world.add_item("phone.jpg")
    session = call("POST", "/v1/sessions", json={})[1]
    assert call("GET", f"/v1/mediaItems?sessionId={session['id']}")[1]["error"]["status"] == "FAILED_PRECONDITION"
    pick(fake.world, session["id"])
    (item,) = call("GET", f"/v1/mediaItems?sessionId={session['id']}")[1]["mediaItems"]
    url = item["mediaFile"]["baseUrl"] + "=w10"
    assert requests.get(url, timeout=10).status_code == 403
    token = fake.world.issue()["access_token"]
    assert requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code == 200


def test_a_sign_in_in_testing_ends_after_seven_days(fake):
    fake.world.switches.testing = True
    form = fake.signed_in()
    request = {name: form[name] for name in ("client_id", "client_secret", "refresh_token")} | {"grant_type": "refresh_token"}
    assert requests.post(f"{fake.url}/token", data=request, timeout=10).status_code == 200
    fake.world.advance(days=7.1)
    response = requests.post(f"{fake.url}/token", data=request, timeout=10)
    assert (response.status_code, response.json()["error_description"]) == (400, "Token has been expired or revoked.")


def test_media_loads_have_a_quota_of_their_own(fake):
    own(fake, 1)
    fake.world.switches.media_per_day = 1
    assert [picture(fake, "=w10").status_code for _ in range(2)] == [200, 429]


def test_bytes_that_are_no_picture_fail_in_their_row(call, fake):
    token = fake.world.issue()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "X-Goog-Upload-Protocol": "raw"}
    upload = requests.post(f"{fake.url}/v1/uploads", data=b"text", headers=headers, timeout=10).text
    new = [{"simpleMediaItem": {"uploadToken": upload, "fileName": "a.jpg"}}]
    status, body = call("POST", "/v1/mediaItems:batchCreate", json={"newMediaItems": new})
    assert (status, body["newMediaItemResults"][0]["status"]["code"]) == (200, 3)


@pytest.mark.parametrize(
    "position, names",
    [
        ({"position": "FIRST_IN_ALBUM"}, ["new.jpg", "0.jpg", "1.jpg"]),
        ({"position": "LAST_IN_ALBUM"}, ["0.jpg", "1.jpg", "new.jpg"]),
        ({"position": "AFTER_MEDIA_ITEM", "relativeMediaItemId": "{0}"}, ["0.jpg", "new.jpg", "1.jpg"]),
        (None, ["0.jpg", "1.jpg", "new.jpg"]),
    ],
)
def test_new_items_go_where_the_request_says(call, add, fake, position, names):
    ids = own(fake, 2)
    add(ids)
    position = {key: value.replace("{0}", ids[0]) for key, value in position.items()} if position else None
    body = {"albumId": fake.world.album_id(fake.album("A")), "newMediaItems": [new_item(fake, picture_bytes())]}
    status, _ = call("POST", "/v1/mediaItems:batchCreate", json={**body, "albumPosition": position})
    assert (status, fake.album_filenames("A")) == (200, names)


def picture_bytes() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, "JPEG")
    return buffer.getvalue()


def new_item(fake, data: bytes) -> dict:
    token = fake.world.issue()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "X-Goog-Upload-Protocol": "raw"}
    upload = requests.post(f"{fake.url}/v1/uploads", data=data, headers=headers, timeout=10).text
    return {"simple_media_item": {"upload_token": upload, "file_name": "new.jpg"}, "description": None}


def test_an_enrichment_goes_first_and_must_be_whole(call, fake):
    album = fake.world.album_id(fake.world.add_album("A"))
    path, first = f"/v1/albums/{album}:addEnrichment", {"position": "FIRST_IN_ALBUM"}
    place = {"locationName": "Bern", "latlng": {"latitude": 47, "longitude": 7.45}}
    for item in ({"textEnrichment": {"text": "T"}}, {"mapEnrichment": {"origin": place, "destination": place}}):
        assert call("POST", path, json={"newEnrichmentItem": item, "albumPosition": first})[0] == 200
    for item in ({}, {"textEnrichment": {}}, {"textEnrichment": {"text": "T"}, "locationEnrichment": {"location": place}}):
        assert call("POST", path, json={"newEnrichmentItem": item, "albumPosition": first})[0] == 400


def test_the_cover_of_an_album_must_be_in_it(call, add, fake):
    inside, outside = own(fake, 2)
    add([inside])
    path = f"/v1/albums/{fake.world.album_id(fake.album('A'))}?updateMask=coverPhotoMediaItemId"
    assert [call("PATCH", path, json={"coverPhotoMediaItemId": each})[0] for each in (inside, outside)] == [200, 400]


def test_items_leave_an_album_all_or_none(call, add, fake):
    inside, outside = own(fake, 2)
    add([inside])
    path = f"/v1/albums/{fake.world.album_id(fake.album('A'))}:batchRemoveMediaItems"
    assert call("POST", path, json={"mediaItemIds": [inside, outside]})[0] == 400
    assert fake.album_filenames("A") == ["0.jpg"]
    assert call("POST", path, json={"mediaItemIds": [inside]}) == (200, {})


@pytest.mark.parametrize(
    "filters, names",
    [
        ({"mediaTypeFilter": {"mediaTypes": ["VIDEO"]}}, ["film.mp4"]),
        ({"featureFilter": {"includedFeatures": ["FAVORITES"]}}, ["loved.jpg"]),
        ({"dateFilter": {"dates": [{"year": 2019, "month": 6}]}}, ["film.mp4", "loved.jpg"]),
        ({"includeArchivedMedia": True}, ["film.mp4", "loved.jpg", "put-away.jpg"]),
    ],
)
def test_search_filters(call, fake, filters, names):
    fake.world.add_item("film.mp4", created_by=CLIENT_ID)
    fake.world.add_item("loved.jpg", created_by=CLIENT_ID, favorite=True)
    fake.world.add_item("put-away.jpg", created_by=CLIENT_ID, archived=True)
    found = call("POST", "/v1/mediaItems:search", json={"filters": filters})[1]["mediaItems"]
    assert sorted(item["filename"] for item in found) == names


@pytest.mark.parametrize(
    "body",
    [
        {"filters": {"mediaTypeFilter": {"mediaTypes": ["FILM"]}}},
        {"filters": {"contentFilter": {"includedContentCategories": ["CATS"]}}},
        {"orderBy": "MediaMetadata.creation_time"},
        {"pageSize": "many"},
        {"pageSize": 2.5},
        {"pageSize": True},
    ],
)
def test_a_search_that_google_refuses(call, body):
    assert call("POST", "/v1/mediaItems:search", json=body)[1]["error"]["status"] == "INVALID_ARGUMENT"


def test_a_motion_photo_gives_a_picture_and_its_film(fake):
    fake.world.add_item("motion.jpg", created_by=CLIENT_ID, motion=b"film")
    assert picture(fake, "=dv").content == b"film"
    assert picture(fake, "=w64").headers["Content-Type"] == "image/jpeg"


def test_the_oldest_of_more_than_a_hundred_sign_ins_dies(fake):
    forms = [fake.signed_in() for _ in range(101)]
    answers = []
    for form in (forms[0], forms[1]):
        request = {name: form[name] for name in ("client_id", "client_secret", "refresh_token")} | {"grant_type": "refresh_token"}
        answers.append(requests.post(f"{fake.url}/token", data=request, timeout=10).status_code)
    assert answers == [400, 200]


def test_a_refresh_may_ask_for_less_and_never_for_more(fake):
    form = fake.signed_in({READ, APPEND})
    request = {name: form[name] for name in ("client_id", "client_secret", "refresh_token")} | {"grant_type": "refresh_token"}
    less = requests.post(f"{fake.url}/token", data={**request, "scope": READ}, timeout=10)
    more = requests.post(f"{fake.url}/token", data={**request, "scope": f"{READ} {PICK}"}, timeout=10)
    assert (less.json()["scope"], more.json()["error"]) == (READ, "invalid_scope")


def test_a_resumable_upload_can_be_asked_and_cancelled(fake):
    token = fake.world.issue()["access_token"]
    auth = {"Authorization": f"Bearer {token}"}
    head = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start", "X-Goog-Upload-Raw-Size": "600000"}
    started = requests.post(f"{fake.url}/v1/uploads", headers={**auth, **head}, timeout=10)
    assert started.headers["X-Goog-Upload-Status"] == "active"
    assert started.headers["Date"].endswith("GMT")

    def go_on(command, data=b"", **more):
        headers = {**auth, "X-Goog-Upload-Command": command, **more}
        return requests.post(started.headers["X-Goog-Upload-URL"], data=data, headers=headers, timeout=10)

    odd = go_on("upload", b"x" * 1000, **{"X-Goog-Upload-Offset": "0"})
    assert odd.json()["error"]["message"] == "Chunk size must be a multiple of the granularity."
    assert go_on("upload", b"x" * 262_144, **{"X-Goog-Upload-Offset": "0"}).status_code == 200
    assert go_on("query").headers["X-Goog-Upload-Size-Received"] == "262144"
    go_on("cancel")
    assert go_on("query").headers["X-Goog-Upload-Status"] == "canceled"


def test_a_search_is_no_write_for_the_quota_and_an_album_is(call, fake):
    fake.world.switches.writes_per_minute = 1
    assert [call("POST", "/v1/mediaItems:search", json={})[0] for _ in range(3)] == [200] * 3
    answers = [call("POST", "/v1/albums", json={"album": {"title": "T"}}) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 429]
    assert (
        "limit 'Write requests per minute per user' of service 'photoslibrary.googleapis.com'"
        in answers[1][1]["error"]["message"]
    )


def test_the_program_on_its_own_says_where_it_listens(tmp_path):
    import subprocess
    import sys

    command = [sys.executable, "-m", "tests.fake_google", "--port", "0", "--auth", str(tmp_path / "auth.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[-1]
            assert requests.get(f"{url}/v1/albums", timeout=10).status_code == 401
        finally:
            process.terminate()
