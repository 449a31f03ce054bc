"""Signing in: the real command, a browser that follows the link, and the file that is left."""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from datasette_gphotos_dedupe.errors import GphotosError, SignInError
from datasette_gphotos_dedupe.google.api_calls import open_client
from datasette_gphotos_dedupe.google.auth_file import Auth, check_writable, read_auth, revoke, save_auth
from datasette_gphotos_dedupe.google.hosts import revocation_address
from datasette_gphotos_dedupe.google.signin_flow import READ_ONLY_SCOPES, read_client_secret, sign_in
from tests.fake_google import CLIENT_ID, CLIENT_SECRET, PICK, READ, SCOPES
from tests.fake_google.answer import Answer

WHERE = "In the Cloud console, create an OAuth client of the type 'Desktop app' and download its JSON."
AUTH = Auth("id", "secret", "refresh", "https://oauth2.googleapis.com/token", ("scope",))


@pytest.fixture
def secret(fake, tmp_path) -> Path:
    path = tmp_path / "client_secret.json"
    path.write_text(json.dumps(fake.client_secret()))
    return path


@pytest.fixture
def person(monkeypatch):
    """A person whose browser asks for a favicon first, then follows the link to the end."""
    visits = []

    def visit(address: str) -> None:
        with urllib.request.urlopen(address) as response:
            visits.append(response.read().decode())

    def open_page(address: str) -> bool:
        redirect = next(part for part in address.split("&") if part.startswith("redirect_uri="))
        home = urllib.request.unquote(redirect.partition("=")[2])
        for stray in ("favicon.ico", "?state=wrong&code=stolen"):
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(home + stray)
            error.value.close()
        threading.Thread(target=visit, args=(address,), daemon=True).start()
        return True

    monkeypatch.setattr("webbrowser.open", open_page)
    return visits


def test_the_command_signs_in_through_a_browser(fake, secret, tmp_path):
    browser = tmp_path / "browser.py"
    browser.write_text("import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()")
    command = [sys.executable, "-m", "datasette_gphotos_dedupe.cli", "auth", str(secret), "-a", str(tmp_path / "auth.json")]
    environment = {**os.environ, "BROWSER": f"{sys.executable} {browser} %s"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert result.returncode == 0, result.stderr
    assert (
        result.stdout.splitlines()[-1] == f"Signed in. The sign-in is kept in {tmp_path / 'auth.json'}, which only you can read."
    )
    assert set(read_auth(tmp_path / "auth.json").scopes) == SCOPES


def test_a_stray_request_does_not_use_up_the_answer(fake, secret, person, tmp_path):
    assert sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20) == []
    assert list(open_client(tmp_path / "auth.json").fetch_albums()) == []


def test_a_connection_on_which_nothing_is_said_holds_nobody_up(fake, secret, monkeypatch, tmp_path):
    """Browsers open connections before they know what to ask; some never ask anything."""
    silent = []

    def open_page(address: str) -> bool:
        redirect = next(part for part in address.split("&") if part.startswith("redirect_uri="))
        home = urlsplit(urllib.request.unquote(redirect.partition("=")[2]))
        silent.append(socket.create_connection((home.hostname, home.port)))
        threading.Thread(target=lambda: urllib.request.urlopen(address).close(), daemon=True).start()
        return True

    monkeypatch.setattr("webbrowser.open", open_page)
    try:
        assert sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20) == []
    finally:
        silent[0].close()


def test_the_flow_proves_itself_with_pkce(fake, secret, person, tmp_path):
    sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    (asked,) = [entry["query"] for entry in fake.requests("GET", "/o/oauth2/auth")]
    assert asked["code_challenge_method"] == ["S256"]
    assert (asked["access_type"], asked["prompt"]) == (["offline"], ["consent"])
    assert b"code_verifier=" in fake.requests("POST", "/token")[0]["body"]


