"""Standard output and error while a command runs: plain text, whatever names hold; a sentence when it cannot be written.

Everything that is printed goes through here, so that no print needs to think of it. What was closed by who started the command
(`>&-`) leads nowhere: the work is done all the same, and the exit status tells it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO

import click

# What steers a terminal (ECMA-48), turns the direction of what follows (Unicode, UAX 9), or stands for a byte of a file name
# that is no text (PEP 383), which no stream can write. Line ends and tabs do no harm.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class OutputError(click.ClickException):
    """What the command prints cannot be written."""


def plain_text(text: str) -> str:
    """`text` with what would steer a terminal spelt out, as JSON spells it: \\u001b."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _Plain:
    """A text stream that writes plain text. A line of progress may begin with a carriage return."""

    encoding = "utf-8"  # click goes past a stream that knows only ASCII, to the bytes behind it, and nobody would make text plain

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("text is written here")
        if not text:  # click tries so whether text can be written, and takes no for an answer
            return 0
        begin = "\r" if text.startswith("\r") else ""
        with _explained(self._stream):
            self._stream.write(begin + self._writable(plain_text(text.removeprefix("\r"))))
        return len(text)

    def _writable(self, text: str) -> str:
        """`text` with what the encoding of the stream lacks spelt out: a terminal may know no more than ASCII."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def flush(self) -> None:
        with _explained(self._stream):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _explained(stream: TextIO) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # who reads has seen enough: click ends the command
        raise
    except OSError as error:
        _forget(stream)
        reason = error.strerror or str(error)
        raise OutputError(f"The output cannot be written: {reason}. What was done until now is saved.") from None


def _forget(stream: TextIO) -> None:
    """What is left in the buffer goes nowhere: Python would try again as it ends, with a traceback."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _open_closed() -> None:
    """Lead what was closed nowhere: the next file that is opened, the library perhaps, would get its number and what libraries print."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        with contextlib.suppress(OSError):
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf8"))  # noqa: SIM115 - for as long as the process lives


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Standard output and error as plain text, written to their end when the block is left."""
    _open_closed()
    out, errors = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Plain(out), _Plain(errors)
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except OutputError as error:
            error.show()
            raise SystemExit(1) from None
        finally:
            sys.stdout, sys.stderr = out, errors
