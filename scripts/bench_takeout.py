"""How an import does at size: `python scripts/bench_takeout.py --photos 100000`. Makes its own export; nothing else is needed.

`speed` imports 12-megapixel JPEGs from zip parts and compares with decoding, hashing and previewing the same files from a plain
folder in as many processes without a database. As other programs may use the machine, both take turns, and processor time is told
beside the clock. `size` imports many tiny pictures and tells the memory of the importing process, then runs again on what is known.
`known` imports all parts but the last, then runs again with nothing new, with the last import forgotten, and with the part that is new.
`reads` counts with strace (if there is one) the bytes read of every part and the places where reading went back. `entries` gives it
an archive of many tiny files that are no pictures, which is refused beyond 400,000. `kills` ends imports with SIGKILL, all their
processes at once, at random moments, and `stops` with Ctrl-C; both check the database after each and compare what the last run leaves
with an undisturbed import.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
from datasette_gphotos_dedupe.core.pictures.fingerprint import compute_fingerprint, make_thumbnail
from tests.made_pictures import noisy, scene

ROOT = Path(__file__).resolve().parent.parent
STEPS = ("speed", "size", "known", "reads", "entries", "kills", "stops")
EXPORT = "takeout-20240516T230250Z"
SUFFIX = ".supplemental-metadata.json"
DISTINCT = 8  # pictures drawn; each copy of one gets bytes of its own
IMPORT = "from datasette_gphotos_dedupe.cli import main; main()"
IN_SMALL_BATCHES = (
    "from datasette_gphotos_dedupe.pipeline import importing as i; i.BATCH_PHOTOS = 8; " + IMPORT
)  # to end between them


def drawn(side: int) -> list[bytes]:
    """Distinct JPEGs, `side` pixels wide at 4:3."""
    made = []
    for seed in range(DISTINCT):
        image = noisy(scene(seed).resize((side, side * 3 // 4)), 1.5, seed)  # a sensor's noise: some 2 MB at 12 megapixels
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=90)
        made.append(buffer.getvalue())
    return made


def unique(jpeg: bytes, number: int) -> bytes:
    """The same picture with other bytes: a comment behind the start marker."""
    text = b"number %08d" % number
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


def sidecar(number: int) -> bytes:
    """What Google writes beside a picture, in its usual length."""
    value = {
        "title": f"IMG_{number:06d}.jpg",
        "description": "",
        "imageViews": "3",
        "creationTime": {"timestamp": str(1_561_740_000 + number), "formatted": "Jun 28, 2019, 4:40:00 PM UTC"},
        "photoTakenTime": {"timestamp": str(1_200_000_000 + number * 60), "formatted": "Jun 28, 2019, 4:38:04 PM UTC"},
        "geoData": {
            "latitude": 48.2 + number / 1e6,
            "longitude": 16.4,
            "altitude": 170.0,
            "latitudeSpan": 0.0,
            "longitudeSpan": 0.0,
        },
        "people": [{"name": f"Person {number % 40}"}],
        "url": f"https://photos.google.com/photo/AF1Qip{number:038d}",
        "googlePhotosOrigin": {"mobileUpload": {"deviceType": "ANDROID_PHONE"}},
    }
    return json.dumps(value, indent=2).encode()


def members(photos: int, side: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of an export, year by year; every twentieth picture lies in an album too."""
    pictures = drawn(side)
    for number in range(photos):
        data = unique(pictures[number % DISTINCT], number)
        folders = [f"Photos from {2008 + number * 15 // photos}"] + [f"Album {number % 20}"] * (number % 20 == 0)
        for folder in folders:
            name = f"Takeout/Google Photos/{folder}/IMG_{number:06d}.jpg"
            yield name, data
            yield name + SUFFIX, sidecar(number)


def make_export(folder: Path, photos: int, side: int, per_part: int) -> list[Path]:
    """The zip parts of an export."""
    parts: list[Path] = []
    archive = None
    for at, (name, data) in enumerate(members(photos, side)):
        if at % (2 * per_part) == 0:
            if archive:
                archive.close()
            parts.append(folder / f"{EXPORT}-{len(parts) + 1:03d}.zip")
            archive = zipfile.ZipFile(parts[-1], "w")
        packed = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
        archive.writestr(name, data, packed)
    archive.close()
    return parts


def make_folder(folder: Path, photos: int, side: int) -> list[Path]:
    """The same pictures, each once, as plain files."""
    folder.mkdir()
    pictures = drawn(side)
    for number in range(photos):
        (folder / f"IMG_{number:06d}.jpg").write_bytes(unique(pictures[number % DISTINCT], number))
    return sorted(folder.iterdir())


