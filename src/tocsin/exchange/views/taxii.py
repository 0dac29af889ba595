"""The TAXII 2.1 endpoints (§4 and §5): parse, ask, act, answer. What is said stands in ``rules``, what is known in ``queries``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple, cast
from urllib.parse import parse_qsl
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tocsin.constituency.access import STRANGER
from tocsin.exchange import actions, queries
from tocsin.exchange.rules import bodies, resources
from tocsin.exchange.rules.asking import Endpoint, Question, read_question
from tocsin.exchange.rules.negotiation import check_accept, check_content_type
from tocsin.exchange.rules.refusals import Refusal, bad_request, nothing_here
from tocsin.exchange.rules.secrets import read_authorization, read_certificate
from tocsin.exchange.views.paging import Page, page_of
from tocsin.formats.taxii import MEDIA_TYPE, timestamp
from tocsin.vocab import clock

_MOST_PARAMETERS = 100
_CHALLENGE = 'Basic realm="taxii2", charset="UTF-8"'
RECEIPT_HEADER = "X-Tocsin-Receipt"


@dataclass(frozen=True, slots=True)
class Call:
    """A request as endpoints see it: who calls, what for, and the words of its path by name."""

    request: HttpRequest
    caller: queries.Caller
    collection: queries.OpenCollection | None
    words: Mapping[str, str]
    at: datetime

    @property
    def shown(self) -> queries.OpenCollection:
        """The collection. Raises the one refusal for what is absent and what is not for this client."""
        if self.collection is None:
            raise nothing_here()
        return self.collection

    @property
    def readable(self) -> queries.OpenCollection:
        """The collection, if this client may read it."""
        if not self.shown.can_read:
            raise Refusal(403, "Forbidden", "These credentials may write to this collection and not read it.")
        return self.shown

    @property
    def writable(self) -> queries.OpenCollection:
        """The collection, if this client may write to it."""
        if not self.shown.can_write:
            raise Refusal(403, "Forbidden", "These credentials may read this collection and not write to it.")
        return self.shown

    def asked(self, endpoint: Endpoint) -> Question:
        """The question in the query string."""
        return read_question(
            _pairs(self.request), endpoint, settings.TOCSIN.exchange.largest_page, self.words.get("object")
        )


class Route(NamedTuple):
    """A path below ``/taxii2`` and what answers there, by method."""

    path: re.Pattern[str]
    methods: Mapping[str, Callable[[Call], HttpResponse]]
    is_taxii: bool = True


def answer(request: HttpRequest, path: str) -> HttpResponse:
    """Answer a request below ``/taxii2``. Raises ``Refusal``.

    Who calls is asked first: without credentials there is nothing to be learnt here, not even what exists.
    """
    path = path if path.endswith("/") else f"{path}/"
    route, words = _routed(path)
    at = clock.now()
    caller, collection = _known(request, words, at)
    if words.get("root", caller.partner_slug) != caller.partner_slug or route is None:
        raise nothing_here()
    if "collection" in words and collection is None:
        raise nothing_here()
    if route.is_taxii:
        check_accept(request.headers.get("Accept"))
    view = route.methods.get(request.method or "")
    if view is None:
        allowed = ", ".join(sorted(route.methods))
        raise Refusal(405, "Method not allowed", f"At this address there is {allowed} only.", {"Allow": allowed})
    actions.note_use(actor=caller.viewer, caller=caller, at=at)
    return view(Call(request, caller, collection, words, at))


def _routed(path: str) -> tuple[Route | None, Mapping[str, str]]:
    for route in ROUTES:
        found = route.path.fullmatch(path)
        if found:
            return route, found.groupdict()
    return None, {}


def _known(
    request: HttpRequest, words: Mapping[str, str], at: datetime
) -> tuple[queries.Caller, queries.OpenCollection | None]:
    """The caller, and the collection that the path names as far as it exists for them. 401 for anybody else."""
    shown = read_authorization(request.headers.get("Authorization"))
    own = settings.TOCSIN.exchange.proxy_socket
    header = request.headers.get(settings.TOCSIN.exchange.certificate_header)
    is_believed = bool(own) and request.META.get("SERVER_NAME") == own
    certificate = read_certificate(header) if header and is_believed else None
    collection = None
    if "collection" in words:
        caller, collection = queries.caller_at(STRANGER, shown, certificate, at, words["root"], words["collection"])
    else:
        caller = queries.caller(STRANGER, shown, certificate, at)
    if caller is None:
        description = "Show credentials of a client of yours: a name and a password, a token, or its certificate."
        raise Refusal(401, "Unauthorized", description, {"WWW-Authenticate": _CHALLENGE})
    return caller, collection


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            request.META.get("QUERY_STRING", ""),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError:
        bad_request("The query string cannot be read as UTF-8, or has too many parameters.")


def _taxii(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def discovery(call: Call) -> HttpResponse:
    """GET ``/taxii2/``: the API roots of the partner whose client calls."""
    told = settings.TOCSIN.exchange
    root = f"{told.public_url.rstrip('/')}/taxii2/{call.caller.partner_slug}/"
    title = told.title or settings.TOCSIN.nation.name
    return _taxii(resources.discovery(title, told.description, told.contact, [root]))


def api_root(call: Call) -> HttpResponse:
    """GET ``/taxii2/<root>/``."""
    longest = settings.TOCSIN.exchange.max_content_length
    return _taxii(resources.api_root(call.caller.title, call.caller.description, longest))


def collections(call: Call) -> HttpResponse:
    """GET ``…/collections/``: those that this client may read or write."""
    found = queries.collections_of(call.caller.viewer, call.caller.client_id)
    return _taxii(resources.collections([_collection(one) for one in found]))


def collection(call: Call) -> HttpResponse:
    """GET ``…/collections/<id or alias>/``."""
    return _taxii(resources.dumps(_collection(call.shown)))


def _collection(one: queries.OpenCollection) -> dict[str, Any]:
    return resources.collection(
        uid=one.uid,
        title=one.title,
        description=one.description,
        alias=one.alias,
        can_read=one.can_read,
        can_write=one.can_write,
    )


def status(call: Call) -> HttpResponse:
    """GET ``…/status/<id>/``: of this very client's requests."""
    try:
        found = queries.status_of(call.caller.viewer, call.caller.client_id, UUID(call.words["status"]))
    except ValueError:
        found = None
    if found is None:
        raise nothing_here()
    return _taxii(found)


