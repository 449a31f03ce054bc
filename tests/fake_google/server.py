"""The HTTP server around the fake: reading requests, logging each, failing on demand."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TextIO
from urllib.parse import parse_qs, urlsplit

from . import routes
from .answer import Answer, Request, html
from .faults import Fault, Faults
from .wire import STATUS_WORDS, ApiError
from .world import CLIENT_ID, CLIENT_SECRET, SCOPES, World


class FakeGoogle:
    """A Google Photos on this machine. Use as a context manager; `url` is where it listens.

    `world` holds the library and the switches, `faults` what shall go wrong, `log` every request in order. `before_answer` is
    called with each log entry after the work is done and before the answer is sent (a test may kill a client there). `alter` may
    put another answer in the place of each.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1"):
        self.world = World()
        self.faults = Faults()
        self.log: list[dict[str, Any]] = []
        self.log_to: TextIO | None = None  # a line for each request is written there as well
        self.before_answer: Callable[[dict[str, Any]], None] | None = None
        self.alter: Callable[[Request, Answer], Answer] | None = None
        self._server = _Server((host, port), _Handler)
        self._server.fake = self
        self.port = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self.world.public = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> FakeGoogle:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and end open connections."""
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()

    def client_secret(self) -> dict:
        """What the Cloud console would give for download, pointing here."""
        return {
            "installed": {
                "client_id": CLIENT_ID,
                "project_id": "fake-google",
                "auth_uri": f"{self.url}/o/oauth2/auth",
                "token_uri": f"{self.url}/token",
                "auth_provider_x509_cert_url": f"{self.url}/oauth2/v1/certs",
                "client_secret": CLIENT_SECRET,
                "redirect_uris": ["http://localhost"],
            }
        }

    def signed_in(self, scopes=SCOPES) -> dict:
        """The content of an `auth.json` for somebody who has signed in here already."""
        tokens = self.world.issue(CLIENT_ID, scopes)
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": tokens["refresh_token"],
            "token_uri": f"{self.url}/token",
            "scopes": sorted(scopes),
            "signed_in_at": self.world.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def requests(self, verb: str = "", path_part: str = "") -> list[dict[str, Any]]:
        """The logged requests with this verb whose path holds `path_part`."""
        return [entry for entry in self.log if entry["verb"].startswith(verb) and path_part in entry["path"]]

    def album(self, title: str):
        """The one album of this title. Fails when there is none or a twin."""
        found = [album for album in self.world.albums.values() if album.title == title and not album.deleted]
        assert len(found) == 1, f"{len(found)} albums are called {title!r}"
        return found[0]

    def album_filenames(self, title: str) -> list[str]:
        """The file names in the one album of this title, in album order."""
        return [self.world.items[key].filename for key in self.album(title).item_keys]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    fake: FakeGoogle

    def __init__(self, *arguments):
        self._connections: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """Clients hang up in tests; that is no news. Everything else is."""
        import sys

        if not isinstance(sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1], ConnectionError | ValueError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "ESF", ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # headers and body leave in one packet
    server: _Server

    def log_message(self, *arguments: object) -> None:
        """Requests are kept in `FakeGoogle.log`."""

    def _handle(self) -> None:
        fake = self.server.fake
        request = self._read()
        entry = {
            "verb": request.verb,
            "path": request.path,
            "query": request.query,
            "bytes": len(request.body),
            "token": "authorization" in request.headers,
            "host": request.headers.get("host", ""),
            "body": request.body if len(request.body) < 100_000 else b"",
        }
        fake.log.append(entry)
        fault = fake.faults.next_for(request.verb, request.path)
        answer = _refusal(fault) if fault else None
        if fault and fault.kind == "delay":
            time.sleep(0.2)
        if fault and fault.kind == "reset":
            entry["status"] = "reset"
            return self._reset()
        answer = answer or routes.answer(fake.world, request)
        if fake.alter:
            answer = fake.alter(request, answer)
        entry["status"] = answer.http_status
        if fake.log_to:
            print(f"{request.verb} {self.path} {answer.http_status}", file=fake.log_to, flush=True)
        if fake.before_answer:
            fake.before_answer(entry)
        self._finish_with(answer, fault)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do_HEAD = _handle

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "chunked" in headers.get("transfer-encoding", ""):
            body = self._read_chunked()
        else:
            body = self.rfile.read(int(headers.get("content-length") or 0))
        return Request(self.command, parts.path, parse_qs(parts.query, keep_blank_values=True), headers, body)

    def _read_chunked(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _finish_with(self, answer: Answer, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "reset_after":
            return self._reset()
        if kind == "503_after":
            answer = Answer(
                503, b'{"error": {"code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE"}}'
            )
        if kind == "html":
            answer = html(200, "<title>Welcome to the hotel network</title>")
        self.send_response(answer.http_status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + (10 if kind == "cut" else 0)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        if kind == "cut":
            self.close_connection = True
        self.wfile.flush()

    def _reset(self) -> None:
        """Break the connection as a failing network does, with RST."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.wfile = _Nowhere()


class _Nowhere:
    """Takes what the handler flushes after its connection is gone."""

    closed = True

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def _refusal(fault: Fault) -> Answer | None:
    if fault.kind == "image_404":
        return Answer(404, b"\x89PNG\r\n\x1a\n", "image/png")
    if not fault.kind.isdigit():
        return None
    status = int(fault.kind)
    messages = {429: "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user'."}
    message = fault.message or messages.get(status, "The service is currently unavailable.")
    import json

    return Answer(status, json.dumps(ApiError(status, message, STATUS_WORDS.get(status)).body()).encode())
