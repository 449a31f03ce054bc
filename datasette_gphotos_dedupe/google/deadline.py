"""An end for every exchange with Google: connecting, handshake, sending, headers and answer together.

A time limit of a socket begins anew with every byte, so that an answer of one byte a minute would be read for days.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from .limits import ANSWER_BYTES, BYTES_SENT_PER_S, EXCHANGE_TIMEOUT_S

_PIECE_BYTES = 1 << 16


def end_in_time(session: requests.Session) -> requests.Session:
    """The session, whose every exchange ends in time and takes no answer of any length: `content` is there when it returns."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _BoundedAdapter())
    return session


class _BoundedAdapter(HTTPAdapter):
    """Reads the whole answer before it hands it on, and hangs up when that takes too long."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        sent_bytes = len(request.body or b"") if isinstance(request.body, bytes | str | None) else 0
        with _hanging_up_after(EXCHANGE_TIMEOUT_S + sent_bytes / BYTES_SENT_PER_S) as lines:
            _watched.lines = lines
            try:
                response = super().send(request, *args, **{**kwargs, "stream": True})
                with response:
                    response._content = _read_bounded(response)
                    response._content_consumed = True  # type: ignore[attr-defined]
            finally:
                _watched.lines = None
        return response

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """For requests before 2.32."""
        return _watching(super().get_connection(*args, **kwargs))

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        return _watching(super().get_connection_with_tls_context(*args, **kwargs))


def _read_bounded(response: requests.Response) -> bytes:
    pieces, size = [], 0
    for piece in response.iter_content(_PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > ANSWER_BYTES:
            raise requests.exceptions.ChunkedEncodingError("longer than any answer of Google's")
    return b"".join(pieces)


_watched = threading.local()
"""`lines`: what the exchange of this thread is held over."""


class _Lines:
    """The connections of one exchange, seen through a second handle: TLS takes the first one over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: list[Any] = []
        self.expired = False

    def add(self, connection: Any) -> None:
        with self._lock:
            self._connections.append(connection)
            expired = self.expired
        if expired:
            _hang_up(connection)

    def hang_up(self) -> None:
        with self._lock:
            self.expired = True
            connections = list(self._connections)
        for connection in connections:
            _hang_up(connection)


def _hang_up(connection: Any) -> None:
    with contextlib.suppress(OSError, AttributeError):  # it has ended meanwhile
        connection.gphotos_line.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _hanging_up_after(seconds: float) -> Iterator[_Lines]:
    """Raises requests.Timeout in place of whatever the connection says of being ended."""
    lines = _Lines()
    timer = threading.Timer(max(0.0, seconds), lines.hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield lines
    except (requests.RequestException, OSError, ValueError, AttributeError):
        if lines.expired:
            raise requests.Timeout("it does not end") from None
        raise
    finally:
        timer.cancel()
    if lines.expired:  # an answer without a length ends when it is hung up
        raise requests.Timeout("it does not end")


def _watching(pool: Any) -> Any:
    """The pool, whose connections tell the exchange they are used for."""
    if not hasattr(pool.ConnectionCls, "gphotos_line"):
        pool.ConnectionCls = _watched_class(pool.ConnectionCls)
    return pool


def _watched_class(base: Any) -> Any:
    class Watched(base):
        gphotos_line: socket.socket | None = None

        def _new_conn(self) -> socket.socket:
            line = super()._new_conn()
            self.gphotos_line = line.dup()
            self._tell()
            return line

        def request(self, *args: Any, **kwargs: Any) -> Any:
            self._tell()  # a connection that is used again
            return super().request(*args, **kwargs)

        def _tell(self) -> None:
            lines = getattr(_watched, "lines", None)
            if lines is not None:
                lines.add(self)

        def close(self) -> None:
            line, self.gphotos_line = self.gphotos_line, None
            if line is not None:
                line.close()
            super().close()

    return Watched
