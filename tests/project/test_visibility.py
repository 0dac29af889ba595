"""Who sees what: every page and every operation of the API answers 404 to a stranger and to whoever lacks the permission."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.cast import bearer_of, browser_of, cast

from tocsin.constituency.access import Viewer

__all__ = ["cast"]

#: Pages that a stranger must reach to become somebody.
OPEN_TO_STRANGERS = ("sign-in/", "static/")
_ARGUMENTS = {
    "uid": UUID("00000000-0000-5000-8000-000000000000"),
    "run": UUID("00000000-0000-5000-8000-000000000000"),
    "number": 1,
    "page": 1,
}


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, path)
        else:
            yield path, entry


def _addresses() -> list[str]:
    found = []
    for path, entry in _patterns(get_resolver()):
        if path.startswith(OPEN_TO_STRANGERS):
            continue
        filled = path
        for name, converter in entry.pattern.converters.items():
            value: Any = _ARGUMENTS.get(name, "1" if "Int" in type(converter).__name__ else "nothing")
            if "UUID" in type(converter).__name__:
                value = _ARGUMENTS["uid"]
            for spelled in (
                f"<uuid:{name}>",
                f"<int:{name}>",
                f"<slug:{name}>",
                f"<str:{name}>",
                f"<path:{name}>",
                f"<{name}>",
            ):
                filled = filled.replace(spelled, str(value))
        found.append("/" + filled.replace("^", "").replace("$", ""))
    return sorted(set(found))


def test_there_are_pages_to_visit() -> None:
    assert len(_addresses()) > 20


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
def test_a_stranger_finds_nothing_anywhere(method: str) -> None:
    visitor = Client(enforce_csrf_checks=False)
    wrong = {}
    for address in _addresses():
        status = getattr(visitor, method)(address).status_code
        if status != 404:
            wrong[address] = status
    assert wrong == {}


@pytest.mark.django_db
def test_a_wrong_token_is_a_strangers() -> None:
    visitor = Client(headers={"authorization": "Bearer nonsense"})
    wrong = {
        address for address in _addresses() if address.startswith("/api/") and visitor.get(address).status_code != 404
    }
    assert wrong == set()


@pytest.mark.django_db
def test_nothing_is_at_an_address_with_a_null_character(cast: dict[str, Viewer]) -> None:
    headers: Any = bearer_of("luqman")
    wrong = []
    for address in _addresses():
        if "nothing" in address:
            spelled = address.replace("nothing", "no%00thing")
            visitors = (Client(), browser_of("luqman"), Client(**headers))
            wrong += [(spelled, status) for one in visitors if (status := one.get(spelled).status_code) != 404]
    assert wrong == []


@pytest.mark.django_db
def test_the_page_for_strangers_does_not_say_whether_anything_is_there() -> None:
    visitor = Client()
    known, unknown = visitor.get("/findings/"), visitor.get("/no-such-page/")
    assert (known.status_code, unknown.status_code) == (404, 404)
    assert known.content.replace(b"/findings/", b"") == unknown.content.replace(b"/no-such-page/", b"")