def test_the_kept_file_is_private(fake, secret, person, tmp_path):
    sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    assert stat.S_IMODE((tmp_path / "auth.json").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["auth.json", "client_secret.json"]


def test_no_access_token_is_kept(fake, secret, person, tmp_path):
    sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    assert "ya29." not in (tmp_path / "auth.json").read_text()


def test_nothing_secret_is_in_a_log_of_the_sign_in(fake, secret, person, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    token_request = fake.requests("POST", "/token")[0]["body"].decode()
    verifier = next(part.partition("=")[2] for part in token_request.split("&") if part.startswith("code_verifier="))
    secrets = [*fake.world.access_tokens, *fake.world.refresh_tokens, CLIENT_SECRET, verifier]
    assert [text for text in secrets if text in caplog.text] == []


def test_a_place_that_cannot_be_written_is_named_before_the_consent_page(fake, secret, tmp_path):
    with pytest.raises(SignInError) as error:
        sign_in(secret, tmp_path / "none" / "auth.json", say=lambda text: None, wait_s=20)
    assert str(error.value) == (
        f"{tmp_path / 'none' / 'auth.json'} cannot be written: the folder {tmp_path / 'none'} does not exist. Nothing was saved."
    )
    assert fake.log == []


def test_a_disk_that_is_full_leaves_the_old_sign_in_and_no_rest(fake, secret, person, tmp_path, monkeypatch):
    sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    before = (tmp_path / "auth.json").read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SignInError) as error:
        sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    assert str(error.value) == f"{tmp_path / 'auth.json'} cannot be written: No space left on device. Nothing was saved."
    assert (tmp_path / "auth.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["auth.json", "client_secret.json"]


def test_read_only_asks_for_less(fake, secret, person, tmp_path):
    sign_in(secret, tmp_path / "auth.json", READ_ONLY_SCOPES, say=lambda text: None, wait_s=20)
    assert set(read_auth(tmp_path / "auth.json").scopes) == {READ, PICK}


def test_each_permission_not_given_is_explained(fake, secret, person, tmp_path):
    fake.world.switches.consent = frozenset({READ})
    assert sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20) == [
        "photoslibrary.appendonly was not given: `push` cannot make an album or upload anything.",
        "photoslibrary.edit.appcreateddata was not given: `push` cannot write descriptions over to keepers.",
        "photospicker.mediaitems.readonly was not given: `picker` cannot receive the photos you pick.",
    ]


def test_denied_access_keeps_nothing(fake, secret, person, tmp_path):
    fake.world.switches.consent_denied = True
    with pytest.raises(SignInError) as error:
        sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    assert str(error.value) == "Access was not given on Google's consent page, so nothing was saved."
    assert not (tmp_path / "auth.json").exists()


def test_a_failed_sign_in_leaves_the_old_one_as_it_was(fake, secret, person, tmp_path):
    sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    before = (tmp_path / "auth.json").read_bytes()
    fake.faults.add("500", "POST /token", times=10)
    with pytest.raises(GphotosError):
        sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    assert (tmp_path / "auth.json").read_bytes() == before


def altered(**changes):
    """An answer of the token endpoint with other values in it."""

    def alter(request, answer):
        if request.path != "/token":
            return answer
        return replace(answer, body=json.dumps({**json.loads(answer.body), **changes}).encode())

    return alter


@pytest.mark.parametrize("number", ["soon", "", None, [], {}, -5, 1e308, "1e400", True, "9" * 5_000])
@pytest.mark.parametrize("name", ["expires_in", "refresh_token_expires_in"])
def test_a_number_that_is_none_costs_nobody_the_sign_in(fake, secret, person, tmp_path, name, number):
    fake.alter = altered(**{name: number})
    assert sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20) == []
    fake.alter = None
    assert list(open_client(tmp_path / "auth.json").fetch_albums()) == []


UNREADABLE = "The answer of Google's sign-in server cannot be read (a network login page?). Run the command again."
UNREACHABLE = "Google's sign-in server could not be reached. Check the network and run the command again."
PORTAL = Answer(302, b"", "text/html", {"Location": "http://portal.example/"})
FORM = Answer(200, b"<!DOCTYPE html><form>Room number", "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (FORM, UNREADABLE),
        (replace(FORM, http_status=403), UNREADABLE),
        (replace(FORM, http_status=511), UNREACHABLE),
        (PORTAL, UNREADABLE),
        (Answer(200, b"[]"), UNREADABLE),
        (Answer(200, b"{}"), UNREADABLE),
        (Answer(200, b'{"access_token": 5}'), UNREADABLE),
        (Answer(200, b'{"access_token": "a", "refresh_token": 5}'), UNREADABLE),
        (Answer(200, b'{"access_token": "a", "refresh_token": "b", "scope": 5}'), UNREADABLE),
        (Answer(200, b"[" * 100_000), UNREADABLE),
        (Answer(500, b""), UNREACHABLE),
        (Answer(503, b'{"error": "internal_failure"}'), UNREACHABLE),
    ],
)
def test_what_comes_in_the_place_of_an_answer_to_the_code_is_not_called_a_refusal(
    fake, secret, person, tmp_path, answer, sentence
):
    fake.alter = lambda request, real: answer if request.path == "/token" else real
    with pytest.raises(GphotosError) as error:
        sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    assert str(error.value) == sentence
    assert not (tmp_path / "auth.json").exists()


