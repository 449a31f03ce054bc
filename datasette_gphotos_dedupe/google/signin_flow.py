"""Signing in: Google's flow for desktop programs, with PKCE, over a loopback address on any free port."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ..errors import GphotosError, SignInError
from ..input_file import read_input
from .auth_file import (
    MAX_FILE_BYTES,
    Auth,
    SignInUnreachable,
    check_writable,
    forbid_core_dumps,
    guard,
    is_token,
    save_auth,
    unreachable,
    unreadable,
)
from .hosts import check_address, is_loopback
from .parsing import plain_message

_SCOPE = "https://www.googleapis.com/auth/"
READ = f"{_SCOPE}photoslibrary.readonly.appcreateddata"
APPEND = f"{_SCOPE}photoslibrary.appendonly"
EDIT = f"{_SCOPE}photoslibrary.edit.appcreateddata"
PICK = f"{_SCOPE}photospicker.mediaitems.readonly"
ALL_SCOPES = (READ, APPEND, EDIT, PICK)
READ_ONLY_SCOPES = (READ, PICK)
_LOSSES = {
    READ: "`library` cannot list what this app uploaded, and `push` cannot find its albums again or read them back",
    APPEND: "`push` cannot make an album or upload anything",
    EDIT: "`push` cannot write descriptions over to keepers",
    PICK: "`picker` cannot receive the photos you pick",
}
_WAIT_S = 600
_LONGEST_LIFE_S = 10 * 365 * 86_400
_DONE = b"<!DOCTYPE html><meta charset=utf-8><title>Signed in</title><h1>Signed in</h1><p>You can close this page.</p>"
_DENIED = b"<!DOCTYPE html><meta charset=utf-8><title>Not signed in</title><h1>Not signed in</h1><p>Access was not given.</p>"


def sign_in(
    secret_path: str | Path,
    auth_path: str | Path,
    scopes: Sequence[str] = ALL_SCOPES,
    open_browser: bool = True,
    say: Callable[[str], None] = print,
    wait_s: float = _WAIT_S,
) -> list[str]:
    """Have the person consent in a browser and keep the sign-in at `auth_path`.

    Returns a sentence for each permission that was asked for and not given. Raises SignInError when there is no sign-in to keep.
    """
    forbid_core_dumps()
    secret = read_client_secret(secret_path)
    check_writable(auth_path)
    with _Receiver() as receiver, _oauthlib_settings(secret["installed"]["token_uri"]), _quiet_libraries():
        from google_auth_oauthlib.flow import Flow

        flow = Flow.from_client_config(secret, list(scopes), redirect_uri=receiver.address, autogenerate_code_verifier=True)
        guard(flow.oauth2session)
        flow.oauth2session.register_compliance_hook("access_token_response", _check_answer)
        address, state = flow.authorization_url(access_type="offline", prompt="consent")
        receiver.expect(state)
        _send_person_to(address, open_browser, say)
        token = _exchange(flow, receiver.wait(wait_s, listen_to_terminal=not open_browser))
    auth = _auth_from(secret["installed"], token, scopes)
    save_auth(auth_path, auth)
    return [f"{scope.removeprefix(_SCOPE)} was not given: {_LOSSES[scope]}." for scope in scopes if scope not in auth.scopes]


def read_client_secret(path: str | Path) -> dict:
    """The Desktop client's JSON from the Cloud console. Raises SignInError that says what the file is instead."""
    where = "In the Cloud console, create an OAuth client of the type 'Desktop app' and download its JSON."
    try:
        content = json.loads(read_input(path, MAX_FILE_BYTES))
    except OSError as error:
        raise SignInError(f"{path} cannot be read: {error.strerror}. {where}") from None
    except ValueError:
        raise SignInError(f"{path} is not JSON. {where}") from None
    if isinstance(content, dict) and "web" in content:
        raise SignInError(
            f"{path} is for a client of the type 'Web application', which cannot sign in from a program on your computer. {where}"
        )
    if isinstance(content, dict) and content.get("type") == "service_account":
        raise SignInError(f"{path} is for a service account, and Google Photos does not admit those. {where}")
    client = content.get("installed") if isinstance(content, dict) else None
    names = ("client_id", "client_secret", "auth_uri", "token_uri")
    if not isinstance(client, dict) or not all(isinstance(client.get(name), str) and client[name] for name in names):
        raise SignInError(f"{path} is not a client secret from Google. {where}")
    for name in ("auth_uri", "token_uri"):
        check_address(client[name], loopback=is_loopback(client["token_uri"]))
    return content


def _send_person_to(address: str, open_browser: bool, say: Callable[[str], None]) -> None:
    import webbrowser

    if open_browser and webbrowser.open(address):
        say("Your browser shows Google's consent page. Choose your account and tick every box. If no page opened, use this link:")
        say(address)
        return
    say("Open this link in a browser, choose your account and tick every box:")
    say(address)
    if not open_browser:
        say(
            "If that browser runs on another machine, its last page will not load: copy the address of that page, "
            "paste it here and press Enter."
        )


