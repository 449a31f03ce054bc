"""The kept sign-in: `auth.json`, the access tokens made from it, and giving it back.

`auth.json` holds the client's id and secret, the refresh token, the scopes granted and when. Access tokens live an hour and stay
in memory. The file is 0600 from its first byte, written whole or not at all, and refused when other people can read it.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import GoogleError, SignInError
from ..input_file import open_input
from .answer_shapes import is_text
from .hosts import check_address, is_loopback, revocation_address
from .limits import CONNECT_TIMEOUT_S, READ_TIMEOUT_S

SIGN_IN_AGAIN = "Sign in again: gphotos-to-sqlite auth client_secret.json"
MAX_FILE_BYTES = 1_000_000  # of a sign-in or a client's JSON; real ones have a few hundred
_TESTING_LIFE_DAYS = 7  # what Google gives a sign-in while the consent screen is in Testing
_IDLE_LIFE_DAYS = 180
_TESTING = "while the consent screen of your Cloud project is in Testing, Google ends every sign-in after seven days."
_PUBLISH = "Publish the consent screen (In production) to end that."
_REVOKED = "access was revoked in your Google account, or newer sign-ins of the same client pushed it out (Google keeps 100)."


_ERROR_CODE = re.compile("[a-z_]{1,60}")  # RFC 6749, 5.2


@dataclass(frozen=True)
class Auth:
    """What `auth.json` holds. Times are UTC ISO 8601 text."""

    client_id: str
    client_secret: str
    refresh_token: str
    token_uri: str
    scopes: tuple[str, ...]
    signed_in_at: str | None = None
    expires_at: str | None = None  # of the refresh token; Google sends it for consent screens in Testing

    def __repr__(self) -> str:
        return f"Auth(client_id={self.client_id!r}, scopes={self.scopes!r})"  # a traceback must not show the secrets


def read_auth(path: str | Path) -> Auth:
    """The sign-in kept at `path`. Raises SignInError when there is none, others can read it, or it is not ours."""
    path = Path(path)
    forbid_core_dumps()
    try:
        with open_input(path) as file:
            _refuse_shared(path, os.fstat(file.fileno()).st_mode)
            values = json.loads(file.read(MAX_FILE_BYTES))
        auth = Auth(**{**{name: values.get(name) for name in Auth.__dataclass_fields__}, "scopes": tuple(values["scopes"])})
    except FileNotFoundError:
        raise SignInError(f"{path} does not exist: you are not signed in to Google yet. {SIGN_IN_AGAIN}") from None
    except OSError as error:
        raise SignInError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SignInError(f"{path} is not a sign-in of this program. {SIGN_IN_AGAIN}") from None
    required = (auth.client_id, auth.client_secret, auth.refresh_token, auth.token_uri)
    if not all(isinstance(value, str) and value for value in required):
        raise SignInError(f"{path} is not a sign-in of this program. {SIGN_IN_AGAIN}")
    return auth


def forbid_core_dumps() -> None:
    """From here on a crash of this process writes no memory to disk: it is about to hold secrets."""
    try:
        import resource
    except ImportError:  # Windows writes none of its own accord
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _refuse_shared(path: Path, mode: int) -> None:
    if sys.platform != "win32" and stat.S_IMODE(mode) & 0o077:
        raise SignInError(
            f"{path} can be read by other people on this machine (mode {stat.S_IMODE(mode):04o}), so it is not used. "
            f"Make it yours alone: chmod 600 {path}"
        )


def save_auth(path: str | Path, auth: Auth) -> None:
    """Write the sign-in with mode 0600 from the first byte, whole or not at all. Raises SignInError, also over another file."""
    _refuse_other_file(path)
    path = Path(os.path.realpath(path))
    content = json.dumps(asdict(auth), indent=2).encode()
    partial = None
    try:
        descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600, and never an existing file
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException as error:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise SignInError(f"{path} cannot be written: {error.strerror}. Nothing was saved.") from None


def check_writable(path: str | Path) -> None:
    """Raise SignInError when no sign-in can be kept at `path`: better before a person goes through the consent page."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise SignInError(f"{path} cannot be written: the folder {folder} does not exist. Nothing was saved.")
    _refuse_other_file(path)
    if not os.access(folder, os.W_OK):
        raise SignInError(f"{path} cannot be written: you may not write into {folder}. Nothing was saved.")


