"""Quotas per day and per minute, with the texts that Google sends."""

from __future__ import annotations

from .wire import ApiError
from .world import PROJECT_NUMBER, World

_SERVICE = f"of service 'photoslibrary.googleapis.com' for consumer 'project_number:{PROJECT_NUMBER}'."


def count_request(world: World, verb: str, path: str) -> None:
    """Count a request to the Library API. Raises ApiError 429 when a quota is used up."""
    with world.lock:
        used = world.__dict__.setdefault("used", {})
        day, minute = _pacific_day(world), int(world.now().timestamp() // 60)
        used["requests", day] = used.get(("requests", day), 0) + 1
        if used["requests", day] > world.switches.requests_per_day:
            raise ApiError(429, f"Quota exceeded for quota metric 'All requests' and limit 'All requests per day' {_SERVICE}")
        limit = world.switches.writes_per_minute
        if verb == "GET" or path.endswith(":search") or limit is None:
            return
        used["writes", minute] = used.get(("writes", minute), 0) + 1
        if used["writes", minute] > limit:
            raise ApiError(
                429, f"Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user' {_SERVICE}"
            )


def media_left(world: World) -> bool:
    """Count the load of a base URL; False when today's are used up."""
    with world.lock:
        used = world.__dict__.setdefault("used", {})
        day = _pacific_day(world)
        used["media", day] = used.get(("media", day), 0) + 1
        return used["media", day] <= world.switches.media_per_day


def _pacific_day(world: World) -> str:
    from datetime import timedelta

    return (world.now() - timedelta(hours=8)).strftime("%Y-%m-%d")