def test_a_refusal_of_the_code_is_told_in_googles_words(fake, secret, person, tmp_path):
    refused = Answer(400, b'{"error": "invalid_grant", "error_description": "Malformed auth code."}')
    fake.alter = lambda request, real: refused if request.path == "/token" else real
    with pytest.raises(SignInError) as error:
        sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    assert str(error.value) == "Google refused the sign-in: Malformed auth code. Run the command again."


def test_an_answer_to_the_code_of_any_length_is_not_taken(fake, secret, person, tmp_path, monkeypatch):
    monkeypatch.setattr("datasette_gphotos_dedupe.google.deadline.ANSWER_BYTES", 1_000)
    fake.alter = altered(more="x" * 100_000)
    with pytest.raises(GphotosError) as error:
        sign_in(secret, tmp_path / "auth.json", say=lambda text: None, wait_s=20)
    assert str(error.value) == UNREACHABLE


def test_a_refresh_token_that_google_replaces_is_kept(fake, auth_path):
    fake.world.switches.rotate = True
    first = read_auth(auth_path)
    for _ in range(3):
        before = read_auth(auth_path)
        assert list(open_client(auth_path).fetch_albums()) == []
        after = read_auth(auth_path)
        assert after.refresh_token != before.refresh_token
        assert list(fake.world.refresh_tokens) == [after.refresh_token]
    assert replace(after, refresh_token=first.refresh_token) == first
    assert stat.S_IMODE(auth_path.stat().st_mode) == 0o600


@pytest.mark.parametrize("given", [5, "", "two\nlines", None])
def test_what_is_no_refresh_token_does_not_take_the_place_of_the_kept_one(fake, auth_path, given):
    before = auth_path.read_bytes()
    fake.alter = altered(refresh_token=given)
    assert list(open_client(auth_path).fetch_albums()) == []
    assert auth_path.read_bytes() == before


def test_nobody_answering_ends_the_wait(fake, secret, tmp_path):
    with pytest.raises(SignInError) as error:
        sign_in(secret, tmp_path / "auth.json", open_browser=False, say=lambda text: None, wait_s=0.2)
    assert str(error.value) == (
        "Nobody gave access within 0 minutes. Run the command again. If Google said 'Access blocked', add your address under "
        "Test users (Audience) in the Cloud console first."
    )


