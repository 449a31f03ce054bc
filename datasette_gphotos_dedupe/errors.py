"""What can go wrong, as one tree.

    GphotosError                 every error this package raises on purpose; its text is for the person
    ├── DatabaseError            the database file is missing, foreign, locked or read-only
    ├── SourceError              an archive, folder or CSV cannot be read to its end
    ├── PictureError             one picture cannot be decoded; the run goes on without it
    ├── MissingExtra             an optional library is needed; the text holds the exact pip command
    ├── SafetyError              a decision or push that could lose the only copy was refused
    ├── ConflictError            somebody else, or another tab, decided meanwhile
    ├── NotFoundError            a group, photo, batch or push that is not there
    ├── BusyError                too much of the same is being done at this moment
    └── GoogleError              Google refused or could not be reached
        ├── SignInError          no usable token; the text names the command that mends it
        ├── QuotaError           a quota is used up; `resets_at` says when it comes back
        └── RefusedError         Google answered, and the answer was no

Every text names what happened, why if that is known, and what to do next. The command line prints it as it is, a page shows
it as it is, and neither adds a traceback.
"""

from __future__ import annotations


class GphotosError(Exception):
    """Something the person can understand and act on; `str(error)` is the whole message."""


class DatabaseError(GphotosError):
    """The database file is missing, written by something else, locked or read-only."""


class SourceError(GphotosError):
    """A source ended early: what it gave until then is saved, the rest is not."""


class PictureError(GphotosError):
    """One picture cannot be turned into pixels.

    `code` is a short stable word for the `skipped` table (for example ``truncated``, ``too_large``, ``not_a_picture``).
    """

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class MissingExtra(GphotosError):
    """An optional library is not installed."""

    def __init__(self, what: str, extra: str):
        super().__init__(f"{what} needs an extra: pip install 'datasette-gphotos-dedupe[{extra}]'")
        self.extra = extra


class SafetyError(GphotosError):
    """Refused because it could lead somebody to delete a picture they have only once."""


class ConflictError(GphotosError):
    """What the person saw is no longer what is stored; nothing was changed."""


class NotFoundError(GphotosError):
    """There is no such group, photo, batch or push."""


class BusyError(GphotosError):
    """Too much of the same is being done at this moment; nothing was changed."""


class GoogleError(GphotosError):
    """Google refused, or could not be reached."""


class SignInError(GoogleError):
    """There is no token that works."""


class QuotaError(GoogleError):
    """A quota is used up until `resets_at` (UTC ISO 8601 text), or None when that is not known."""

    def __init__(self, message: str, resets_at: str | None = None):
        super().__init__(message)
        self.resets_at = resets_at


class RefusedError(GoogleError):
    """Google answered with a refusal: `http_status` and Google's own `status` word."""

    def __init__(self, message: str, http_status: int, status: str = ""):
        super().__init__(message)
        self.http_status = http_status
        self.status = status
