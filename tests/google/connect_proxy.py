"""A CONNECT proxy that ends TLS with a throw-away certificate and hands every request to the fake."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from pathlib import Path

HOSTS = (
    "photoslibrary.googleapis.com",
    "photospicker.googleapis.com",
    "oauth2.googleapis.com",
    "accounts.google.com",
    "www.googleapis.com",
)


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """A new authority (certificate) and a certificate with key for Google's hosts, signed by it; good for a day."""
    authority, key, request, signed = (folder / name for name in ("ca.pem", "ca.key", "host.csr", "host.pem"))
    names = folder / "names.txt"
    names.write_text("subjectAltName=" + ",".join(f"DNS:{host}" for host in HOSTS))
    new = ["-newkey", "rsa:2048", "-nodes"]
    _openssl("req", "-x509", *new, "-keyout", key, "-out", authority, "-days", "1", "-subj", "/CN=Throw-away authority")
    _openssl("req", *new, "-keyout", folder / "host.key", "-out", request, "-subj", "/CN=Pretend Google")
    signing = ["-CA", authority, "-CAkey", key, "-CAcreateserial", "-days", "1", "-extfile", names]
    _openssl("x509", "-req", "-in", request, "-out", signed, *signing)
    both = folder / "both.pem"
    both.write_bytes(signed.read_bytes() + (folder / "host.key").read_bytes())
    return authority, both


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class ConnectProxy:
    """Listens on a free loopback port. Whatever host is asked for, the fake on `target_port` answers; nothing leaves the machine."""

    def __init__(self, target_port: int, certificate: Path):
        self._target_port = target_port
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> ConnectProxy:
        self._threads[0].start()
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = plain.recv(4096)
                if not piece:
                    return
                head += piece
            plain.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with (
                self._tls.wrap_socket(plain, server_side=True) as client,
                socket.create_connection(("127.0.0.1", self._target_port)) as target,
            ):
                self._open |= {client, target}
                back = threading.Thread(target=_pump, args=(target, client), daemon=True)
                back.start()
                _pump(client, target)
                back.join(5)
                self._open -= {client, target}


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
