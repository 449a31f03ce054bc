"""Hostile requests at a Datasette in a process of its own: `python scripts/fuzz_requests.py [requests [seed]]`, 10,000 when not given.

While they are sent, somebody else reads one page again and again. Prints the statuses, every request that ended in error 500, and how
long the other one waited: as a whole, and by which request at the longest. Ends with 1 when one of ours ended in error 500, or
one of Datasette's because of ours.
"""

from __future__ import annotations

import http.client
import itertools
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.hostile_requests import Request, hostile_requests
from tests.live_site import actor_cookie, live_datasette
from tests.made_library import build_library


class Reader(threading.Thread):
    """Reads one small page every few milliseconds and notes how long each took, and what was asked meanwhile."""

    def __init__(self, host: str, asked: list[str]):
        super().__init__(daemon=True)
        self.host, self.asked, self.ended = host, asked, threading.Event()
        self.waits: list[tuple[float, str]] = []

    def run(self) -> None:
        line = http.client.HTTPConnection(self.host, timeout=60)
        while not self.ended.wait(0.005):
            begun = time.perf_counter()
            line.request("GET", "/photos/-/duplicates.json?relation=crop")
            line.getresponse().read()
            self.waits.append((time.perf_counter() - begun, self.asked[-1]))


def send(line: http.client.HTTPConnection, request: Request) -> int:
    """The status, 0 when the connection broke."""
    headers = {**request.headers, **({"cookie": f"ds_actor={actor_cookie(request.actor)}"} if request.actor else {})}
    try:
        line.request(request.method, request.path, request.body or None, headers)
        answer = line.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        line.close()
        return 0


def main(count: int = 10_000, seed: int = 0) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photos.db"
        build_library(path, groups=200, size=3).close()
        with live_datasette([path]) as site:
            host, asked, statuses, failed = urlsplit(site.url).netloc, [""], Counter[int](), []
            line = http.client.HTTPConnection(host, timeout=120)
            reader = Reader(host, asked)
            send(line, Request("GET", "/photos/-/duplicates", None))
            reader.start()
            for request in itertools.islice(hostile_requests(seed), count):
                asked[-1] = f"{request.method} {request.path[:90]}"
                status = send(line, request)
                statuses[status] += 1
                failed += [asked[-1]] if status >= 500 else []
            reader.ended.set()
            reader.join()
            said = site.log.read_text(errors="replace")
    waits = sorted(reader.waits)
    print(f"{count:,} requests: {dict(sorted(statuses.items()))}")
    shares = {share: waits[min(len(waits) - 1, int(len(waits) * share))][0] * 1e3 for share in (0.5, 0.95, 0.99)}
    over = sum(wait > 0.25 for wait, _ in waits)
    print(
        f"{len(waits):,} readings beside them: "
        + ", ".join(f"{share:.0%} {ms:.0f} ms" for share, ms in shares.items())
        + f", {over} over 250 ms"
    )
    for wait, beside in waits[-5:]:
        print(f"  {wait * 1e3:,.0f} ms beside {beside}")
    for one in failed[:20]:
        print(f"  error 500: {one}")
    ours = Counter(_tracebacks_of_ours(said))
    for one, times in ours.most_common(20):
        print(f"  {times} times through code of ours: {one}")
    return 1 if ours or any("/-/duplicates" in one or "/-/original" in one or "/-/thumbnail" in one for one in failed) else 0


def _tracebacks_of_ours(log: str) -> list[str]:
    """The last lines of every traceback that passes through the package: also pages of Datasette's own ask it for menus and rights."""
    found = re.findall(r"^Traceback \(most recent call last\):\n((?:[ \t].*\n|\n)+)(\S.*)$", log, re.MULTILINE)
    inside = re.compile(r'datasette_gphotos_dedupe/(\S+)", line (\d+)')
    return [
        f"{' < '.join(':'.join(one) for one in inside.findall(lines)[::-1][:2])}: {error}"
        for lines, error in found
        if inside.search(lines)
    ]


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
