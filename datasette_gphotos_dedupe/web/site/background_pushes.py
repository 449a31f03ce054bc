"""Pushes that run beside the requests. All state that matters is in `pushes` and `push_items`: a job may die at any moment."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import GphotosError


@dataclass
class PushJob:
    """One running push. Setting `stop` ends it within a second or a request to Google."""

    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


_jobs: dict[tuple[str, int], PushJob] = {}
_lock = threading.Lock()


def is_running(path: str, push_id: int) -> bool:
    """Whether this process is at work on the push. A state of `running` in the table alone may be left over from a crash."""
    job = _jobs.get((path, push_id))
    return bool(job and job.thread and job.thread.is_alive())


def start_pushes(path: str, push_ids: Sequence[int], auth_path: str) -> None:
    """Carry these pushes out one after the other, or go on with them, in a thread. Raises SignInError before anything is started."""
    from ...google.api_calls import open_client

    client = open_client(auth_path)
    with _lock:
        waiting = [push_id for push_id in push_ids if not is_running(path, push_id)]
        if not waiting:
            return
        job = PushJob()
        # A daemon: Datasette must be able to stop, and a push may be killed at any moment.
        arguments = (path, waiting, client, job.stop)
        job.thread = threading.Thread(target=_run, args=arguments, name=f"push-{waiting[0]}", daemon=True)
        _jobs.update({(path, push_id): job for push_id in waiting})
        job.thread.start()


def _run(path: str, push_ids: list[int], client, stop: threading.Event) -> None:
    from ...album import run_pushes

    waiting = list(push_ids)
    try:
        for report in run_pushes(Path(path), push_ids, client, stop):
            waiting.remove(report.push_id)
            _jobs.pop((path, report.push_id), None)
    except GphotosError as error:
        _save_message(path, waiting[0], str(error))
    finally:
        for push_id in push_ids:
            _jobs.pop((path, push_id), None)


def _save_message(path: str, push_id: int, message: str) -> None:
    """`run_push` saves what stops it once it has begun; what stops it from beginning is said here."""
    from ...store import pushes
    from ...store.database import open_database

    conn = open_database(path, create=False).conn
    try:
        push = pushes.read_push(conn, push_id)
        if push.message != message:
            pushes.save_push(conn, push_id, message=message)
    finally:
        conn.close()


def stop_push(path: str, push_id: int, timeout_s: float = 20.0) -> bool:
    """Ask a running push to end and wait for it; False when it did not end in time. Call it off the event loop."""
    job = _jobs.get((path, push_id))
    if job is None or job.thread is None:
        return True
    job.stop.set()
    job.thread.join(timeout_s)
    return not job.thread.is_alive()