def test_without_a_browser_the_address_can_be_pasted(fake, secret, tmp_path):
    command = [sys.executable, "-m", "datasette_gphotos_dedupe.cli", "auth", "--no-browser", str(secret)]
    process = subprocess.Popen(
        [*command, "-a", str(tmp_path / "auth.json")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    with process:
        link = next(line.strip() for line in process.stdout if line.startswith("http"))
        opener = urllib.request.build_opener(_NoRedirect)
        with pytest.raises(urllib.error.HTTPError) as answer:
            opener.open(link)
        answer.value.close()
        process.stdin.write(answer.value.headers["Location"] + "\n")
        process.stdin.flush()
        assert process.wait(30) == 0
    assert read_auth(tmp_path / "auth.json").client_id == CLIENT_ID


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


@pytest.mark.parametrize(
    "content, sentence",
    [
        (
            '{"web": {"client_id": "x"}}',
            "{path} is for a client of the type 'Web application', which cannot sign in from a program on your computer. "
            + WHERE,
        ),
        (
            '{"type": "service_account"}',
            "{path} is for a service account, and Google Photos does not admit those. " + WHERE,
        ),
        ("no json", "{path} is not JSON. " + WHERE),
        ("[]", "{path} is not a client secret from Google. " + WHERE),
        ('{"installed": {"client_id": "x"}}', "{path} is not a client secret from Google. " + WHERE),
    ],
)
def test_a_wrong_client_file_is_named(tmp_path, content, sentence):
    path = tmp_path / "client.json"
    path.write_text(content)
    with pytest.raises(SignInError) as error:
        read_client_secret(path)
    assert str(error.value) == sentence.format(path=path)


def test_a_client_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SignInError) as error:
        read_client_secret(tmp_path / "none.json")
    assert str(error.value) == f"{tmp_path / 'none.json'} cannot be read: No such file or directory. {WHERE}"


def test_a_client_file_that_points_elsewhere_is_refused(tmp_path, fake):
    secret = fake.client_secret()
    secret["installed"]["token_uri"] = "https://oauth2.example.com/token"
    (tmp_path / "client.json").write_text(json.dumps(secret))
    with pytest.raises(GphotosError) as error:
        read_client_secret(tmp_path / "client.json")
    assert "is not one of Google's, so it was not contacted and nothing was sent." in str(error.value)


def test_no_sign_in_names_the_command(tmp_path):
    with pytest.raises(SignInError) as error:
        open_client(tmp_path / "auth.json")
    assert str(error.value) == (
        f"{tmp_path / 'auth.json'} does not exist: you are not signed in to Google yet. "
        "Sign in again: gphotos-to-sqlite auth client_secret.json"
    )


def test_a_sign_in_others_can_read_is_refused(auth_path):
    auth_path.chmod(0o644)
    with pytest.raises(SignInError) as error:
        open_client(auth_path)
    assert str(error.value) == (
        f"{auth_path} can be read by other people on this machine (mode 0644), so it is not used. "
        f"Make it yours alone: chmod 600 {auth_path}"
    )


def test_a_file_that_is_no_sign_in_is_refused(tmp_path):
    path = tmp_path / "auth.json"
    path.touch(0o600)
    path.write_text("[]")
    with pytest.raises(SignInError) as error:
        open_client(path)
    assert str(error.value) == (
        f"{path} is not a sign-in of this program. Sign in again: gphotos-to-sqlite auth client_secret.json"
    )


def test_revoking_ends_the_sign_in_and_deletes_the_file(fake, auth_path):
    kept = read_auth(auth_path).refresh_token
    assert revoke(auth_path) is True
    assert not auth_path.exists()
    assert kept not in fake.world.refresh_tokens


@pytest.mark.parametrize("path", ["/oauth2/v3/token", "/oauth2/v4/token", "/o/oauth2/token"])
def test_revoking_with_an_older_client_file_asks_at_the_one_address_there_is(fake, auth_path, path):
    kept = read_auth(auth_path)
    save_auth(auth_path, replace(kept, token_uri=f"{fake.url}{path}"))
    assert revoke(auth_path) is True
    assert kept.refresh_token not in fake.world.refresh_tokens
    for host in ("https://accounts.google.com", "https://www.googleapis.com", "https://oauth2.googleapis.com"):
        assert revocation_address(f"{host}{path}") == "https://oauth2.googleapis.com/revoke"


def test_revoking_what_google_forgot_already_deletes_the_file(fake, auth_path):
    fake.world.refresh_tokens.clear()
    assert revoke(auth_path) is False
    assert not auth_path.exists()


def test_revoking_without_an_answer_keeps_the_file(fake, auth_path):
    fake.faults.add("503", "/revoke")
    with pytest.raises(GphotosError) as error:
        revoke(auth_path)
    assert str(error.value) == (
        f"Google could not be asked to forget the sign-in, so {auth_path} was kept. Run the command again later."
    )
    assert auth_path.exists()


def test_secrets_do_not_show_when_the_sign_in_is_printed(auth_path):
    auth = read_auth(auth_path)
    assert auth.refresh_token not in repr(auth)
    assert CLIENT_SECRET not in repr(auth)


@pytest.mark.parametrize("content", [b"mine", b"{}", b"[]", b'{"installed": {}}', b"\xff", b"[" * 100_000], ids=range(6))
def test_a_sign_in_is_never_kept_over_another_file(tmp_path, content):
    own = tmp_path / "own"
    own.write_bytes(content)
    for keep in (lambda: check_writable(own), lambda: save_auth(own, AUTH)):
        with pytest.raises(SignInError, match="is another file, and no sign-in of this program. Nothing was saved."):
            keep()
    assert own.read_bytes() == content


def test_a_sign_in_is_kept_over_an_earlier_one_over_nothing_and_through_a_link(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "link").symlink_to("real")
    for name in ("new", "new", "empty", "link"):
        save_auth(tmp_path / name, AUTH)
        assert read_auth(tmp_path / name) == AUTH
    assert (tmp_path / "link").is_symlink()
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o600
