"""Hostile requests at a Datasette in a process of its own: `python scripts/fuzz_requests.py [requests [seed]]`, 10,000 when not given.

While they are sent, somebody else reads one page again and again. Three in four of those that write carry the Origin and the token
that a page of ours sends, so that they get behind the guard. Prints the statuses, each request that ended in error 500 and whose it
is, and how long the other one waited: as a whole, and beside which request at the longest.

An error is ours when its traceback in the server's log runs through the package, or when the same request ends in no error at a
Datasette without the plugin, with queries of the same names on a copy of the library; else it is Datasette's own. Ends with 1 when
one is ours.
"""

from __future__ import annotations

import http.client
import itertools
import re
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.queries import QUERIES
from tests.hostile_requests import ACTORS, SEEN, Request, hostile_requests, through_ours, tracebacks_in
from tests.live_site import LiveSite, actor_cookie, live_datasette
from tests.made_library import build_library

GROUP_PAGE = "/photos/-/duplicates/AF1Qip" + "0" * 38 + ".json"
OUR_PAGES = re.compile(r"/-/(duplicates|original|thumbnail|gphotos)")
LONG_WAIT_S = 0.25


class Reader(threading.Thread):
    """Reads one small page every few milliseconds and notes how long each took, and what was asked meanwhile."""

    def __init__(self, host: str, asked: list[str]):
        super().__init__(daemon=True)
        self.host, self.asked, self.ended = host, asked, threading.Event()
        self.waits: list[tuple[float, str]] = []

    def run(self) -> None:
        line = http.client.HTTPConnection(self.host, timeout=60)
        while not self.ended.wait(0.005):
            begun, beside = time.perf_counter(), self.asked[-1]
            line.request("GET", "/photos/-/duplicates.json?relation=crop")
            line.getresponse().read()
            waited = time.perf_counter() - begun
            self.waits.append((waited, beside if beside == self.asked[-1] else f"{beside} and {self.asked[-1]}"))


@dataclass
class Sender:
    """Sends requests to one server and reads in its log what became of them."""

    site: LiveSite
    tokens: dict[str | None, str] = field(default_factory=dict)
    cookies: dict[str | None, str] = field(default_factory=dict)
    seen: str = ""
    read_bytes: int = 0

    def __post_init__(self) -> None:
        self.line = http.client.HTTPConnection(urlsplit(self.site.url).netloc, timeout=120)
        for actor in ACTORS:
            self._fetch_token(actor)

    def _fetch_token(self, actor: str | None) -> None:
        """What a form of Datasette 0.65 carries; 1.0 has none, and asks for the Origin alone."""
        answer, text = self._exchange("GET", "/-/messages", b"", self._signed_in(actor))
        set_cookie = (answer.getheader("set-cookie") or "") if answer else ""
        if cookie := re.search(r"ds_csrftoken=[^;]+", set_cookie):
            self.cookies[actor] = cookie[0]
        found = re.search(rb'name="csrftoken" value="([^"]*)"', text)
        self.tokens[actor] = found[1].decode() if found else ""

    def _signed_in(self, actor: str | None) -> dict[str, str]:
        return {"cookie": f"ds_actor={actor_cookie(actor)}"} if actor else {}

    def look_at_group(self) -> None:
        """What its page says was seen, which a decision has to name."""
        _, text = self._exchange("GET", GROUP_PAGE, b"", self._signed_in("reviewer"))
        if found := re.search(rb'"seen": ?"([^"]+)"', text):
            self.seen = found[1].decode()

    def send(self, request: Request) -> int:
        """The status, 0 when the connection broke."""
        headers = {**request.headers, **self._signed_in(request.actor)}
        if request.from_our_page:
            headers |= {"origin": self.site.url, "sec-fetch-site": "same-origin", "x-csrftoken": self.tokens[request.actor]}
            told = [headers.get("cookie"), self.cookies.get(request.actor)]
            headers["cookie"] = "; ".join(cookie for cookie in told if cookie)
        body = request.body.replace(SEEN.encode(), self.seen.encode()) if self.seen else request.body
        answer, _ = self._exchange(request.method, request.path, body, headers)
        return answer.status if answer else 0

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]):
        try:
            self.line.request(method, path, body or None, headers)
            answer = self.line.getresponse()
            return answer, answer.read()
        except (OSError, http.client.HTTPException):
            self.line.close()
            return None, b""

    def new_tracebacks(self) -> list[str]:
        """What the log has got since it was asked last; a traceback is printed before its answer is sent."""
        with open(self.site.log, "rb") as log:
            log.seek(self.read_bytes)
            said = log.read()
        self.read_bytes += len(said)
        return tracebacks_in(said.decode(errors="replace"))


