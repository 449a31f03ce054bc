"""A file that a person asked for: written beside its place and put there whole, or not at all; nobody's other file is touched."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import GphotosError
from ..input_file import open_input, stat_input

_SIDE_ENDINGS = ("-journal", "-wal", "-shm")  # what SQLite lays beside a database
_MOST_OF_NAME = 60  # characters of the name in that of the unfinished file, which a file system limits to 255 bytes


def refuse_target(source: Path | None, target: Path, replace: bool, is_ours: Callable[[Path], bool] = lambda _: False) -> None:
    """Raises GphotosError where `target` cannot or must not be written, before anything is read from the library `source`.

    Without `replace` a file that is there is written anew only where `is_ours` knows it for an earlier output of its own kind.
    """
    place = _place(target)
    try:
        mode = stat_input(place).st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise GphotosError(f"{target} cannot be written: {_reason(error)}.") from None
    if not os.path.isdir(place.parent):
        raise GphotosError(f"{target} cannot be written: the folder {place.parent} does not exist.")
    _refuse_part_of_database(target, place)
    if mode is not None:
        _refuse_what_is_no_output(source, target, place, mode)
    _refuse_beside_open_database(target, place)
    if mode is not None and not replace and not is_ours(place):
        raise GphotosError(f"{target} exists already. Choose another name, or add --replace to write it anew.")


def _refuse_what_is_no_output(source: Path | None, target: Path, place: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise GphotosError(f"{target} is a folder. Name the file that is to be written: {target / 'NAME'}")
    if not stat.S_ISREG(mode):
        raise GphotosError(f"{target} is no ordinary file. Name one that is to be written.")
    if source and os.path.exists(source) and os.path.samefile(source, place):
        raise GphotosError(f"{target} is the library itself. Choose another name for the copy.")
    if _is_library(place):
        raise GphotosError(f"{target} is a library of photos, with what was imported and decided. Choose another name.")


def _place(target: Path) -> Path:
    """Where a file of this name really lies: a link stays, and what it leads to is written. Raises GphotosError for a circle of links."""
    try:
        place = Path(os.path.realpath(target))
        if place.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    except (OSError, ValueError) as error:
        raise GphotosError(f"{target} cannot be written: {_reason(error)}.") from None
    return place


def _refuse_part_of_database(target: Path, place: Path) -> None:
    for ending in _SIDE_ENDINGS:
        if place.name.lower().endswith(ending) and os.path.exists(str(place)[: -len(ending)]):
            raise GphotosError(
                f"{target} is a part of the database {place.name[: -len(ending)]}, or would be taken for one. Choose another name."
            )


def _refuse_beside_open_database(target: Path, place: Path) -> None:
    """SQLite would take what an earlier database of this name left unfinished for a part of the new one, and write it into it."""
    for left in (Path(f"{place}{ending}") for ending in _SIDE_ENDINGS):
        if os.path.lexists(left):
            raise GphotosError(
                f"{target} cannot be written: beside it lies {left.name}, of a database that was open there or still is. End the program "
                "that uses it, or choose another name."
            )


def _is_library(place: Path) -> bool:
    """Whether something was imported into this database of ours: a copy to publish holds no run of an import."""
    try:
        with open_input(place) as stream:
            if stream.read(16) != b"SQLite format 3\0":
                return False
        with contextlib.closing(sqlite3.connect(f"{place.as_uri()}?mode=ro&immutable=1", uri=True)) as conn:
            return bool(conn.execute("SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM files)").fetchone()[0])
    except (OSError, ValueError, sqlite3.Error):  # it cannot be read, or is another program's: the person's word counts
        return False


@contextlib.contextmanager
def writing(target: Path) -> Iterator[Path]:
    """An empty file to write, which takes the place of `target` when the block ends well and is gone when it does not.

    Who may read it is for the umask to say, as for every file. Raises GphotosError when the disk is full or anything else is in the way.
    """
    place = _place(target)
    unfinished = _make_unfinished(place)
    try:
        yield unfinished
        unfinished.replace(place)
    except OSError as error:
        raise GphotosError(f"{target} cannot be written: {_reason(error)}. Nothing was left there.") from error
    except sqlite3.OperationalError as error:
        if "full" not in str(error) and "I/O" not in str(error):
            raise
        raise GphotosError(f"{target} cannot be written: {error}. Nothing was left there.") from error
    finally:
        for suffix in ("", *_SIDE_ENDINGS):
            with contextlib.suppress(OSError):
                os.unlink(f"{unfinished}{suffix}")


def _make_unfinished(target: Path) -> Path:
    name = target.name.encode("utf-8", "surrogateescape")[:_MOST_OF_NAME].decode("utf-8", "ignore")
    try:
        handle, path = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=target.parent)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(path, 0o666 & ~umask)
        os.close(handle)
    except (OSError, ValueError) as error:
        raise GphotosError(f"{target} cannot be written: {_reason(error)}.") from None
    return Path(path)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
