"""Bytes to Google: small files at once, large ones in pieces that go on where they broke off."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO

from ..errors import GoogleError
from .answer_shapes import is_count
from .api_calls import Client
from .http_transport import Call
from .limits import RESUMABLE_FROM_BYTES

PIECE_BYTES = 8 * 1024 * 1024
_GRANULARITY = 262_144
_MOST_GRANULARITY = 64 * 1024 * 1024  # a piece is held in memory
_STARTS = 3
_TURNS_BACK = 20  # how often Google may say that it has less of a file than was sent, before it is given up

OpenFile = Callable[[], AbstractContextManager[BinaryIO]]


class _Elsewhere(Exception):
    """Google has received more, or less, of a piece than this side knew."""

    def __init__(self, received: int):
        super().__init__()
        self.received = received


class _AnswerLost(Exception):
    """The upload is complete, but the token went with a lost answer and is not told twice."""


def upload(client: Client, open_file: OpenFile, size: int, mime_type: str | None, sha1: str) -> str:
    """Send the bytes of a file and return the upload token, good for a day. Nothing appears in the library by this alone.

    `sha1` (hex) is sent along, so that Google refuses bytes that were damaged on the way.
    """
    headers = {
        "Content-Type": "application/octet-stream",
        "X-Goog-Upload-Content-Type": mime_type or "application/octet-stream",
        "X-Goog-Hash": f"sha1={base64.b64encode(bytes.fromhex(sha1)).decode()}",
    }
    if size <= RESUMABLE_FROM_BYTES:
        with open_file() as file:
            data = file.read()
        call = Call("POST", client.uploads_url, data=data, headers={**headers, "X-Goog-Upload-Protocol": "raw"}, wants="text")
        return _token(client.transport.call(call)[0])
    for _ in range(_STARTS):
        try:
            return _Resumable(client, open_file, size, headers).send()
        except _AnswerLost:
            continue
    raise GoogleError("Google took a file but its answer was lost three times. Run the same command again later.")


class _Resumable:
    """One upload in pieces."""

    def __init__(self, client: Client, open_file: OpenFile, size: int, headers: dict[str, str]):
        self._client, self._open_file, self._size, self._headers = client, open_file, size, headers
        self._url = ""
        self._piece = PIECE_BYTES

    def send(self) -> str:
        """Start, send every piece, return the token."""
        headers = {
            **self._headers,
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Raw-Size": str(self._size),
        }
        _, answer = self._client.transport.call(Call("POST", self._client.uploads_url, data=b"", headers=headers, wants="text"))
        self._url = answer.get("X-Goog-Upload-URL", "")
        granularity = max(1, _header_number(answer, "X-Goog-Upload-Chunk-Granularity", _GRANULARITY, _MOST_GRANULARITY))
        self._piece = max(granularity, PIECE_BYTES // granularity * granularity)
        offset, turns_left = 0, _TURNS_BACK
        token = ""
        with self._open_file() as file:
            while not token:
                file.seek(offset)
                try:
                    token, offset = self._send_piece(offset, file.read(self._piece))
                except _Elsewhere as moved:
                    offset, turns_left = moved.received, turns_left - 1
                if not turns_left:
                    raise GoogleError(
                        "Google lost parts of a file again and again while it was sent. Run the same command again later."
                    )
        return token

    def _send_piece(self, offset: int, piece: bytes) -> tuple[str, int]:
        """The token, empty before the last piece, and where the next piece begins."""
        end = offset + len(piece)
        command = "upload, finalize" if end >= self._size else "upload"
        headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(offset)}

        def ask() -> None:
            received = self._received()
            if received != offset:
                raise _Elsewhere(received)

        text, _ = self._client.transport.call(Call("POST", self._url, data=piece, headers=headers, wants="text", settle=ask))
        return (_token(text) if end >= self._size else ""), end

    def _received(self) -> int:
        headers = {"X-Goog-Upload-Command": "query"}
        _, answer = self._client.transport.call(Call("POST", self._url, data=b"", headers=headers, wants="text"))
        if answer.get("X-Goog-Upload-Status") != "active":
            raise _AnswerLost
        return _header_number(answer, "X-Goog-Upload-Size-Received", 0, self._size)


def _header_number(headers: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = headers.get(name, str(default))
    if not is_count(value) or int(value) > most:
        raise GoogleError(f"Google's answer to an upload is not as documented ({name}). Run the same command again later.")
    return int(value)


def _token(text: str) -> str:
    """An upload token as it came. Raises GoogleError when none did."""
    if not text:
        raise GoogleError("Google took a file but gave no upload token for it. Run the same command again later.")
    return text