@contextlib.contextmanager
def _oauthlib_settings(token_uri: str) -> Iterator[None]:
    """Let oauthlib accept fewer scopes than asked for (they are compared below) and, for a stand-in only, plain http."""
    wanted = {"OAUTHLIB_RELAX_TOKEN_SCOPE": "1"}
    if is_loopback(token_uri):
        wanted["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep the libraries of the flow from writing codes and tokens into a log, which they do at the level DEBUG."""
    loggers = [logging.getLogger(name) for name in ("requests_oauthlib", "oauthlib", "google_auth_oauthlib", "urllib3")]
    loggers += [
        known
        for name, known in logging.root.manager.loggerDict.items()
        if isinstance(known, logging.Logger)
        and name.startswith(("requests_oauthlib.", "oauthlib.", "google_auth_oauthlib.", "urllib3."))
    ]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(max(logger.level, logging.WARNING))
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _exchange(flow, code: str) -> dict:
    from oauthlib.oauth2 import OAuth2Error

    try:
        return flow.fetch_token(code=code)
    except OAuth2Error as error:
        said = plain_message(error.description or error.error, code, flow.client_config["client_secret"])
        trouble: GphotosError = SignInError(f"Google refused the sign-in: {said.rstrip('. ')}. Run the command again.")
    except SignInUnreachable as error:
        trouble = SignInUnreachable(str(error))
    except OSError:
        trouble = unreachable()
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        trouble = unreadable()  # the library trusts the answer to be as documented
    # Raised outside the handlers, so that no traceback carries the code or the secret.
    raise trouble


def _check_answer(response):
    """The answer to the code as the library may read it. Raises SignInUnreachable for what no sign-in server says.

    A network login page and a broken server refuse nothing, and how long the access token lives is of no interest here.
    """
    if response.status_code >= 500:
        raise unreachable()
    try:
        value = response.json()
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not ("error" in value or is_token(value.get("access_token"))):
        raise unreadable()
    value.pop("expires_in", None)
    response._content = json.dumps(value).encode()
    return response


def _auth_from(client: dict, token: dict, asked: Sequence[str]) -> Auth:
    if not token.get("refresh_token"):
        raise SignInError(
            "Google gave no lasting sign-in (no refresh token). Run the command again and give access on the consent page."
        )
    given = token.get("scope", list(asked))
    words = given.split() if isinstance(given, str) else given
    if not is_token(token["refresh_token"]) or not isinstance(words, list):
        raise unreadable()
    granted = {word for word in words if isinstance(word, str)}
    if not granted & set(asked):
        raise SignInError(
            "No permission was given on the consent page, so nothing was saved. Run the command again and tick every box."
        )
    now = datetime.now(timezone.utc)
    life_s = _seconds(token.get("refresh_token_expires_in"))
    return Auth(
        client_id=client["client_id"],
        client_secret=client["client_secret"],
        refresh_token=token["refresh_token"],
        token_uri=client["token_uri"],
        scopes=tuple(scope for scope in asked if scope in granted),
        signed_in_at=_utc(now),
        expires_at=_utc(now + timedelta(seconds=life_s)) if life_s else None,
    )


def _seconds(value: object) -> float | None:
    """A number of seconds up to ten years; None for anything else: it only explains why a sign-in has ended."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 < seconds <= _LONGEST_LIFE_S else None


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Receiver:
    """The loopback address that Google sends the browser back to.

    Unlike the flow helper of google-auth-oauthlib it serves until the answer comes: browsers ask for a favicon first, and anybody
    may knock with a wrong state.
    """

    def __init__(self) -> None:
        self._answers: queue.Queue[dict[str, list[str]]] = queue.Queue()
        self._state = ""
        answers, expected = self._answers, self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                ours = query.get("state") == [expected._state] and ("code" in query or "error" in query)
                self.send_response(200 if ours else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                if ours:
                    self.wfile.write(_DONE if "code" in query else _DENIED)
                    answers.put(query)

            def log_message(self, *arguments: object) -> None:
                """The address holds the code: it is not logged."""

        # With a thread for each connection: browsers open some in advance and say nothing on them.
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def __enter__(self) -> _Receiver:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def expect(self, state: str) -> None:
        """Only answers with this state count."""
        self._state = state

    def wait(self, wait_s: float, listen_to_terminal: bool) -> str:
        """The code, from the browser or from an address pasted into the terminal."""
        if listen_to_terminal:
            threading.Thread(target=self._read_pasted, daemon=True).start()
        try:
            query = self._answers.get(timeout=wait_s)
        except queue.Empty:
            raise SignInError(
                f"Nobody gave access within {wait_s / 60:.0f} minutes. Run the command again. If Google said 'Access blocked', add "
                "your address under Test users (Audience) in the Cloud console first."
            ) from None
        if "code" not in query:
            raise SignInError("Access was not given on Google's consent page, so nothing was saved.")
        return query["code"][0]

    def _read_pasted(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # nobody is there to type
            for line in sys.stdin:
                query = parse_qs(urlsplit(line.strip()).query)
                if query.get("state") == [self._state]:
                    self._answers.put(query)
                    return