def _refuse_other_file(path: str | Path) -> None:
    """Raise SignInError where something else than a sign-in of ours lies, which must not be written over."""
    try:
        with open_input(path) as file:
            content = file.read(MAX_FILE_BYTES)
        known = json.loads(content or '{"refresh_token": ""}')
        if not isinstance(known, dict) or "refresh_token" not in known:
            raise ValueError
    except FileNotFoundError:
        return
    except OSError as error:
        raise SignInError(f"{path} cannot be written: {error.strerror or error}. Nothing was saved.") from None
    except (ValueError, RecursionError):
        raise SignInError(
            f"{path} is another file, and no sign-in of this program. Nothing was saved. Name the place for it: --auth auth.json"
        ) from None


class SignInUnreachable(GoogleError):
    """No answer from the sign-in server; asking again later may help."""


class Token:
    """Access tokens from a sign-in, renewed when they end. Safe to use from several threads.

    `keep` is called with the sign-in when Google has put another refresh token in the place of the kept one, which may be good for
    nothing then.
    """

    def __init__(self, auth: Auth, keep: Callable[[Auth], None] | None = None):
        from google.oauth2.credentials import Credentials

        self.auth = auth
        self._keep = keep
        self.loopback = is_loopback(auth.token_uri)
        check_address(auth.token_uri, self.loopback)
        self._lock = threading.Lock()
        # Built by hand: Credentials.from_authorized_user_info() ignores the file's token_uri.
        self._credentials = Credentials(
            token=None,
            refresh_token=auth.refresh_token,
            token_uri=auth.token_uri,
            client_id=auth.client_id,
            client_secret=auth.client_secret,
            scopes=list(auth.scopes),
        )

    def bearer(self) -> str:
        """A token that is good for now. Raises SignInError when Google gives none, SignInUnreachable when it does not answer."""
        with self._lock:
            if not self._credentials.valid:
                self._renew()
            return self._credentials.token

    def replace(self, stale: str) -> None:
        """Renew after a 401, unless another thread has replaced `stale` already."""
        with self._lock:
            if self._credentials.token == stale:
                self._renew()

    def _renew(self) -> None:
        from google.auth.exceptions import GoogleAuthError, RefreshError
        from google.auth.transport.requests import Request

        request = Request(session=guarded_session())
        try:
            self._credentials.refresh(request)
        except RefreshError as error:
            retryable = bool(getattr(error, "retryable", False))
            explanation = unreachable() if retryable else explain_lost_signin(_error_body(error), self.auth)
        except (GoogleAuthError, OSError):
            explanation = unreachable()
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
            explanation = unreadable()  # the library trusts the answer to be as documented
        else:
            if is_token(self._credentials.token):
                return self._keep_rotated()
            explanation = unreadable()
        self._credentials.token = None  # a renewal that breaks off leaves there whatever came
        # Raised outside the handler, so that no traceback carries what was sent.
        raise explanation

    def _keep_rotated(self) -> None:
        """Keep another refresh token that came with the access token."""
        given = self._credentials.refresh_token
        if given == self.auth.refresh_token or not is_token(given):
            return
        self.auth = replace(self.auth, refresh_token=given)
        if self._keep:
            self._keep(self.auth)


def is_token(value: Any) -> bool:
    """Whether this can be sent as a token at all."""
    return is_text(value) and value != "" and value.isascii() and value.isprintable()


