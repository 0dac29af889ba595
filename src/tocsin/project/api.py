"""The REST API: one router a room, one token check for all, described at ``/api/v1/docs/`` without outside files."""

from importlib import import_module

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from tocsin import __version__
from tocsin.constituency.access import Permission, TokenAuth, Viewer
from tocsin.vocab.errors import Conflict, InputError, NotFound
from tocsin.web import views

_ROOM_NAMES = ("constituency", "agreements", "intel", "detection", "findings", "exchange")
_ROOMS = [import_module(f"tocsin.{room}.api") for room in _ROOM_NAMES]
_PREFIX = "api/v1"
#: (method, Django's route) -> what the operation needs.
_NEEDED: dict[tuple[str, str], frozenset[Permission]] = {
    (method, _PREFIX + path.replace("{", "<").replace("}", ">")): operation.view_func.needed
    for room in _ROOMS
    for path, view in room.router.path_operations.items()
    for operation in view.operations
    for method in operation.methods
}


class OperationAuth(TokenAuth):
    """A token that lacks the operation's permission is a stranger's before anything that it sent is looked at."""

    def authenticate(self, request: HttpRequest, token: str) -> Viewer | None:
        """The token's viewer if it may use this operation, or ``None``. A method that there is not is answered by the framework."""
        viewer = super().authenticate(request, token)
        route = request.resolver_match.route if request.resolver_match else ""
        needed = _NEEDED.get((request.method or "", route), frozenset())
        return viewer if viewer is not None and viewer.permissions >= needed else None


api = NinjaAPI(
    title="Tocsin",
    version=__version__,
    description="Everything that the console shows, for programs. Give your token as 'Authorization: Bearer …'.",
    auth=OperationAuth(),
    docs_url=None,
    openapi_url=None,
)
for _room in _ROOMS:
    api.add_router("", _room.router)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing is at this address: said in JSON to programs, on a page to people."""
    if request.path.startswith(f"/{_PREFIX}/"):
        return JsonResponse({"detail": "Not Found"}, status=404)
    return views.not_found(request, exception)


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
