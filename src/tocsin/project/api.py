"""The REST API: one router a room, one token check for all, described at ``/api/v1/docs/`` without outside files."""

from importlib import import_module

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from tocsin import __version__
from tocsin.constituency.access import TokenAuth
from tocsin.vocab.errors import Conflict, InputError, NotFound

api = NinjaAPI(
    title="Tocsin",
    version=__version__,
    description="Everything that the console shows, for programs. Give your token as 'Authorization: Bearer …'.",
    auth=TokenAuth(),
    docs_url=None,
    openapi_url=None,
)
for _room in ("constituency", "intel", "detection", "findings"):
    api.add_router("", import_module(f"tocsin.{_room}.api").router)


@api.exception_handler(AuthenticationError)
@api.exception_handler(NotFound)
def _nothing_here(request: HttpRequest, _error: Exception) -> HttpResponse:
    """A stranger, somebody without the permission and an address that does not exist get the same answer."""
    return api.create_response(request, {"detail": "Not Found"}, status=404)


@api.exception_handler(InputError)
def _unusable(request: HttpRequest, error: InputError) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=400)


@api.exception_handler(Conflict)
def _not_now(request: HttpRequest, error: Conflict) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=409)
