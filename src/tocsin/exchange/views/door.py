"""The partners' door: everything below ``/taxii2/`` is answered here and goes through no part of the console.

The console answers strangers with 404, in the language of a person, with sessions and form tokens. A TAXII client must get 401, a
TAXII error resource and nothing else; so this door stands before all that, as the middleware closest to the wire but one.
"""

import logging
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError
from django.http import HttpRequest, HttpResponse

from tocsin.exchange.rules.refusals import Refusal, error_resource, nothing_here
from tocsin.exchange.views import taxii
from tocsin.formats.taxii import MEDIA_TYPE
from tocsin.vocab.errors import Conflict, InputError, NotFound

PREFIX = "/taxii2"
_LOOPBACK = ("127.", "::1", "::ffff:127.")
_FULL_STATES = frozenset({"53100", "53000"})
_log = logging.getLogger("tocsin.exchange")

GetResponse = Callable[[HttpRequest], HttpResponse]


class PartnersDoor:
    """Middleware: answers what lies below ``/taxii2/`` itself and lets everything else pass."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer; never an exception, never a page."""
        path = request.path_info
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return self._get_response(request)
        try:
            _check_wire(request)
            return taxii.answer(request, path.removeprefix(PREFIX))
        except Exception as error:
            return _refused(_refusal(error))


def _check_wire(request: HttpRequest) -> None:
    """HTTPS only: what comes from elsewhere in the clear is refused before anything that it says is read.

    From this machine itself nothing passes over a wire. A proxy on this machine says how its own client came.
    """
    forwarded = request.headers.get("X-Forwarded-Proto", "").lower()
    if is_proxy(request):
        is_safe = forwarded == "https"
    else:
        is_here = str(request.META.get("REMOTE_ADDR", "")).startswith(_LOOPBACK)
        is_safe = request.META.get("wsgi.url_scheme") == "https" or (is_here and forwarded in ("", "https"))
    if not is_safe:
        raise Refusal(
            403, "HTTPS only", "This server is spoken to over HTTPS; nothing that was sent has been looked at."
        )


def is_proxy(request: HttpRequest) -> bool:
    """Whether the request came by the socket that belongs to the TLS proxy alone. The server says so, not the request."""
    own = settings.TOCSIN.exchange.proxy_socket
    return bool(own) and request.META.get("SERVER_NAME") == own


def _refusal(error: Exception) -> Refusal:
    """What an error is to a client of ours."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, NotFound):
        return nothing_here()
    if isinstance(error, InputError):
        return Refusal(422, "Cannot be processed", str(error))
    if isinstance(error, Conflict):
        return Refusal(503, "Not now", f"{error} Try again later.", {"Retry-After": "60"})
    if isinstance(error, DatabaseError) and _is_full(error):
        return Refusal(
            507, "Disk full", "There is no room to keep what was sent; nothing of it was kept. Try again later."
        )
    if isinstance(error, OperationalError):
        _log.warning("the database does not answer: %s", error)
        return Refusal(503, "Busy", "The server cannot answer now; try again later.", {"Retry-After": "30"})
    number = secrets.token_hex(8)
    _log.error("a request of a partner failed: %s", number, exc_info=error)
    return Refusal(500, "Internal error", "This is a fault of the server's; nothing was kept.", {"X-Error-Id": number})


def _is_full(error: DatabaseError) -> bool:
    cause: Any = error.__cause__
    return getattr(cause, "sqlstate", "") in _FULL_STATES or "disk is full" in str(error)


def _refused(refusal: Refusal) -> HttpResponse:
    headers = dict(refusal.headers)
    body = error_resource(refusal, headers.pop("X-Error-Id", ""))
    return HttpResponse(body, status=refusal.status, content_type=MEDIA_TYPE, headers=headers)
