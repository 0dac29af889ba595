"""Why a request of a partner is refused, as a TAXII error resource (TAXII 2.1 §3.6.1).

A refusal is raised where it is found and said once, at the door. What is absent and what is not for this client are one refusal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import orjson


@dataclass
class Refusal(Exception):
    """An answer other than the one that was asked for: HTTP status, a title of a few words and a sentence on what to do."""

    status: int
    title: str
    description: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.title}: {self.description}"


def nothing_here() -> Refusal:
    """404, the same for what does not exist and for what this client may not know of."""
    return Refusal(404, "Nothing here", "There is nothing at this address for these credentials.")


def bad_request(description: str) -> NoReturn:
    """400: a filter, a header or a body that cannot be understood."""
    raise Refusal(400, "Bad request", description)


def unprocessable(description: str) -> NoReturn:
    """422: JSON, and yet not what a TAXII server can take."""
    raise Refusal(422, "Not a TAXII envelope", description)


def error_resource(refusal: Refusal, error_id: str = "") -> bytes:
    """The body of a refusal. ``http_status`` is text, as the specification has it; ``error_id`` names the entry of our own log."""
    told: dict[str, str] = {
        "title": refusal.title,
        "description": refusal.description,
        "http_status": str(refusal.status),
    }
    if error_id:
        told["error_id"] = error_id
    return orjson.dumps(told)