@dataclass
class Usage:
    """What a command took: seconds by the clock and of processors, the most memory of its main process, what it printed."""

    wall_s: float
    cpu_s: float
    peak_mb: int
    output: str


def adopt_orphans() -> None:
    """Have processes left by a command become ours (Linux), so that their time is counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def run_command(*arguments: str | Path, prefix: tuple[str, ...] = (), may_refuse: bool = False) -> Usage:
    """Run `gphotos-to-sqlite` to its end, all of its processes included. With `may_refuse`, exit status 1 is an answer, too."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", IMPORT, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    peak = watch_memory(process)
    output = process.stdout.read().decode()
    wall_s = time.perf_counter() - start
    reap_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode and not (may_refuse and process.returncode == 1):
        raise click.ClickException(output)
    return Usage(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak, output)


def watch_memory(process: subprocess.Popen) -> int:
    """The peak of a process's resident memory in MB, by the kernel's own mark (Linux; 0 elsewhere)."""
    peak = 0
    while process.poll() is None:
        try:
            text = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            text = ""
        peak = max(peak, *(int(found) >> 10 for found in re.findall(r"VmHWM:\s+(\d+)", text)), 0)
        time.sleep(0.05)
    return peak


def reap_orphans() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass


def look_at(path: Path) -> int:
    """All that a fingerprint and its preview take, and nothing of an import."""
    decoded = decode_picture(path.read_bytes())
    make_thumbnail(decoded.image)
    return len(compute_fingerprint(decoded.image).phash)


def bare_rate(files: list[Path], workers: int) -> tuple[float, float]:
    """Clock and processor seconds of looking at the files in as many processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        assert sum(pool.map(look_at, files, chunksize=4)) == 64 * len(files)
    wall_s = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def speed(folder: Path, photos: int, workers: int, rounds: int) -> None:
    parts = make_export(folder, photos, 4000, max(photos // 4, 1))
    files = make_folder(folder / "plain", photos, 4000)
    click.echo(f"speed: {photos} pictures of 4000 x 3000, {files[0].stat().st_size / 1e6:.1f} MB each, {workers} processes")
    ratios = []
    for number in range(rounds):
        wall_s, cpu_s = bare_rate(files, workers)
        database = folder / f"speed{number}.db"
        used = run_command("takeout", database, "--no-match", "-s", "--workers", str(workers), *parts)
        ratios.append((wall_s / used.wall_s, cpu_s / used.cpu_s))
        click.echo(
            f"  plain folder {photos / wall_s:6.1f}/s ({1000 * cpu_s / photos:.0f} ms of processor each)   "
            f"import {photos / used.wall_s:6.1f}/s ({1000 * used.cpu_s / photos:.0f} ms)   "
            f"ratio {ratios[-1][0]:.2f} by the clock, {ratios[-1][1]:.2f} by processor time"
        )
    click.echo(
        f"  best ratio {max(r[0] for r in ratios):.2f} by the clock, {max(r[1] for r in ratios):.2f} by processor time (target 0.8)"
    )


def size(folder: Path, photos: int, workers: int) -> None:
    parts = make_export(folder, photos, 64, 10_000)
    database = folder / "size.db"
    command = ("takeout", database, "--no-match", "-s", "--workers", str(workers), *parts)
    click.echo(f"size: {photos:,} pictures of 64 x 48 in {len(parts)} parts")
    first = run_command(*command)
    click.echo(
        f"  first import {first.wall_s:,.0f} s ({photos / first.wall_s:,.0f}/s), main process {first.peak_mb} MB (target 500)"
    )
    before = snapshot(database)
    again = run_command(*command)
    same = "the same file, byte for byte" if snapshot(database) == before else "A CHANGED FILE"
    click.echo(
        f"  run again {again.wall_s:.1f} s by the clock, {again.cpu_s:.1f} s of processor (target 20), "
        f"main process {again.peak_mb} MB, leaves {same}"
    )


def known(folder: Path, photos: int, workers: int) -> None:
    parts = make_export(folder, photos, 64, 10_000)
    database = folder / "known.db"
    command = ("takeout", database, "--no-match", "-s", "--workers", str(workers))
    run_command(*command, *parts[:-1])
    (count,) = read_row(database, "SELECT count(*) FROM photos")
    click.echo(f"known: {count:,} photos of 64 x 48 in {len(parts) - 1} parts, and one new part with {photos - count:,} more")
    for what, given in (("nothing new", parts[:-1]), ("last import forgotten", parts[:-1]), ("one new part", parts)):
        if what == "last import forgotten":
            forget_last_import(database)
        used = run_command(*command, *given)
        click.echo(
            f"  {what:<22} {used.wall_s:5.1f} s by the clock (target of a new part: 8), {used.cpu_s:5.1f} s of processor, "
            f"main process {used.peak_mb} MB"
        )


def read_row(database: Path, sql: str) -> tuple:
    conn = sqlite3.connect(database)
    try:
        return conn.execute(sql).fetchone()
    finally:
        conn.close()


def forget_last_import(database: Path) -> None:
    """Have the next import look at everything, as it does when anything has changed."""
    conn = sqlite3.connect(database)
    with conn:
        conn.execute("DELETE FROM last_import")
    conn.close()


def snapshot(database: Path) -> bytes:
    """The file's content without the write-ahead log."""
    conn = sqlite3.connect(database)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    return database.read_bytes()


