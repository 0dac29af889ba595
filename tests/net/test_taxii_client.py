"""The TAXII client against servers on loopback that behave, and that misbehave as servers in the wild do."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from tests.net.conftest import Server

from tocsin.formats import taxii
from tocsin.net.credentials import Credentials
from tocsin.net.http import Client
from tocsin.net.taxii import Position, TaxiiClient
from tocsin.vocab.errors import InputError, NotFound, Unreadable
from tocsin.vocab.settings import Outgoing

OPEN = Outgoing(allow_private=True, timeout_seconds=2, max_bytes=1 << 20)
OBJECTS = [b'{"type":"indicator", "id":"indicator--%d","n":1e2}' % n for n in range(25)]


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(OPEN, credentials=Credentials(name="taxii", password="pass:word")) as made:
        yield made


def answer_with(handler: BaseHTTPRequestHandler, body: bytes, status: int, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": taxii.MEDIA_TYPE, "Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


class Pages:
    """Serves OBJECTS with one date a pair, by mark or by date only."""

    def __init__(self, server: Server, *, marks: bool, first: int = 0) -> None:
        self.server, self.marks, self.first = server, marks, first
        server.answers = self  # type: ignore[assignment]

    def __getitem__(self, path: str) -> Callable[[BaseHTTPRequestHandler], None]:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
        limit = int(asked["limit"])
        start = int(asked.get("next", 0)) if self.marks else 0
        after = taxii.micros_of(asked["added_after"]) if "added_after" in asked and not self.marks else -1
        chosen = [n for n in range(start, len(OBJECTS)) if self.date(n) > after]
        page, more = chosen[:limit], len(chosen) > limit
        mark = str(page[-1] + 1) if more and self.marks else None
        body = taxii.written([OBJECTS[n] for n in page], more=more, next_mark=mark)
        dates = {}
        if page:
            dates = {
                "X-TAXII-Date-Added-First": taxii.timestamp(self.date(page[0])),
                "X-TAXII-Date-Added-Last": taxii.timestamp(self.date(page[-1])),
            }
        return lambda handler: answer_with(handler, body, 200, dates)

    @staticmethod
    def date(n: int) -> int:
        return 1_700_000_000_000_000 + n // 2


@pytest.mark.parametrize(("marks", "limit"), [(True, 7), (True, 1), (False, 4), (False, 10), (True, 100)])
def test_every_object_comes_once_and_byte_for_byte(server: Server, client: Client, marks: bool, limit: int) -> None:
    Pages(server, marks=marks)
    pages = list(TaxiiClient(client, server.url + "/api").pages("c1", limit=limit))
    assert [one for page in pages for one in page.objects] == OBJECTS
    assert pages[-1].following is None
    assert pages[-1].resume == Position(added_after=taxii.timestamp(Pages.date(24)))


@pytest.mark.parametrize("marks", [True, False])
def test_reading_goes_on_from_any_page(server: Server, client: Client, marks: bool) -> None:
    Pages(server, marks=marks)
    reader = TaxiiClient(client, server.url + "/api")
    pages = list(reader.pages("c1", limit=6))
    for done in range(1, len(pages)):
        rest = reader.pages("c1", pages[done - 1].resume, limit=6)
        assert [one for page in rest for one in page.objects] == [one for page in pages[done:] for one in page.objects]


def test_a_server_whose_pages_lead_back_is_left(server: Server, client: Client) -> None:
    body = taxii.written(OBJECTS[:2], more=True)
    server.answers = _Always(body, headers={"X-TAXII-Date-Added-Last": "2026-11-01T00:00:00.000000Z"})  # type: ignore[assignment]
    with pytest.raises(Unreadable, match="the same page of c1 again and again"):
        list(TaxiiClient(client, server.url + "/api").pages("c1", limit=2))


def test_more_without_mark_or_date_is_said(server: Server, client: Client) -> None:
    server.answers = _Always(taxii.written(OBJECTS[:2], more=True))  # type: ignore[assignment]
    with pytest.raises(Unreadable, match="neither gives a mark nor a date"):
        list(TaxiiClient(client, server.url + "/api").pages("c1"))


@pytest.mark.parametrize(("status", "body"), [(404, b'{"title":"none"}'), (200, b"{}"), (200, b"")])
def test_no_objects_is_no_error(server: Server, client: Client, status: int, body: bytes) -> None:
    server.answers = _Always(body, status)  # type: ignore[assignment]
    start = Position(added_after="2026-11-01T00:00:00Z")
    (page,) = TaxiiClient(client, server.url + "/api").pages("c1", start)
    assert (page.objects, page.following, page.resume) == ((), None, start)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "answers 401 .No entry.; the name, password or token is wrong"),
        (403, "answers 403 .No entry.; we may not do that"),
        (422, "answers 422 .No entry.; sending the same again does not help"),
    ],
)
def test_what_the_server_says_is_passed_on(server: Server, client: Client, status: int, said: str) -> None:
    server.answers = _Always(b'{"title":"No\\nentry"}', status)  # type: ignore[assignment]
    with pytest.raises(Unreadable, match=said):
        TaxiiClient(client, server.url + "/api").collections()


@pytest.mark.parametrize(
    "body", [b"[]", b"<html>", b'"x"', b'{"objects":[{"a":1}', b'{"objects":[1', b'{"next":"a\\nb","more":true}']
)
def test_what_is_no_envelope_is_one_sentence(server: Server, client: Client, body: bytes) -> None:
    server.answers = _Always(body)  # type: ignore[assignment]
    with pytest.raises(Unreadable):
        list(TaxiiClient(client, server.url + "/api").pages("c1"))


def test_credentials_and_media_type_go_with_every_request(server: Server, client: Client) -> None:
    server.answers = _Always(b'{"collections":[{"id":"1","title":"A","can_read":true,"can_write":false}]}')  # type: ignore[assignment]
    found = TaxiiClient(client, server.url + "/api").find("A")
    assert (found.id, found.can_read, found.can_write) == ("1", True, False)
    path, headers = server.asked[0]
    assert path == "/api/collections/"
    assert headers["authorization"] == "Basic dGF4aWk6cGFzczp3b3Jk"
    assert headers["accept"] == "application/taxii+json;version=2.1"


def test_a_collection_that_is_not_offered_is_named_with_those_that_are(server: Server, client: Client) -> None:
    server.answers = _Always(b'{"collections":[{"id":"1","title":"A"}]}')  # type: ignore[assignment]
    with pytest.raises(NotFound, match="no collection 'B' for us; it offers: A"):
        TaxiiClient(client, server.url + "/api").find("B")


def test_discovery_follows_a_relative_root_and_never_another_host(server: Server, client: Client) -> None:
    server.gives("/taxii2/", b'{"title":"t","default":"/api1/","api_roots":["/api1/"]}')
    assert TaxiiClient.discovered(client, server.url + "/taxii2").root == server.url + "/api1/"
    server.gives("/taxii2/", b'{"title":"t","default":"http://evil.example/","api_roots":[]}')
    with pytest.raises(Unreadable, match="another host"):
        TaxiiClient.discovered(client, server.url + "/taxii2")


def test_nothing_secret_is_shown() -> None:
    shown = repr(Credentials(name="n", password="p4ss", token="t0k"))
    assert "p4ss" not in shown
    assert "t0k" not in shown


@pytest.mark.parametrize("token", ["two\nlines", "nul\x00", "ü"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(InputError, match="copy it again"):
        Credentials(token=token).headers()


class _Always:
    """The same answer to every path."""

    def __init__(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.body, self.status, self.headers = body, status, headers or {}

    def __getitem__(self, _path: str) -> Callable[[BaseHTTPRequestHandler], None]:
        return lambda handler: answer_with(handler, self.body, self.status, self.headers)


def test_an_envelope_is_written_from_bytes_and_read_back() -> None:
    assert taxii.written([]) == b"{}"
    body = taxii.written(OBJECTS, more=True, next_mark="abc")
    assert orjson.loads(body)["more"] is True
    read = taxii.read_envelope(body, "here")
    assert (list(read.objects), read.more, read.next) == (OBJECTS, True, "abc")


@pytest.mark.parametrize("micros", [0, 1, 999_999, 1_700_000_000_123_456, 4_102_444_800_000_000])
def test_times_keep_their_microseconds(micros: int) -> None:
    assert taxii.micros_of(taxii.timestamp(micros)) == micros
