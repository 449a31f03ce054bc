"""`find`: whether pictures are in the library already."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import formatting
from ..errors import GphotosError, PictureError, SourceError
from .command_line import cli

if TYPE_CHECKING:
    from ..pipeline.finding import Likeness, Lookup

EXISTING = click.Path(path_type=Path)
YES, NO, UNREADABLE = 0, 1, 2


@cli.command()
@click.argument("database", type=EXISTING)
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=EXISTING)
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects, one for each picture.")
@click.option("--missing", is_flag=True, help="Print only the names of the pictures that are not there, one a line.")
@click.pass_context
def find(ctx, database, pictures, as_json, missing):
    """Say whether pictures are in the library of DATABASE already.

    PICTURE is a picture, a video or a folder of them. Nothing is stored. Exit status 0: every one is there as the same
    picture; 1: at least one is not (smaller, changed, a look-alike or only in the bin counts as not); 2: one could not be
    read. What was never imported into DATABASE cannot be found.
    """
    if as_json and missing:
        raise click.UsageError("--json and --missing exclude each other.")
    answers, status, other = [], YES, 0
    for path, answer in _look_up(database, _files(pictures)):
        if isinstance(answer, PictureError) and answer.code == "not_a_picture" and path not in pictures:
            other += 1  # a folder holds other things too
            continue
        status = max(status, _status(answer))
        if as_json:
            answers.append(_as_json(path, answer))
        elif isinstance(answer, GphotosError):
            click.echo(str(answer), err=True)
        elif not missing:
            click.echo("\n".join(_lines(path, answer)))
        elif answer.answer != "copy":
            click.echo(path)
    if as_json:
        click.echo(json.dumps(answers, indent=2, ensure_ascii=False))
    if other:
        click.echo(f"{formatting.count(other, 'other file')} in the folders: neither pictures nor videos.", err=True)
    ctx.exit(status)


def _files(given: Iterable[Path]) -> Iterator[tuple[Path, SourceError | None]]:
    """Folders as the files in them, by name, and the folders that cannot be looked into; all else as it is given."""
    for path in given:
        if os.path.isdir(path):
            yield from sorted(_files_below(path), key=lambda found: found[0])
        else:
            yield path, None


def _files_below(folder: Path) -> Iterator[tuple[Path, SourceError | None]]:
    """Without what is hidden."""
    closed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if name[0] != "."]
        inside = (Path(place, name) for name in names if name[0] != ".")
        yield from ((path, None) for path in inside if os.path.isfile(path))
    for error in closed:
        yield Path(error.filename), SourceError(f"{error.filename} cannot be looked into: {error.strerror}.")


def _look_up(database: Path, paths: Iterable[tuple[Path, SourceError | None]]) -> Iterator[tuple[Path, Lookup | GphotosError]]:
    from ..pipeline.finding import find_picture, read_picture
    from ..store.read_only import open_for_reading

    with open_for_reading(database) as conn:
        for path, trouble in paths:
            if trouble:
                yield path, trouble
                continue
            try:
                yield path, find_picture(conn, path.name, read_picture(str(path), path=path), path)
            except (PictureError, SourceError) as error:
                yield path, error


def _status(answer: Lookup | GphotosError) -> int:
    if isinstance(answer, GphotosError):
        return UNREADABLE
    return YES if answer.answer == "copy" else NO


def _as_json(path: Path, answer: Lookup | GphotosError) -> dict:
    if isinstance(answer, GphotosError):
        return {"path": str(path), "answer": "unreadable", "message": str(answer), "found": [], "nearest": []}
    told = asdict(answer)
    del told["name"]
    return {"path": str(path), "answer": answer.answer, "message": answer.words(), **told}


def _lines(path: Path, answer: Lookup) -> list[str]:
    lines = [f"{path}: {answer.words()}"]
    if answer.no_pixels:
        lines.append(f"  Only its bytes could be compared: {answer.no_pixels}.")
    return lines + [line for one in (*answer.found, *(() if answer.found else answer.nearest)) for line in _line(one)]


def _line(one: Likeness) -> list[str]:
    shown = one.filename or one.photo_id
    relation = formatting.RELATION_LABELS[one.relation].lower() if one.relation else "another picture"
    facts = [formatting.dimensions(asdict(one)), formatting.size(one.bytes), formatting.moment(one.taken_at)]
    told = f"  {relation}: {shown} ({', '.join(fact for fact in facts if fact)}{', in the bin' if one.trashed else ''}), "
    return [f"{told}{one.distance_bits} of 256 bits differ", *([f"    {one.product_url}"] if one.product_url else [])]
