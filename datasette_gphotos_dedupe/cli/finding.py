"""`find`: whether pictures are in the library already."""

from __future__ import annotations

import json
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


def _files(given: Iterable[Path]) -> Iterator[Path]:
    """Folders as the files in them, by name; files and what does not exist as they are."""
    for path in given:
        if path.is_dir():
            inside = ((found, found.relative_to(path).parts) for found in path.rglob("*"))
            yield from sorted(found for found, parts in inside if found.is_file() and not any(part[0] == "." for part in parts))
        else:
            yield path


def _look_up(database: Path, paths: Iterable[Path]) -> Iterator[tuple[Path, Lookup | GphotosError]]:
    from ..pipeline.finding import find_picture, read_picture
    from ..store.read_only import open_for_reading

    with open_for_reading(database) as conn:
        for path in paths:
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
