"""The one way to Google: token, pacing, retry and errors.

Nothing else in the package sends a request to the APIs. Only Google's hosts are contacted (or a stand-in on this machine when one
is configured), redirects are refused, and no error text carries a token or a whole address.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import GoogleError, QuotaError, RefusedError, SignInError
from .auth_file import SIGN_IN_AGAIN, SignInUnreachable, Token, guarded_session
from .hosts import check_address
from .limits import (
    SECONDS_BETWEEN_WRITES,
    TRANSIENT_STATUSES,
    TRIES,
    TRY_LATER_STATUSES,
    Clock,
    names_daily_quota,
    next_quota_reset,
    wait_before_retry_s,
)
from .parsing import GoogleAnswer, explain_refusal, parse_error

if TYPE_CHECKING:
    import requests

NO_ANSWER = 0
NOT_SENT = -1  # no access token could be had: nothing was sent, so there is nothing to settle
_SLICE_S = 1.0


class Interrupted(GoogleError):
    """The person asked to stop while a request waited for its turn."""


@dataclass(frozen=True)
class Call:
    """One request. A `write` waits for its turn; `settle` looks whether a write of unknown outcome has happened."""

    method: str
    url: str
    params: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    data: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    write: bool = False
    authorized: bool = True
    wants: str = "json"  # json, text (an upload token), bytes (a picture)
    settle: Callable[[], Any] | None = None


class Transport:
    """Sends calls. Reads may run from several threads at once; writes go one at a time, as Google asks per person."""

    def __init__(self, token: Token, loopback: bool, clock: Clock | None = None):
        self._token = token
        self._loopback = loopback
        self.clock = clock or Clock()
        self.stop: threading.Event | None = None
        self.pictures_sent_for = 0  # requests to base URLs, which have a daily quota of their own
        self._sessions = threading.local()
        self._writing = threading.RLock()
        self._next_write_at = 0.0

    def call(self, call: Call) -> Any:
        """What Google answers: parsed JSON, text, or bytes with their headers, as `call.wants` says.

        Raises QuotaError, SignInError, RefusedError, or GoogleError when no answer could be had. A write without `settle`
        must be harmless when repeated.
        """
        check_address(call.url, self._loopback)
        if not call.write:
            return self._persist(call)
        with self._writing:
            return self._persist(call)

    def _persist(self, call: Call) -> Any:
        renewed = False
        attempt = 0
        while True:
            answer = self._send(call)
            if answer.ok:
                return answer.content
            if answer.http_status == 401 and call.authorized and not renewed:
                renewed = True
                refused = self._renew(answer)
                if refused is None:
                    continue
                answer = refused
            attempt += 1
            self._raise_if_final(call, answer, attempt)
            self.pause(wait_before_retry_s(answer.http_status, attempt, self.clock.chance()))
            if call.settle and answer.http_status not in (*TRY_LATER_STATUSES, NOT_SENT):
                settled = call.settle()
                if settled is not None:
                    return settled

    def _renew(self, answer: GoogleAnswer) -> GoogleAnswer | None:
        """Get a fresh access token after a 401; None when that worked, else the failure to wait out."""
        try:
            self._token.replace(answer.used_token)
        except SignInUnreachable:
            return GoogleAnswer(NOT_SENT, description="no answer from Google's sign-in server")
        return None

    def _raise_if_final(self, call: Call, answer: GoogleAnswer, attempt: int) -> None:
        status = answer.http_status
        if status == 401:
            raise SignInError(f"Google does not accept the access token, also not a fresh one. {SIGN_IN_AGAIN}")
        if status == 429 and names_daily_quota(answer.message):
            resets_at = next_quota_reset(self.clock.now())
            raise QuotaError(
                f"Google's quota for today is used up; it starts anew at {resets_at}. "
                "What was done until now is saved: run the same command again after that time.",
                resets_at,
            )
        again = status in (NO_ANSWER, NOT_SENT) or status in TRANSIENT_STATUSES or status in TRY_LATER_STATUSES
        if not again:
            raise RefusedError(explain_refusal(answer), status, answer.status_word)
        if attempt < TRIES:
            return
        if status == 429:
            raise QuotaError(
                f"Google answered {TRIES} times that requests come too fast. "
                "What was done until now is saved: wait some minutes and run the same command again."
            )
        raise GoogleError(
            f"Google could not be reached: {TRIES} tries, the last one ended with {answer.description}. "
            "What was done until now is saved: run the same command again later."
        )

    def _send(self, call: Call) -> GoogleAnswer:
        import requests

        if call.write:
            self._wait_for_turn()
        headers = dict(call.headers)
        token = ""
        if call.authorized:
            try:
                token = self._token.bearer()
            except SignInUnreachable:
                return GoogleAnswer(NOT_SENT, description="no answer from Google's sign-in server")
            headers["Authorization"] = f"Bearer {token}"
        self.pictures_sent_for += call.wants == "bytes"
        try:
            response = self._session().request(
                call.method, call.url, params=call.params, json=call.json, data=call.data, headers=headers
            )
        except requests.RequestException as error:
            # Only the kind of failure is kept: the text of the error holds the whole address.
            return GoogleAnswer(NO_ANSWER, used_token=token, description=_kind_of_failure(error))
        return _read_answer(call, response, token)

    def _session(self) -> requests.Session:
        if not hasattr(self._sessions, "session"):
            self._sessions.session = guarded_session()
        return self._sessions.session

    def _wait_for_turn(self) -> None:
        self.pause(self._next_write_at - self.clock.monotonic())
        self._next_write_at = self.clock.monotonic() + SECONDS_BETWEEN_WRITES

    def pause(self, seconds: float) -> None:
        """Wait, in slices, so that `stop` ends it within a second. Raises Interrupted then."""
        while True:
            if self.stop is not None and self.stop.is_set():
                raise Interrupted("Stopped while waiting for Google. What was done until now is saved.")
            if seconds <= 0:
                return
            self.clock.sleep(min(seconds, _SLICE_S))
            seconds -= _SLICE_S


def _kind_of_failure(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return "an answer cut short"
    return "a lost connection"


def _read_answer(call: Call, response: requests.Response, token: str) -> GoogleAnswer:
    status = response.status_code
    if 200 <= status < 300:
        content = _content(call, response)
        if content is not None:
            return GoogleAnswer(status, content=content, ok=True)
        return GoogleAnswer(NO_ANSWER, used_token=token, description="an answer that is not Google's (a network login page?)")
    if 300 <= status < 400:
        raise RefusedError(
            "The answer was a redirect to another address, which Google's API never sends; it was not followed.", status
        )
    return parse_error(status, response.headers.get("Content-Type", ""), response.content, token)


def _content(call: Call, response: requests.Response) -> Any:
    kind = response.headers.get("Content-Type", "").lower()
    if call.wants == "bytes":
        return None if kind.startswith("text/html") else response.content
    if call.wants == "text":
        return None if kind.startswith("text/html") else (response.text.strip(), response.headers)
    try:
        value = response.json()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
