"""MISP feed folders and the REST interface, from a server on loopback that answers in MISP's shapes."""

from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler

import orjson
import pytest
from tests.net.conftest import Server

from tocsin.net.credentials import Credentials
from tocsin.net.http import Client
from tocsin.net.misp import Listed, MispFeed, MispServer
from tocsin.vocab.errors import InputError, Unreadable
from tocsin.vocab.settings import Outgoing

ONE = "5f0e1d2c-0000-4000-8000-000000000001"
TWO = "5f0e1d2c-0000-4000-8000-000000000002"
FILE = orjson.dumps({"Event": {"uuid": ONE, "info": "<script>"}})


@pytest.fixture
def client() -> Iterator[Client]:
    key = Credentials(token="k3y", token_header="Authorization")
    with Client(Outgoing(allow_private=True, timeout_seconds=2), credentials=key) as made:
        yield made


def test_a_feed_lists_its_entries_oldest_change_first_and_each_is_proved(server: Server, client: Client) -> None:
    digest = sha256(FILE).hexdigest()
    manifest = {
        ONE: {"info": "a", "timestamp": "1700000002", "integrity:sha256": digest.upper()},
        TWO.upper(): {"info": "b", "timestamp": 1700000001},
    }
    server.gives("/feed/manifest.json", orjson.dumps(manifest))
    server.gives(f"/feed/{ONE}.json", FILE)
    feed = MispFeed(client, server.url + "/feed/manifest.json")
    listed = feed.manifest()
    assert listed == (Listed(TWO, 1700000001), Listed(ONE, 1700000002, digest))
    assert feed.fetch(listed[1]) == FILE
    server.gives(f"/feed/{ONE}.json", FILE + b" ")
    with pytest.raises(Unreadable, match="its SHA-256 differs"):
        feed.fetch(listed[1])


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"<html>",
        b'{"../../etc/passwd": {"timestamp": 1}}',
        b'{"5f0e1d2c-0000-4000-8000-000000000001": 1}',
        b'{"5f0e1d2c-0000-4000-8000-000000000001": {"timestamp": "soon"}}',
    ],
)
def test_what_is_no_manifest_is_said(server: Server, client: Client, body: bytes) -> None:
    server.gives("/feed/manifest.json", body)
    with pytest.raises(Unreadable):
        MispFeed(client, server.url + "/feed").manifest()


class _Changes:
    """Answers ``restSearch`` page by page."""

    def __init__(self, server: Server, rows: list[str], *, is_stuck: bool = False) -> None:
        self.server, self.rows, self.is_stuck = server, rows, is_stuck
        server.answers["/events/restSearch"] = self

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        asked = orjson.loads(self.server.sent[-1][1])
        start = 0 if self.is_stuck else (asked["page"] - 1) * asked["limit"]
        chosen = self.rows[start : start + asked["limit"]]
        body = orjson.dumps({"response": [{"Event": {"uuid": uuid, "timestamp": "1700000001"}} for uuid in chosen]})
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.mark.parametrize("number", [0, 1, 4, 5, 11])
def test_what_changed_comes_page_by_page_and_once(server: Server, client: Client, number: int) -> None:
    rows = [f"5f0e1d2c-0000-4000-8000-{n:012d}" for n in range(number)]
    _Changes(server, rows)
    found = list(MispServer(client, server.url).changed_since(1700000000, limit=5))
    assert [one.uuid for one in found] == rows
    assert server.asked[0][1]["authorization"] == "k3y"


def test_a_server_that_sends_the_same_page_again_and_again_is_left(server: Server, client: Client) -> None:
    _Changes(server, [ONE, TWO], is_stuck=True)
    with pytest.raises(Unreadable, match="the same page again and again"):
        list(MispServer(client, server.url).changed_since(0, limit=2))


def test_what_a_server_does_not_have_is_added_and_what_it_has_is_edited(server: Server, client: Client) -> None:
    misp = MispServer(client, server.url)
    server.gives(f"/events/view/{ONE}", b"{}", status=404)
    server.gives("/events/add", b"{}")
    assert misp.put(ONE, FILE)
    server.gives(f"/events/view/{ONE}", FILE)
    server.gives(f"/events/edit/{ONE}", b"{}")
    assert not misp.put(ONE, FILE)
    assert server.sent == [("/events/add", FILE), (f"/events/edit/{ONE}", FILE)]
    assert misp.fetch(ONE) == FILE


def test_nobody_is_asked_for_what_is_no_uuid(client: Client) -> None:
    with pytest.raises(InputError, match="is no UUID"):
        MispServer(client, "http://127.0.0.1:9").fetch("../admin")
