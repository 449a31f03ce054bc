"""The one way to Google: waits, refusals, addresses, tokens."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from datasette_gphotos_dedupe.errors import GoogleError, QuotaError, RefusedError, SignInError
from datasette_gphotos_dedupe.google.api_calls import open_client
from datasette_gphotos_dedupe.google.auth_file import explain_lost_signin, read_auth
from datasette_gphotos_dedupe.google.hosts import check_address, read_library_api
from datasette_gphotos_dedupe.google.limits import next_quota_reset, wait_before_retry_s
from datasette_gphotos_dedupe.google.parsing import parse_error
from tests.fake_google import CLIENT_ID


def test_after_429_the_first_wait_is_thirty_seconds(client, fake, watch):
    fake.faults.add("429", "GET /v1/albums")
    list(client.fetch_albums())
    assert watch.seconds == 30


def test_after_a_server_error_the_first_wait_is_a_second(client, fake, watch):
    fake.faults.add("503", "GET /v1/albums")
    list(client.fetch_albums())
    assert watch.seconds == 1


def test_waits_double_up_to_a_cap():
    assert [wait_before_retry_s(503, attempt, 0.0) for attempt in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [wait_before_retry_s(429, attempt, 0.0) for attempt in range(1, 6)] == [30, 60, 120, 240, 240]


def test_chance_only_ever_adds():
    assert wait_before_retry_s(429, 1, 1.0) == 45


def test_a_server_that_stays_broken_is_given_up_with_a_sentence(client, fake):
    fake.faults.add("503", "GET /v1/albums", times=100)
    with pytest.raises(GoogleError) as error:
        list(client.fetch_albums())
    assert str(error.value) == (
        "Google could not be reached: 7 tries, the last one ended with HTTP 503 UNAVAILABLE. "
        "What was done until now is saved: run the same command again later."
    )


def test_a_refusal_is_not_repeated(client, fake):
    fake.faults.add("400", "GET /v1/albums")
    with pytest.raises(RefusedError):
        list(client.fetch_albums())
    assert len(fake.requests("GET", "/v1/albums")) == 1


def test_the_real_daily_quota_ends_the_run(client, fake):
    fake.world.switches.requests_per_day = 0
    with pytest.raises(QuotaError) as error:
        list(client.fetch_albums())
    assert error.value.resets_at == "2026-11-25T08:00:00Z"
    assert len(fake.requests("GET", "/v1/albums")) == 1


def test_writes_too_fast_for_the_minute_wait_it_out(client, fake, watch):
    fake.world.switches.writes_per_minute = 2
    clock = client.clock
    client.transport.clock = replace(clock, sleep=lambda s: (clock.sleep(s), fake.world.advance(seconds=s)))
    for number in range(5):
        client.create_album(f"Album {number}")
    assert len(fake.world.albums) == 5
    assert watch.seconds >= 60


@pytest.mark.parametrize(
    "moment, reset",
    [
        (datetime(2026, 11, 24, 7, 59, tzinfo=timezone.utc), "2026-11-24T08:00:00Z"),
        (datetime(2026, 11, 24, 8, 0, tzinfo=timezone.utc), "2026-11-25T08:00:00Z"),
        (datetime(2026, 7, 1, 12, 0, tzinfo=timezone.utc), "2026-07-02T07:00:00Z"),
    ],
)
def test_daily_quotas_start_anew_at_pacific_midnight(moment, reset):
    assert next_quota_reset(moment) == reset


def test_a_token_that_ran_out_is_renewed_once(client, fake):
    list(client.fetch_albums())
    fake.world.access_tokens.clear()
    list(client.fetch_albums())
    assert len(fake.requests("POST", "/token")) == 2


def test_a_token_that_is_never_accepted_says_sign_in_again(client, fake):
    fake.faults.add("401", "GET /v1/albums", times=5)
    with pytest.raises(SignInError) as error:
        list(client.fetch_albums())
    assert str(error.value) == (
        "Google does not accept the access token, also not a fresh one. Sign in again: gphotos-to-sqlite auth client_secret.json"
    )


def test_an_api_that_is_not_enabled_says_how_to_enable_it(client, fake):
    fake.world.switches.api_enabled = False
    with pytest.raises(RefusedError) as error:
        list(client.fetch_albums())
    assert str(error.value).endswith(
        "Enable the Photos Library API and the Google Photos Picker API for your project in the Cloud console, "
        "wait some minutes and run the same command again."
    )


def test_an_item_repeated_at_a_page_seam_comes_once(client, fake):
    for number in range(230):
        fake.world.add_item(f"{number}.jpg", created_by=CLIENT_ID)
    ids = [item["id"] for item in client.fetch_items()]
    assert len(ids) == len(set(ids)) == 230


AGAIN = "Sign in again: gphotos-to-sqlite auth client_secret.json"
TESTING = (
    "while the consent screen of your Cloud project is in Testing, Google ends every sign-in after seven days. "
    "Publish the consent screen (In production) to end that."
)
REVOKED = "access was revoked in your Google account, or newer sign-ins of the same client pushed it out (Google keeps 100)."


@pytest.mark.parametrize(
    "age_days, told_end, cause",
    [
        (7.2, True, TESTING),
        (20, True, TESTING),
        (7.2, False, f"it is 7 days old, and {TESTING} If it is published already: {REVOKED}"),
        (1, False, REVOKED),
        (200, False, "it is 200 days old, and Google ends sign-ins that were not used for six months."),
        (
            -1,
            False,
            "the clock of this machine is wrong (the sign-in lies in the future), and Google refuses then. Set the clock.",
        ),
    ],
)
def test_the_cause_of_a_refused_sign_in_is_named(fake, auth_path, age_days, told_end, cause):
    auth = read_auth(auth_path)
    signed_in = datetime.fromisoformat(auth.signed_in_at.replace("Z", "+00:00"))
    if told_end:
        auth = replace(auth, expires_at=(signed_in + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    error = explain_lost_signin({"error": "invalid_grant"}, auth, signed_in + timedelta(days=age_days))
    assert str(error) == f"Google no longer accepts the kept sign-in: {cause} {AGAIN}"


def test_a_client_that_was_deleted_is_named_as_the_cause(fake, client):
    fake.world.clients.clear()
    with pytest.raises(SignInError) as error:
        list(client.fetch_albums())
    assert str(error.value) == (
        "Google no longer knows this program's client: it was deleted or its secret was replaced in the Cloud console. "
        "Download the Desktop client's JSON again, then sign in with it: gphotos-to-sqlite auth client_secret.json"
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://photoslibrary.googleapis.com.example.com/v1/albums",
        "https://user@photoslibrary.googleapis.com/v1/albums",
        "http://photoslibrary.googleapis.com/v1/albums",
        "https://photoslibrary.googleapis.com:8443/v1/albums",
        "https://evilgoogleusercontent.com/x",
        "http://127.0.0.1:80/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        # What other parsers read another host from than Python's does, which is the one that is asked here.
        "https://evil.example\\.googleusercontent.com/x",
        "https://evil.example\\@lh3.googleusercontent.com/x",
        "https://evil.example;.googleusercontent.com/x",
        "https://evil.example\t.googleusercontent.com/x",
        " https://lh3.googleusercontent.com/x",
        "https://\u217ch3.googleusercontent.com/x",
        "https://.googleusercontent.com/x",
        # What no parser can read.
        "https://lh3.googleusercontent.com:99999/x",
        "https://lh3.googleusercontent.com:four/x",
        "https://evil.example\uff0f.googleusercontent.com/",
        "http://[",
        "",
    ],
)
def test_no_address_but_googles_is_contacted(address):
    with pytest.raises(GoogleError):
        check_address(address, loopback=False)


@pytest.mark.parametrize("address", ["https://lh3.googleusercontent.com/lr/x=w1", "https://oauth2.googleapis.com/token"])
def test_googles_addresses_pass(address):
    assert check_address(address, loopback=False) == address


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:80\\.example.com/", "http://127.0.0.1:x/", "http://127.0.0.1\t/", "http://[::1"]
)
def test_no_odd_address_passes_for_this_machine(address):
    with pytest.raises(GoogleError):
        check_address(address, loopback=True)


def test_a_stand_in_must_be_on_this_machine(monkeypatch):
    monkeypatch.setenv("GPHOTOS_LIBRARY_API", "http://192.168.1.2:8000")
    with pytest.raises(GoogleError) as error:
        read_library_api()
    assert str(error.value) == (
        "GPHOTOS_LIBRARY_API is http://192.168.1.2:8000, but only a stand-in on this machine (http://127.0.0.1:PORT) may take "
        "Google's place. Unset GPHOTOS_LIBRARY_API to talk to Google."
    )


def test_a_redirect_is_not_followed(client, fake):
    with pytest.raises(RefusedError) as error:
        page = f"{fake.url}/o/oauth2/auth?client_id={CLIENT_ID}&response_type=code&scope=x&redirect_uri="
        client.fetch_picture(page, "http://127.0.0.1", True)
    assert str(error.value) == (
        "The answer was a redirect to another address, which Google's API never sends; it was not followed."
    )


def test_a_lost_connection_does_not_name_the_whole_address(client, fake):
    fake.faults.add("reset", "GET /lr/", times=100)
    item = fake.world.add_item("a.jpg", created_by=CLIENT_ID)
    with pytest.raises(GoogleError) as error:
        client.fetch_picture(fake.world.base_url(item), "=w10", False)
    assert "/lr/" not in str(error.value)


def test_without_a_network_the_sentence_says_so(auth_path, fake, watch):
    client = open_client(auth_path, watch.clock())
    fake.faults.add("reset", "POST /token", times=20)
    with pytest.raises(GoogleError) as error:
        list(client.fetch_albums())
    assert str(error.value) == (
        "Google could not be reached: 7 tries, the last one ended with no answer from Google's sign-in server. "
        "What was done until now is saved: run the same command again later."
    )


VIOLATION = {"field": "album_position", "description": "It needs an album."}


@pytest.mark.parametrize(
    "details, said",
    [
        (
            [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [VIOLATION]}],
            "Bad. album_position: It needs an album.",
        ),
        ([{"fieldViolations": [{"description": "Bad."}]}], "Bad."),
        ([{"fieldViolations": [{"description": "No field named."}]}], "Bad. A field: No field named."),
        ([{"fieldViolations": "x"}, {"fieldViolations": [5, {"description": 5}, {"field": {}, "description": None}]}, 7], "Bad."),
        ("x", "Bad."),
        (None, "Bad."),
    ],
)
def test_a_refusal_tells_what_its_details_say_of_single_fields(details, said):
    body = json.dumps({"error": {"code": 400, "message": "Bad.", "status": "INVALID_ARGUMENT", "details": details}}).encode()
    assert parse_error(400, "application/json", body, "").message == said