def manifest(call: Call) -> HttpResponse:
    """GET ``…/manifest/``."""
    shown = call.readable
    page = page_of(call.caller, shown, call.asked(Endpoint.MANIFEST), call.at)
    rows = [(page.shown_id(row.stix_id), row.date_added_us, row.version_us, row.spec_version) for row in page.rows]
    return _taxii(resources.manifest(rows, page.next_mark), headers=_dates(page))


def objects(call: Call) -> HttpResponse:
    """GET ``…/objects/``."""
    return _served(call, call.asked(Endpoint.OBJECTS) if call.readable else None)


def one_object(call: Call) -> HttpResponse:
    """GET ``…/objects/<id>/``: 404 for an object of which this client may see nothing."""
    return _served(call, call.asked(Endpoint.OBJECT) if call.readable else None)


def _served(call: Call, question: Question | None) -> HttpResponse:
    if question is None:
        raise nothing_here()
    page = page_of(call.caller, call.shown, question, call.at)
    if not page.rows and question.endpoint is Endpoint.OBJECT and not page.is_any(question.ids[0]):
        raise nothing_here()
    body = page.envelope()
    headers = _dates(page)
    if page.given:
        receipt = actions.write_receipt(
            actor=call.caller.viewer,
            caller=call.caller,
            collection_id=call.shown.id,
            question=question.told(),
            rows=page.given,
            terms=page.view.visible,
            body=body,
            at=call.at,
        )
        headers[RECEIPT_HEADER] = str(receipt)
    return _taxii(body, headers=headers)


def versions(call: Call) -> HttpResponse:
    """GET ``…/objects/<id>/versions/``."""
    question = call.asked(Endpoint.VERSIONS) if call.readable else None
    if question is None:
        raise nothing_here()
    page = page_of(call.caller, call.shown, question, call.at)
    if not page.rows and not page.is_any(question.ids[0]):
        raise nothing_here()
    return _taxii(resources.versions((row.version_us for row in page.rows), page.next_mark), headers=_dates(page))


def _dates(page: Page) -> dict[str, str]:
    """The dates added of the first and the last entry of this page (§3.4), where it has any."""
    if not page.rows:
        return {}
    first, last = page.rows[0].date_added_us, page.rows[-1].date_added_us
    return {"X-TAXII-Date-Added-First": timestamp(first), "X-TAXII-Date-Added-Last": timestamp(last)}


