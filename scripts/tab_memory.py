"""What a tab holds after an evening's walk, in a Chromium that nobody looks into.

A browser under remote control keeps the body of every answer for its tools, in the very process that is measured. So here it is started
by itself on a page that walks through the groups in a frame and reports by asking for addresses of this program.
"""

from __future__ import annotations

import queue
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from tests.browser.chromium import ARGUMENTS, find_chromium

CACHED_PICTURES = 1000
"""Without a graphics card Chromium keeps so many decoded pictures, whatever the page does (cc/tiles/software_image_decode_cache.cc)."""
REPORT_TIMEOUT_S = 300

WALKER = """<!doctype html><title>walk</title><iframe id="frame" width="1240" height="760"></iframe><script>
const asked = new URLSearchParams(location.search), frame = document.getElementById("frame");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const tell = (word) => fetch(asked.get("report") + word, { mode: "no-cors" });
async function step() {
  const old = frame.contentDocument.getElementById("gp-main");
  if (!old.querySelector("a[rel=next]")) throw new Error("the queue ended");
  old.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));
  while (frame.contentDocument.getElementById("gp-main") === old) await wait(2);
  await new Promise((done) => frame.contentWindow.requestAnimationFrame(() => setTimeout(done, 0)));
}
async function walk() {
  frame.src = asked.get("group");
  await new Promise((done) => { frame.onload = done; });
  for (const groups of asked.get("parts").split(",")) {
    for (let n = 0; n < Number(groups); n++) await step();
    for (let n = 0; n < 4; n++) { gc(); await wait(200); }
    await tell("walked");
    await wait(1500);
  }
}
walk().catch((error) => tell("failed/" + encodeURIComponent(error.message)));
</script>"""


def write_walker(folder: Path) -> None:
    """The page, to be served by Datasette's `--static walk:FOLDER`."""
    (folder / "walk.html").write_text(WALKER, encoding="utf8")


def memory_while_walking(site: str, group: str, parts: tuple[int, ...], measure: Callable[[], int]) -> list[float]:
    """Megabytes of the tab after each part of so many groups; `measure` gives bytes. Raises RuntimeError when the walk fails."""
    with _reports() as (address, told), tempfile.TemporaryDirectory() as profile:
        query = f"group={quote(group)}&report={quote(address)}&parts={','.join(str(part) for part in parts)}"
        more = [f"--user-data-dir={profile}", "--js-flags=--expose-gc", "--window-size=1280,800", "--remote-debugging-port=0"]
        command = [find_chromium() or "chromium", "--headless", *ARGUMENTS, *more, f"{site}/walk/walk.html?{query}"]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return [_measured(told, measure) for _ in parts]
        finally:
            browser.terminate()
            browser.wait(timeout=30)


def _measured(told: queue.Queue[str], measure: Callable[[], int]) -> float:
    word = told.get(timeout=REPORT_TIMEOUT_S)
    if not re.fullmatch("/walked", word):
        raise RuntimeError(f"The walk through the groups ended early: {word}")
    return measure() / 1e6


@contextmanager
def _reports() -> Iterator[tuple[str, queue.Queue[str]]]:
    """An address to report to, and what was reported."""
    told: queue.Queue[str] = queue.Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.put(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", told
    finally:
        server.shutdown()
        server.server_close()
