"""Google's OAuth endpoints for a desktop client: authorize, token, revoke."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from urllib.parse import unquote, urlencode, urlsplit

from .answer import Answer, Request, html, json_answer, redirect
from .world import REMOVED_SCOPES, SCOPES, World

_CODE_LIFE = timedelta(minutes=10)
_TESTING_LIFE = timedelta(days=7)


def authorize(world: World, request: Request) -> Answer:
    """The consent page, answered at once as `world.switches` says the person would."""
    asked = {name: values[-1] for name, values in request.query.items()}
    redirect_uri = asked.get("redirect_uri", "")
    if asked.get("client_id") not in world.clients:
        return html(401, "<h1>Error 401: invalid_client</h1><p>The OAuth client was not found.</p>")
    if urlsplit(redirect_uri).hostname not in ("127.0.0.1", "localhost", "::1"):
        return html(400, "<h1>Error 400: redirect_uri_mismatch</h1>")
    if asked.get("response_type") != "code" or not asked.get("scope"):
        return html(400, "<h1>Error 400: invalid_request</h1>")
    state = {"state": asked["state"]} if "state" in asked else {}
    if world.switches.consent_denied:
        return redirect(f"{redirect_uri}?{urlencode({**state, 'error': 'access_denied'})}")
    granted = _granted(world, asked["scope"].split())
    code = f"4/{world.opaque('', 'code', world.new_key(), length=70)}"
    world.codes[code] = {**asked, "granted": granted, "at": world.now()}
    return redirect(f"{redirect_uri}?{urlencode({**state, 'code': code, 'scope': ' '.join(sorted(granted))})}")


def _granted(world: World, asked: list[str]) -> frozenset[str]:
    """Scopes removed in 2025 are dropped in silence; the person may untick others."""
    possible = frozenset(asked) - REMOVED_SCOPES
    known = {scope for scope in possible if scope in SCOPES or not scope.startswith("https://www.googleapis.com/auth/photo")}
    return frozenset(known if world.switches.consent is None else known & world.switches.consent)


def token(world: World, request: Request) -> Answer:
    """Codes and refresh tokens in, access tokens out. The client may sign in by Basic header or in the form."""
    form = request.form()
    client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
    if world.clients.get(client_id) != secret:
        return _refused(401, "invalid_client", "The OAuth client was not found.")
    grant_type = form.get("grant_type")
    with world.lock:
        if grant_type == "authorization_code":
            return _exchange(world, client_id, form)
        if grant_type == "refresh_token":
            return _refresh(world, client_id, form)
    return _refused(400, "unsupported_grant_type", f"Invalid grant_type: {grant_type}")


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote(name), unquote(secret)


def _exchange(world: World, client_id: str, form: dict[str, str]) -> Answer:
    code = world.codes.pop(form.get("code", ""), None)
    if code is None or code["client_id"] != client_id or world.now() - code["at"] > _CODE_LIFE:
        return _refused(400, "invalid_grant", "Malformed auth code.")
    if code["redirect_uri"] != form.get("redirect_uri"):
        return _refused(400, "redirect_uri_mismatch", "Bad Request")
    if not _proves(code, form.get("code_verifier", "")):
        return _refused(400, "invalid_grant", "Invalid code verifier.")
    return json_answer(world.issue(client_id, code["granted"], refreshable=_offline(world, client_id, code)))


def _offline(world: World, client_id: str, code: dict) -> bool:
    """A refresh token comes with access_type=offline, at the first consent or when consent is asked for anew."""
    first = all(token["client_id"] != client_id for token in world.refresh_tokens.values())
    return code.get("access_type") == "offline" and (first or "consent" in code.get("prompt", ""))


def _proves(code: dict, verifier: str) -> bool:
    challenge = code.get("code_challenge")
    if not challenge:
        return True
    if code.get("code_challenge_method") != "S256":
        return verifier == challenge
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=") == challenge


def _refresh(world: World, client_id: str, form: dict[str, str]) -> Answer:
    kept = world.refresh_tokens.get(form.get("refresh_token", ""))
    ended = kept is not None and world.switches.testing and world.now() - kept["at"] > _TESTING_LIFE
    if kept is None or ended or kept["client_id"] != client_id:
        return _refused(400, "invalid_grant", "Token has been expired or revoked.")
    wanted = frozenset(form.get("scope", "").split()) or kept["scopes"]
    if not wanted <= kept["scopes"]:
        return _refused(400, "invalid_scope", "Some requested scopes were not granted.")
    if world.switches.rotate:
        del world.refresh_tokens[form["refresh_token"]]
    return json_answer(world.issue(client_id, wanted, refreshable=world.switches.rotate))


def revoke(world: World, request: Request) -> Answer:
    """Forget a token, and with a refresh token every access token of that client."""
    given = request.form().get("token") or request.query.get("token", [""])[-1]
    with world.lock:
        kept = world.refresh_tokens.pop(given, None)
        if kept is None and world.access_tokens.pop(given, None) is None:
            return _refused(400, "invalid_token", "Token expired or revoked")
        if kept:
            world.access_tokens = {t: v for t, v in world.access_tokens.items() if v["client_id"] != kept["client_id"]}
    return json_answer({})


def _refused(http_status: int, error: str, description: str) -> Answer:
    return json_answer({"error": error, "error_description": description}, http_status)