def add_objects(call: Call) -> HttpResponse:
    """POST ``…/objects/``: 202 with a status that is complete already."""
    shown = call.writable
    request = call.request
    check_content_type(request.headers.get("Content-Type"), request.headers.get("Content-Encoding"))
    sent = bodies.read_envelope(_body(request, settings.TOCSIN.exchange.max_content_length))
    done = actions.receive(
        actor=call.caller.viewer, client_id=call.caller.client_id, collection_id=shown.id, sent=sent, at=call.at
    )
    return _taxii(done.status, status=202)


def _body(request: HttpRequest, longest: int) -> BinaryIO:
    """The body as a stream that ends at its limit. What says that it is too long is not read at all."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if length and not length.isdigit():
        bad_request("Content-Length is no number.")
    if length and int(length) > longest:
        raise bodies.too_large(longest)
    # without a length (chunked) Django would read nothing: then the server's own stream says where the body ends
    stream: Any = request if length else request.META["wsgi.input"]
    return cast("BinaryIO", bodies.Bounded(stream, longest))


def delete_object(call: Call) -> HttpResponse:
    """DELETE ``…/objects/<id>/``: out of this client's inbox; 200 without a body."""
    shown = call.writable
    if not shown.can_read:
        raise Refusal(403, "Forbidden", "Deleting needs the right to read as well as to write.")
    question = call.asked(Endpoint.DELETE)
    if not actions.remove(actor=call.caller.viewer, feed_id=shown.feed_id, question=question):
        raise nothing_here()
    return HttpResponse(status=200, content_type=MEDIA_TYPE)


def receipts(call: Call) -> HttpResponse:
    """GET ``…/receipts/``: what this partner's clients have collected, newest first. Not part of TAXII: plain JSON."""
    given = dict(_pairs(call.request))
    before = given.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        bad_request("before is a number that this address has given.")
    limit = min(100, settings.TOCSIN.exchange.largest_page)
    rows = queries.receipts_of(
        call.caller.viewer, call.caller.partner_id, before=int(before) if before else None, limit=limit + 1
    )
    told = [resources.receipt(row) for _, row in rows[:limit]]
    head: dict[str, Any] = {"before": rows[limit - 1][0]} if len(rows) > limit else {}
    return HttpResponse(
        resources.dumps(head | {"receipts": told, "checkpoint": queries.checkpoint(call.caller.viewer)}),
        content_type="application/json",
    )


def receipt(call: Call) -> HttpResponse:
    """GET ``…/receipts/<id>/``: one of them with its objects, their digests, and the ledger's newest signed checkpoint."""
    try:
        found = queries.receipt_of(call.caller.viewer, call.caller.partner_id, UUID(call.words["receipt"]))
    except ValueError:
        found = None
    if found is None:
        raise nothing_here()
    row, served = found
    listed = [
        {"id": one.stix_id, "version": resources.version_text(one.version_us), "sha256": one.sha256} for one in served
    ]
    told = resources.receipt(row) | {"objects": listed, "checkpoint": queries.checkpoint(call.caller.viewer)}
    return HttpResponse(resources.dumps(told), content_type="application/json")


_ROOT = r"/(?P<root>[^/]+)"
_COLLECTION = rf"{_ROOT}/collections/(?P<collection>[^/]+)"
_OBJECT = rf"{_COLLECTION}/objects/(?P<object>[^/]+)"
ROUTES = (
    Route(re.compile("/"), {"GET": discovery}),
    Route(re.compile(rf"{_ROOT}/"), {"GET": api_root}),
    Route(re.compile(rf"{_ROOT}/collections/"), {"GET": collections}),
    Route(re.compile(rf"{_ROOT}/status/(?P<status>[^/]+)/"), {"GET": status}),
    Route(re.compile(rf"{_ROOT}/receipts/"), {"GET": receipts}, is_taxii=False),
    Route(re.compile(rf"{_ROOT}/receipts/(?P<receipt>[^/]+)/"), {"GET": receipt}, is_taxii=False),
    Route(re.compile(rf"{_COLLECTION}/"), {"GET": collection}),
    Route(re.compile(rf"{_COLLECTION}/manifest/"), {"GET": manifest}),
    Route(re.compile(rf"{_COLLECTION}/objects/"), {"GET": objects, "POST": add_objects}),
    Route(re.compile(rf"{_OBJECT}/"), {"GET": one_object, "DELETE": delete_object}),
    Route(re.compile(rf"{_OBJECT}/versions/"), {"GET": versions}),
)
