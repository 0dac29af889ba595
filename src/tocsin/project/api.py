"""The REST API: one router a room, one token check for all, described at ``/api/v1/docs`` without outside files."""

from importlib import import_module

from ninja import NinjaAPI

from tocsin import __version__
from tocsin.constituency.access import TokenAuth

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
