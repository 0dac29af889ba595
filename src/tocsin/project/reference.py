"""The API's description: for programs as OpenAPI JSON, for people as a page of our own that loads nothing from outside."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.constituency.access import needs
from tocsin.project.api import api

#: What an operation may answer instead: status, what it means, the shape of ``detail``.
_PROBLEM = {"type": "string", "description": "What is wrong, in one sentence."}
_INVALID = {"type": "array", "items": {"type": "object"}, "description": "What is wrong with each parameter or field."}
_NOTHING = (404, "It does not exist, or not for you.", _PROBLEM)
_REFUSED = (422, "A parameter or field is not as described.", _INVALID)
_UNUSABLE = (400, "What was sent cannot be used.", _PROBLEM)
_NOT_NOW = (409, "It cannot be done now.", _PROBLEM)


@cache
def description() -> dict[str, Any]:
    """The OpenAPI 3.1 description of all operations, with every answer that each may give."""
    found = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    for methods in found["paths"].values():
        for method, operation in methods.items():
            refused = (_REFUSED, _UNUSABLE) if operation.get("parameters") or "requestBody" in operation else ()
            for status, text, detail in (_NOTHING, *refused, *((_NOT_NOW,) if method != "get" else ())):
                shape = {"type": "object", "properties": {"detail": detail}, "required": ["detail"]}
                answer = {"description": text, "content": {"application/json": {"schema": shape}}}
                operation["responses"].setdefault(status, answer)
    return found


@require_safe
@needs()
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (every page is told its request)
    """The description as JSON."""
    return JsonResponse(description())


@require_safe
@needs()
def reference(request: HttpRequest) -> HttpResponse:
    """The description as a page: every operation with its parameters and the shape of its answer."""
    chapters: dict[str, list[dict[str, Any]]] = {}
    for operation in _operations(description()):
        chapters.setdefault(operation["group"], []).append(operation)
    return render(request, "web/reference.html", {"chapters": chapters, "title": description()["info"]["title"]})


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            answer = operation.get("responses", {}).get(200, {}).get("content", {}).get("application/json", {})
            yield {
                "group": (operation.get("tags") or ["other"])[0],
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "text": operation.get("description", ""),
                "parameters": [_parameter(one) for one in operation.get("parameters", [])],
                "answer": _fields(schema, answer.get("schema", {})),
            }


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    shape = one.get("schema", {})
    return {
        "name": one["name"],
        "place": one["in"],
        "kind": _kind(shape),
        "text": one.get("description") or shape.get("description", ""),
        "is_required": one.get("required", False),
    }


def _kind(shape: dict[str, Any]) -> str:
    if "$ref" in shape:
        return str(shape["$ref"]).rpartition("/")[2]
    if "anyOf" in shape:
        return " | ".join(_kind(each) for each in shape["anyOf"])
    if "enum" in shape:
        return " | ".join(str(value) or "“”" for value in shape["enum"])
    if shape.get("type") == "array":
        return f"list of {_kind(shape.get('items', {}))}"
    return str(shape.get("format") or shape.get("type", "any"))


def _fields(schema: dict[str, Any], shape: dict[str, Any]) -> list[dict[str, str]]:
    """The fields of an answer's outermost object."""
    if shape.get("type") == "array":
        shape = shape.get("items", {})
    if "$ref" in shape:
        shape = schema["components"]["schemas"][str(shape["$ref"]).rpartition("/")[2]]
    return [
        {"name": name, "kind": _kind(field), "text": field.get("description", "")}
        for name, field in shape.get("properties", {}).items()
    ]