def guarded_session():
    """An HTTP session that follows no redirect, always ends in time and takes no answer of any length."""
    import requests

    return guard(requests.Session())


def guard(session):
    """Make a session of `requests` one that follows no redirect, always ends in time and takes no answer of any length."""
    from .deadline import end_in_time

    send = session.send

    def send_guarded(request, **kwargs):
        return send(request, **{**kwargs, "allow_redirects": False, "timeout": (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)})

    session.send = send_guarded
    return end_in_time(session)


def _error_body(error: Exception) -> dict:
    body = error.args[1] if len(error.args) > 1 else {}
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            body = {}
    return body if isinstance(body, dict) else {}


def unreachable() -> SignInUnreachable:
    """No answer came, or none that is more than a failure of Google's server."""
    return SignInUnreachable("Google's sign-in server could not be reached. Check the network and run the command again.")


def unreadable() -> SignInUnreachable:
    """What came is not what Google's sign-in server says."""
    return SignInUnreachable(
        "The answer of Google's sign-in server cannot be read (a network login page?). Run the command again."
    )


def explain_lost_signin(body: dict, auth: Auth, now: datetime | None = None) -> SignInError:
    """Why Google no longer takes this sign-in, judged by its answer and by the age of the sign-in, and what mends it."""
    code = body.get("error")
    if not (isinstance(code, str) and _ERROR_CODE.fullmatch(code)):  # whatever else it is may be what was sent
        code = ""
    if code in ("invalid_client", "unauthorized_client", "deleted_client"):
        return SignInError(
            "Google no longer knows this program's client: it was deleted or its secret was replaced in the Cloud console. "
            "Download the Desktop client's JSON again, then sign in with it: gphotos-to-sqlite auth client_secret.json"
        )
    if code != "invalid_grant":
        return SignInError(f"Google refused the kept sign-in ({code or 'no reason given'}). {SIGN_IN_AGAIN}")
    return SignInError(f"Google no longer accepts the kept sign-in: {_cause_of_invalid_grant(auth, now)} {SIGN_IN_AGAIN}")


def _cause_of_invalid_grant(auth: Auth, now: datetime | None) -> str:
    now = now or datetime.now(timezone.utc)
    age_days = _days_between(auth.signed_in_at, now)
    if age_days is not None and age_days < -0.1:
        return "the clock of this machine is wrong (the sign-in lies in the future), and Google refuses then. Set the clock."
    if (_days_between(auth.expires_at, now) or -1) >= 0:
        return f"{_TESTING} {_PUBLISH}"
    if age_days is not None and age_days >= _IDLE_LIFE_DAYS:
        return f"it is {age_days:.0f} days old, and Google ends sign-ins that were not used for six months."
    # Google tells the end of a sign-in in Testing, but is not bound to: the age is the next best sign of it.
    if auth.expires_at is None and age_days is not None and age_days >= _TESTING_LIFE_DAYS:
        return f"it is {age_days:.0f} days old, and {_TESTING} {_PUBLISH} If it is published already: {_REVOKED}"
    return _REVOKED


def _days_between(moment: str | None, now: datetime) -> float | None:
    if not moment:
        return None
    try:
        return (now - datetime.fromisoformat(moment.replace("Z", "+00:00"))).total_seconds() / 86_400
    except (ValueError, TypeError):
        return None


def revoke(path: str | Path) -> bool:
    """Give the sign-in back to Google and delete the file; False when Google had already forgotten it."""
    auth = read_auth(path)
    address = check_address(revocation_address(auth.token_uri), is_loopback(auth.token_uri))
    try:
        response = guarded_session().post(address, data={"token": auth.refresh_token})
        status = response.status_code
    except OSError:
        status = 0
    if status not in (200, 400):
        raise GoogleError(f"Google could not be asked to forget the sign-in, so {path} was kept. Run the command again later.")
    Path(path).unlink(missing_ok=True)
    return status == 200
