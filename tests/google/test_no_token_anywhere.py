"""A token is in `auth.json` and in requests to Google, and nowhere else."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.album import plan_push, read_candidates, run_push
from datasette_gphotos_dedupe.album.handover_files import plan_handover, write_handover
from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.errors import GphotosError
from datasette_gphotos_dedupe.google.api_calls import open_client
from datasette_gphotos_dedupe.google.auth_file import read_auth
from datasette_gphotos_dedupe.store import pushes
from tests.google.library import build_pushable
from tests.web.site import Site, make_datasette

ROOT = Path(__file__).resolve().parent.parent.parent


def secrets(fake, auth_path) -> list[str]:
    auth = read_auth(auth_path)
    return [auth.refresh_token, auth.client_secret, *fake.world.access_tokens]


@pytest.fixture
def pushed(tmp_path, fake, client):
    db = build_pushable(tmp_path / "photos.db", fake, 60, foreign=3)
    push_id = pushes.create_push(db.conn, plan_push(read_candidates(db.conn), "D"), None)
    yield db, lambda: run_push(tmp_path / "photos.db", push_id, client)
    db.conn.close()


def test_no_token_is_in_the_database(pushed, fake, auth_path, tmp_path):
    db, run = pushed
    run()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = (tmp_path / "photos.db").read_bytes()
    assert fake.world.access_tokens
    assert not [secret for secret in secrets(fake, auth_path) if secret.encode() in content]


def test_no_token_is_in_a_log(pushed, fake, auth_path, caplog):
    caplog.set_level(logging.DEBUG)
    pushed[1]()
    assert not [secret for secret in secrets(fake, auth_path) if secret in caplog.text]


@pytest.mark.parametrize("ends", [".json", ".csv", ".html"])
def test_no_token_is_in_a_hand_over_file(pushed, fake, auth_path, tmp_path, ends):
    db, run = pushed
    run()
    write_handover(plan_handover(db.conn, "D"), tmp_path / f"out{ends}")
    text = (tmp_path / f"out{ends}").read_text()
    assert not [secret for secret in secrets(fake, auth_path) if secret in text]


@pytest.mark.parametrize("name", ["out.db", "out.csv", "out.html"])
def test_no_token_is_in_an_export_or_a_report(pushed, fake, auth_path, tmp_path, name):
    db, run = pushed
    run()
    load_commands()
    command = "report" if name.endswith(".html") else "export"
    arguments = [command, str(tmp_path / "photos.db"), str(tmp_path / name)]
    CliRunner().invoke(cli, arguments, catch_exceptions=False)
    content = (tmp_path / name).read_bytes()
    assert [secret for secret in secrets(fake, auth_path) if secret.encode() in content] == []


@pytest.mark.asyncio
@pytest.mark.parametrize("sign_in", ["good", "revoked", "shared"])
async def test_no_token_is_on_a_page_or_in_its_headers(tmp_path, fake, auth_path, sign_in):
    """The push page, the job behind it and the tables, with a sign-in that works, one that ended and one that others can read."""
    build_pushable(tmp_path / "photos.db", fake, 5).conn.close()
    kept = read_auth(auth_path)
    if sign_in == "revoked":
        fake.world.refresh_tokens.clear()
    if sign_in == "shared":
        auth_path.chmod(0o644)
    site = Site(make_datasette([tmp_path / "photos.db"], plugin={"auth": str(auth_path)}), "root")
    plan = (await site.get("duplicates/push.json")).json()
    answers = [await site.post_json("duplicates/push.json", {"album": "D", "digest": plan["digest"]})]
    await _until_it_ended(site)
    for path in ("duplicates/push", "duplicates/push/1", "duplicates/push/1.json", "/photos/pushes", "/photos/push_items.json"):
        answers.append(await site.get(path))
    told = "".join(answer.text + str(answer.headers) for answer in answers)
    known = [kept.refresh_token, kept.client_secret, *fake.world.access_tokens]
    assert [secret for secret in known if secret in told] == []


async def _until_it_ended(site: Site) -> None:
    for _ in range(600):
        answer = await site.get("duplicates/push/1.json")
        if answer.status_code != 200 or not answer.json()["alive"]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the push does not end")


@pytest.mark.parametrize("kind, call", [("400", "batchAdd"), ("401", "batchAdd"), ("403", "batchAdd"), ("reset", "/v1/albums")])
def test_no_token_is_in_a_traceback(pushed, fake, auth_path, kind, call):
    fake.faults.add(kind, call, times=100, message="The provided ID does not match any albums.")
    with pytest.raises(GphotosError) as error:
        pushed[1]()
    text = everything(error.value)
    assert not [secret for secret in secrets(fake, auth_path) if secret in text]


def test_no_secret_is_in_the_traceback_of_a_refused_sign_in(fake, auth_path):
    kept = read_auth(auth_path)
    fake.world.refresh_tokens.clear()
    with pytest.raises(GphotosError) as error:
        list(open_client(auth_path).fetch_albums())
    text = everything(error.value)
    assert kept.refresh_token not in text
    assert kept.client_secret not in text


def everything(error: BaseException) -> str:
    """A traceback as a debugger would write it, with the printed form of every local variable on the way."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process list of Linux")
def test_no_token_is_in_the_process_list(fake, auth_path, tmp_path):
    db = build_pushable(tmp_path / "photos.db", fake, 60)
    push_id = pushes.create_push(db.conn, plan_push(read_candidates(db.conn), "D"), None)
    db.conn.close()
    seen = []

    def look(entry):
        for name in ("cmdline", "environ"):
            with open(f"/proc/{process.pid}/{name}", "rb") as file:
                seen.append(file.read())

    fake.before_answer = lambda entry: look(entry) if "batchAdd" in entry["path"] else None
    command = [sys.executable, "-m", "tests.album.push_driver", str(tmp_path / "photos.db"), str(push_id), str(auth_path)]
    process = subprocess.Popen(command)
    assert process.wait(60) == 0
    fake.before_answer = None
    assert seen
    assert not [secret for secret in secrets(fake, auth_path) if any(secret.encode() in content for content in seen)]


CRASH = """
import os, resource, signal, sys
from datasette_gphotos_dedupe.google.auth_file import read_auth
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
if len(sys.argv) > 1:
    kept = read_auth(sys.argv[1])
os.kill(os.getpid(), signal.SIGABRT)
"""


def dumps_core(folder, *arguments: object) -> bool:
    """Whether the system wrote the memory of a process that crashes there."""
    process = subprocess.Popen([sys.executable, "-c", CRASH, *map(str, arguments)], cwd=folder, env={"PYTHONPATH": str(ROOT)})
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = -os.WTERMSIG(status)
    return os.WCOREDUMP(status)


@pytest.mark.skipif(not hasattr(os, "WCOREDUMP"), reason="no core dumps on this system")
def test_a_crash_of_a_program_with_a_sign_in_leaves_no_core_dump(auth_path, tmp_path):
    if not dumps_core(tmp_path):
        pytest.skip("this system writes no core dumps at all")
    assert not dumps_core(tmp_path, auth_path)
