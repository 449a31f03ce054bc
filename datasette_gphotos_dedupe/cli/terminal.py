"""Standard output and error while a command runs: plain text, whatever names hold; a sentence when it cannot be written.

Everything that is printed goes through here, so that no print needs to think of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO

import click

# What steers a terminal (ECMA-48) or turns the direction of what follows (Unicode, UAX 9). Line ends and tabs do no harm.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class OutputError(click.ClickException):
    """What the command prints cannot be written."""


def plain_text(text: str) -> str:
    """`text` with what would steer a terminal spelt out, as JSON spells it: \\u001b."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _Plain:
    """A text stream that writes plain text. A line of progress may begin with a carriage return."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("text is written here")
        if not text:  # click tries so whether text can be written, and takes no for an answer
            return 0
        begin = "\r" if text.startswith("\r") else ""
        with _explained(self._stream):
            self._stream.write(begin + plain_text(text.removeprefix("\r")))
        return len(text)

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


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Standard output and error as plain text, written to their end when the block is left."""
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
