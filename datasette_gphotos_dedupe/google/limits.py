"""Google's numbers, how long to wait before trying again, and when a daily quota comes back. Pure.

Sources: the Library API reference (page and batch sizes), Google's best-practices page (waits), and texts seen on the wire
(which quota is meant; the numbers of the quotas per minute are not published).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

ALBUMS_PER_PAGE = 50
ITEMS_PER_PAGE = 100
ITEMS_PER_CALL = 50  # batchAddMediaItems, batchCreate and batchGet alike
ITEMS_PER_ALBUM = 20_000
ALBUM_TITLE_CHARS = 500
PICKED_PER_SESSION = 2_000
PICTURES_PER_DAY = 75_000  # loads of base URLs, for all users of a Cloud project together
RESUMABLE_FROM_BYTES = 8 * 1024 * 1024
CONNECT_TIMEOUT_S = 15
READ_TIMEOUT_S = 90
EXCHANGE_TIMEOUT_S = 600  # for a whole exchange, however steadily it drips; what is sent gets time of its own
BYTES_SENT_PER_S = 10_000  # as fast at least as the slowest line that uploading is worth on
ANSWER_BYTES = 64 * 1024 * 1024  # unpacked; a page of a hundred items has 200 KB, a preview 100 KB
TRIES = 7
SECONDS_BETWEEN_WRITES = 1.0  # Google names no number; its own Data Transfer Project keeps to one write a second

_FIRST_WAIT_S = {429: 30.0}  # the best-practices page: 30 s or more after 429, 1 s or more after 5xx
_FIRST_WAIT_OTHERS_S = 1.0
_LONGEST_WAIT_S = {429: 240.0}
_LONGEST_WAIT_OTHERS_S = 60.0
TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})
TRY_LATER_STATUSES = frozenset({409, 429})  # refused before anything was done, so that repeating is safe for writes too


@dataclass(frozen=True)
class Clock:
    """Time and chance, so that a test can wait for hours without waiting."""

    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random  # 0 to 1


def wait_before_retry_s(http_status: int, attempt: int, chance: float) -> float:
    """Seconds to wait after failure number `attempt` (from 1); 0 as status means that no answer came.

    Doubles each time up to a cap, plus up to half of it by `chance`, so that clients do not march in step.
    """
    first = _FIRST_WAIT_S.get(http_status, _FIRST_WAIT_OTHERS_S)
    longest = _LONGEST_WAIT_S.get(http_status, _LONGEST_WAIT_OTHERS_S)
    return min(first * 2 ** (attempt - 1), longest) * (1 + chance / 2)


def names_daily_quota(message: str) -> bool:
    """True for a quota that only midnight mends, for example ``limit 'All requests per day'``."""
    text = message.lower()
    return "per day" in text or "perday" in text or "daily" in text


def next_quota_reset(now: datetime) -> str:
    """The coming midnight of US Pacific time as UTC ISO 8601 text: daily quotas start anew then."""
    local = now.astimezone(_pacific_zone())
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pacific_zone() -> tzinfo:
    try:
        from zoneinfo import ZoneInfo

        return ZoneInfo("America/Los_Angeles")
    except Exception:  # Windows has no zone database of its own; in summer the time named is then an hour late
        return timezone(timedelta(hours=-8))