def reads(folder: Path, photos: int, workers: int) -> None:
    if not shutil.which("strace"):
        click.echo("reads: strace is not installed")
        return
    parts = make_export(folder, photos, 1000, max(photos // 3, 1))
    logs = folder / "strace"
    logs.mkdir()
    prefix = ("strace", "-ff", "-y", "-qq", "-o", str(logs / "of"), "-e", "trace=read,pread64,lseek")
    run_command("takeout", folder / "reads.db", "--no-match", "-s", "--workers", str(workers), *parts, prefix=prefix)
    counted = parse_strace(logs, {part.name for part in parts})
    click.echo(f"reads: {photos} pictures of 1000 x 750")
    for part in parts:
        total, back = counted[part.name]
        click.echo(
            f"  {part.name}: {part.stat().st_size:,} bytes, {total:,} read ({total / part.stat().st_size:.2f} times), {back} seeks back"
        )


def parse_strace(logs: Path, names: set[str]) -> dict[str, list[int]]:
    """Part name -> bytes read of it by all processes, and how often one process went back in it."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    pattern = re.compile(r"^(read|pread64|lseek)\(\d+<[^>]*/([^/>]+)>.* = (\d+)$")
    for log in logs.iterdir():  # one of each process
        position: dict[str, int] = defaultdict(int)
        for match in filter(None, map(pattern.match, log.read_text(errors="replace").splitlines())):
            call, name, value = match[1], match[2], int(match[3])
            if name not in names:
                continue
            if call == "lseek":
                counted[name][1] += value < position[name]
                position[name] = value
            else:
                counted[name][0] += value
                position[name] += value
    return counted


def entries(folder: Path, count: int, workers: int) -> None:
    archive = folder / f"{EXPORT}-001.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        for number in range(count):
            stream.writestr(f"Takeout/Google Photos/Photos from 2019/IMG_{number:07d}.jpg", b"tiny")
    database = folder / "entries.db"
    click.echo(f"entries: {count:,} files of 4 bytes in one archive")
    for what in ("first import", "run again"):
        used = run_command("takeout", database, "--no-match", "-s", "--workers", str(workers), archive, may_refuse=True)
        click.echo(
            f"  {what} {used.wall_s:,.1f} s by the clock, {used.cpu_s:,.1f} s of processor, main process {used.peak_mb} MB; "
            + used.output.splitlines()[0]
        )


def disturb(database: Path, parts: list[Path], moment_s: float, what: int, workers: int) -> tuple[float, int, str]:
    """Start an import, send `what` to all of its processes after so long; seconds until it was gone, its exit status, its output."""
    command = [sys.executable, "-c", IN_SMALL_BATCHES, "takeout", database, "--no-match", "-s", "--workers", workers, *parts]
    process = subprocess.Popen(
        list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    time.sleep(moment_s)
    if process.poll() is None:
        os.killpg(process.pid, what)
    start = time.perf_counter()
    process.wait()
    took_s = time.perf_counter() - start
    return took_s, process.returncode, process.communicate()[0]


ROWS = {
    "photos": "SELECT photo_id, sha1, taken_at, width, album_only FROM photos ORDER BY 1",
    "files": "SELECT container, member, photo_id, role, sha1 FROM files ORDER BY 1, 2",
    "pixels": "SELECT photo_id, phash, content FROM fingerprints JOIN thumbnails USING (photo_id) ORDER BY 1",
    "parts": "SELECT container, state, files_seen, files_used, sidecars FROM parts ORDER BY 1",
    "albums": "SELECT album_id, photo_id FROM album_photos ORDER BY 1, 2",
    "people": "SELECT name, photo_id FROM photo_people JOIN people USING (person_id) ORDER BY 1, 2",
    "left behind": "SELECT container, member FROM skipped UNION ALL SELECT container, member FROM staged_readings ORDER BY 1, 2",
}


def rows_of(database: Path) -> dict[str, list]:
    """What an import leaves, without the numbers of runs and rows. Raises ClickException when SQLite finds the file damaged."""
    conn = sqlite3.connect(database)
    try:
        found = conn.execute("PRAGMA integrity_check").fetchall(), conn.execute("PRAGMA foreign_key_check").fetchall()
        if found != ([("ok",)], []):
            raise click.ClickException(f"{database} is damaged: {found}")
        if not conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'files'").fetchone():
            return {}
        return {name: conn.execute(sql).fetchall() for name, sql in ROWS.items()}
    finally:
        conn.close()


def as_tgz(part: Path) -> Path:
    """The same part as a tgz, which is read in another way: once, with what was read kept until its sidecars are known."""
    path = part.with_suffix(".tgz")
    with zipfile.ZipFile(part) as archive, tarfile.open(path, "w:gz") as made:
        for name in archive.namelist():
            member = tarfile.TarInfo(name)
            member.size = archive.getinfo(name).file_size
            made.addfile(member, archive.open(name))
    part.unlink()
    return path


def interrupt(folder: Path, times: int, what: int, workers: int) -> None:
    """`times` imports that are ended at random moments; a new database after each that was whole."""
    parts = make_export(folder, 90, 320, 32)
    parts[-1] = as_tgz(parts[-1])
    used = run_command("takeout", folder / "whole.db", "--no-match", "-s", "--workers", str(workers), *parts)
    expected = rows_of(folder / "whole.db")
    name = "kills" if what == signal.SIGKILL else "stops"
    click.echo(f"{name}: {times} of imports of {len(expected['photos'])} photos that take {used.wall_s:.1f} s undisturbed")
    draw, database = random.Random(4), folder / "disturbed.db"
    ended, waits, saved, different, odd, whole_s = 0, [], [], 0, [], used.wall_s
    for number in range(times):
        is_new, moment_s = not database.exists(), draw.uniform(0, 1.1 * whole_s)
        took_s, status, output = disturb(database, parts, moment_s, what, workers)
        was_ended = status != 0
        if is_new and not was_ended:
            whole_s = min(whole_s, moment_s)  # the machine is less busy now: later moments would come too late as well
        ended += was_ended
        if was_ended:
            waits.append(took_s)
        if "Traceback" in output or status not in (0, 130, 1, -signal.SIGINT, -signal.SIGKILL):
            odd.append(output[-300:])
        if number % 10 == 9:
            click.echo(f"  {number + 1} imports, {ended} of them ended while they ran, {len(odd)} odd ends")
        saved.append(len((rows_of(database) if database.exists() else {}).get("photos", ())))
        if not was_ended or number == times - 1:
            run_command("takeout", database, "--no-match", "-s", "--workers", str(workers), *parts)
            different += rows_of(database) != expected
            for path in folder.glob("disturbed.db*"):
                path.unlink()
    click.echo(f"  {ended} were still running; photos saved at the ends: {min(saved)} to {max(saved)}; every database sound")
    click.echo(
        f"  {different} finished imports differ from the undisturbed one; tracebacks or odd ends: {len(odd)} {odd[:1] or ''}"
    )
    if what == signal.SIGINT and waits:
        waits.sort()
        click.echo(
            f"  gone after {waits[len(waits) // 2]:.2f} s in the middle, {waits[-1]:.2f} s at most, by the clock (target 1)"
        )


@click.command()
@click.option("--photos", default=100_000, help="Pictures of the steps size and known.")
@click.option("--speed-photos", default=1_500, help="Large pictures of the speed step; of 300 a sixth of the time is starting.")
@click.option("--reads-photos", default=300)
@click.option("--entries-count", default=1_000_000, help="Tiny files of the entries step.")
@click.option("--times", default=300, help="Imports of the kills step; a third of them of the stops step.")
@click.option("--rounds", default=3, help="Turns of the speed step.")
@click.option("--workers", default=os.cpu_count() or 1)
@click.option("--steps", default=",".join(STEPS), help="Which: " + ", ".join(STEPS))
def main(
    photos: int, speed_photos: int, reads_photos: int, entries_count: int, times: int, rounds: int, workers: int, steps: str
) -> None:
    adopt_orphans()
    run = {
        "speed": lambda folder: speed(folder, speed_photos, workers, rounds),
        "size": lambda folder: size(folder, photos, workers),
        "known": lambda folder: known(folder, photos, workers),
        "reads": lambda folder: reads(folder, reads_photos, workers),
        "entries": lambda folder: entries(folder, entries_count, workers),
        "kills": lambda folder: interrupt(folder, times, signal.SIGKILL, workers),
        "stops": lambda folder: interrupt(folder, max(times // 3, 1), signal.SIGINT, workers),
    }
    for step in steps.split(","):
        with tempfile.TemporaryDirectory() as name:
            run[step](Path(name))


if __name__ == "__main__":
    main()