@dataclass
class Errors:
    """Requests that ended in error 500, by whose they are."""

    ours: list[str] = field(default_factory=list)
    datasettes: list[str] = field(default_factory=list)

    def add(self, request: Request, tracebacks: list[str], control: Sender) -> None:
        """Read in the log whose it was; without a trace of ours there, ask a Datasette that does not know us."""
        told = f"{request.method} {request.path[:120]} as {request.actor}"
        places = [place for place in map(through_ours, tracebacks) if place]
        if places:
            self.ours.append(f"{told}: {places[-1]}")
        # Asked twice where the line was idle so long that the server has closed it.
        elif OUR_PAGES.search(request.path) or (control.send(request) or control.send(request)) < 500:
            self.ours.append(
                f"{told}: only with the plugin: {tracebacks[-1].splitlines()[-1] if tracebacks else 'nothing in the log'}"
            )
        else:
            self.datasettes.append(f"{told}: {tracebacks[-1].splitlines()[-1] if tracebacks else 'nothing in the log'}")


def main(count: int = 10_000, seed: int = 0) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path, copy = Path(folder) / "photos.db", Path(folder) / "control" / "photos.db"
        build_library(path, groups=200, size=3).close()
        copy.parent.mkdir()
        shutil.copy(path, copy)
        unknown = {"DATASETTE_LOAD_PLUGINS": ""}
        names = [query.name for query in QUERIES]
        with live_datasette([path]) as site, live_datasette([copy], environment=unknown, queries=names) as plain:
            return report(*send_all(Sender(site), Sender(plain), count, seed))


def send_all(sender: Sender, control: Sender, count: int, seed: int) -> tuple[Counter, Errors, list[tuple[float, str]]]:
    """The statuses, the errors and the waits of the reader beside them."""
    asked, statuses, errors = [""], Counter[tuple[str, int]](), Errors()
    reader = Reader(urlsplit(sender.site.url).netloc, asked)
    sender.send(Request("GET", "/photos/-/duplicates", None))
    sender.new_tracebacks()
    reader.start()
    for number, request in enumerate(itertools.islice(hostile_requests(seed), count)):
        if number % 50 == 0:
            sender.look_at_group()
        asked[-1] = f"{request.method} {request.path[:90]}"
        status = sender.send(request)
        statuses["written as our page does" if request.from_our_page else "other", status] += 1
        if status >= 500:
            errors.add(request, sender.new_tracebacks(), control)
    reader.ended.set()
    reader.join()
    errors.ours += [f"with another status: {place}" for place in filter(None, map(through_ours, sender.new_tracebacks()))]
    return statuses, errors, sorted(reader.waits)


def report(statuses: Counter, errors: Errors, waits: list[tuple[float, str]]) -> int:
    for kind in sorted({kind for kind, _ in statuses}):
        told = {status: number for (whose, status), number in sorted(statuses.items()) if whose == kind}
        print(f"{sum(told.values()):,} requests, {kind}: {told}")
    print(f"Errors 500: {len(errors.ours)} ours, {len(errors.datasettes)} of Datasette's own pages")
    for whose, failed in (("ours", errors.ours), ("Datasette's", errors.datasettes)):
        for one, times in Counter(failed).most_common(20):
            print(f"  {whose}, {times} times: {one}")
    shares = {share: waits[min(len(waits) - 1, int(len(waits) * share))][0] * 1e3 for share in (0.5, 0.95, 0.99)}
    long = [(wait, beside) for wait, beside in waits if wait > LONG_WAIT_S]
    told = ", ".join(f"{share:.0%} {ms:.0f} ms" for share, ms in shares.items())
    print(f"{len(waits):,} readings beside them: {told}, {len(long)} over {LONG_WAIT_S * 1e3:.0f} ms")
    for wait, beside in waits[-12:]:
        print(f"  {wait * 1e3:,.0f} ms beside {beside}")
    return 1 if errors.ours else 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main(*map(int, sys.argv[1:3])))
