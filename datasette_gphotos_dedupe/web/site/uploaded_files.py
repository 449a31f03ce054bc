"""A file that a form sends. Which parser reads it is the one thing here that differs between Datasette 0.65 and 1.0."""

from __future__ import annotations

import re
import secrets
from typing import Any

from datasette.utils.asgi import Forbidden

from ...errors import GphotosError

_FORM_BYTES = 100_000  # of what surrounds the file in a form
_OURS = re.compile(rb"/-/(?:duplicates|original|thumbnail)(?:[/.]|$)")


def checks_token_itself(scope: dict[str, Any]) -> bool:
    """Whether a request is a form with files sent to us, which 0.65 must let through: to `_check_token`, or to be refused in words.

    Its own protection answers every such form with error 500: asgi-csrf 0.11 gives the parser an argument that the present
    python-multipart does not know.
    """
    kind = dict(scope.get("headers") or ()).get(b"content-type", b"")
    path = scope.get("raw_path") or scope.get("path", "").encode()
    return kind.startswith(b"multipart/form-data") and bool(_OURS.search(path.partition(b"?")[0]))


def _check_token(request: Any, sent: str) -> None:
    """As asgi-csrf does it: the token of the form is that of the signed cookie; a request without cookies needs none."""
    headers = request.headers
    if "cookie" not in headers or headers.get("authorization", "").startswith("Bearer "):
        return
    expected = request.scope["csrftoken"]()
    if not any(secrets.compare_digest(told.encode(), expected.encode()) for told in (sent, headers.get("x-csrftoken", ""))):
        raise Forbidden(
            "Nothing was looked up: the form does not carry the token of this session. Reload the page and try again."
        )


async def read_upload(request: Any, field: str, max_bytes: int) -> tuple[str, bytes]:
    """Name and bytes of the file that a multipart form sends in `field`; nothing of it is written to disk. Raises GphotosError.

    1.0 parses forms itself; on 0.65 the parser that its CSRF protection brings does it, fed in pieces.
    """
    if "multipart/form-data" not in request.headers.get("content-type", ""):
        raise GphotosError(f"Send the picture as the field {field} of a multipart form: curl -F {field}=@holiday.jpg ...")
    too_large = GphotosError(f"The picture is larger than {max_bytes:,} bytes, more than is looked up here.")
    told = request.headers.get("content-length") or ""
    if told.isdigit() and int(told) > max_bytes + _FORM_BYTES:
        raise too_large
    if hasattr(request, "form"):
        return await _read_upload_by_datasette(request, field, max_bytes, too_large)
    return await _read_upload_in_pieces(request, field, max_bytes, too_large)


async def _read_upload_by_datasette(request: Any, field: str, max_bytes: int, too_large: Exception) -> tuple[str, bytes]:
    from datasette.utils.asgi import BadRequest

    sizes = {"max_file_size": max_bytes, "max_request_size": max_bytes + _FORM_BYTES, "max_memory_file_size": max_bytes + 1}
    try:
        form = await request.form(files=True, max_files=1, max_fields=20, **sizes)
    except BadRequest as error:
        if "too large" in str(error):
            raise too_large from None
        raise GphotosError(f"The form cannot be read: {error}.") from None
    sent = form.get(field)
    if sent is None or isinstance(sent, str) or not sent.filename:
        raise GphotosError("No picture was chosen.")
    return sent.filename, await sent.read()


async def _read_upload_in_pieces(request: Any, field: str, max_bytes: int, too_large: Exception) -> tuple[str, bytes]:
    from python_multipart import FormParser
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import parse_options_header

    _, options = parse_options_header(request.headers["content-type"])
    files: list[Any] = []
    fields: dict[bytes | None, bytes | None] = {}
    received, more = 0, True
    try:
        parser = FormParser(
            "multipart/form-data",
            lambda part: fields.update({part.field_name: part.value}),
            files.append,
            boundary=options.get(b"boundary", b""),
            config={"MAX_MEMORY_FILE_SIZE": max_bytes + _FORM_BYTES},
        )
        while more:
            message = await request.receive()
            received += len(message.get("body", b""))
            if received > max_bytes + _FORM_BYTES:
                raise too_large
            parser.write(message.get("body", b""))
            more = message.get("more_body", False)
        parser.finalize()
    except FormParserError as error:
        raise GphotosError(f"The form cannot be read: {error}.") from None
    _check_token(request, (fields.get(b"csrftoken") or b"").decode("utf8", "replace"))
    sent = next((file for file in files if file.field_name == field.encode() and file.file_name), None)
    if sent is None:
        raise GphotosError("No picture was chosen.")
    sent.file_object.seek(0)
    return sent.file_name.decode("utf8", "replace"), sent.file_object.read()
