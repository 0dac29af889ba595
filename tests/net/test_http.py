"""Fetching: bytes or one sentence, bounded in time and size."""

import gzip
import shutil
import socket
import ssl
import subprocess
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.net.conftest import Server

from tocsin.net.http import Client, Known, fetch
from tocsin.vocab.errors import InputError, TocsinError, Unavailable, Unreadable
from tocsin.vocab.settings import Outgoing

OPEN = Outgoing(allow_private=True, timeout_seconds=1, max_bytes=1 << 20)
BODY = b"198.18.0.1\n" * 1000


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "answers" / "feed.txt"


def nothing_is_left(into: Path) -> bool:
    return not into.parent.exists() or list(into.parent.iterdir()) == []


def test_the_bytes_of_an_answer_are_kept(server: Server, into: Path) -> None:
    got = fetch(server.gives("/feed", BODY, ETag='"v1"'), into, OPEN)
    assert into.read_bytes() == BODY
    assert (got.status, got.size, got.sha256, got.path) == (200, len(BODY), sha256(BODY).hexdigest(), into)
    assert got.known == Known('"v1"', None)
    assert list(into.parent.iterdir()) == [into]


def test_what_is_unchanged_is_not_sent_again(server: Server, into: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        is_same = (
            handler.headers["If-None-Match"] == '"v1"'
            and handler.headers["If-Modified-Since"] == "Sun, 01 Nov 2026 00:00:00 GMT"
        )
        handler.send_response(304 if is_same else 200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.answers["/feed"] = answer
    got = fetch(server.url + "/feed", into, OPEN, known=Known('"v1"', "Sun, 01 Nov 2026 00:00:00 GMT"))
    assert got.is_unchanged
    assert got.path is None
    assert nothing_is_left(into)


def test_a_compressed_answer_is_opened(server: Server, into: Path) -> None:
    fetch(server.gives("/feed", gzip.compress(BODY), Content_Encoding="gzip"), into, OPEN)
    assert into.read_bytes() == BODY


def test_a_promise_of_too_many_bytes_is_refused_before_they_come(server: Server, into: Path) -> None:
    url = server.gives("/feed", b"", Content_Length=str(10 << 20))
    with pytest.raises(Unreadable, match="more than 1048576 bytes; trying again does not help"):
        fetch(url, into, OPEN)
    assert nothing_is_left(into)


def test_too_many_bytes_are_refused_when_they_come_without_a_promise(server: Server, into: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass  # the client left, as it should

    server.answers["/feed"] = answer
    with pytest.raises(Unreadable, match="more than 1048576 bytes"):
        fetch(server.url + "/feed", into, OPEN)
    assert nothing_is_left(into)


def test_a_compressed_bomb_is_refused(server: Server, into: Path) -> None:
    with pytest.raises(Unreadable, match="more than 1048576 bytes"):
        fetch(server.gives("/feed", gzip.compress(bytes(50 << 20)), Content_Encoding="gzip"), into, OPEN)
    assert nothing_is_left(into)


def test_an_answer_that_breaks_off_is_nothing(server: Server, into: Path) -> None:
    with pytest.raises(Unavailable, match=r"broke off.*trying again later may help"):
        fetch(server.gives("/feed", b"half", Content_Length="100"), into, OPEN)
    assert nothing_is_left(into)


def test_a_silent_server_is_given_up(server: Server, into: Path) -> None:
    server.answers["/feed"] = lambda handler: time.sleep(3)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer in time; trying again later may help"):
        fetch(server.url + "/feed", into, OPEN)
    assert time.monotonic() - started < 2.5


def test_a_server_that_drips_is_given_up_too(server: Server, into: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"x" * 70_000)
                time.sleep(0.1)
        except OSError:
            pass

    server.answers["/feed"] = answer
    roomy = Outgoing(allow_private=True, timeout_seconds=1, max_bytes=1 << 30)
    with Client(roomy, longest_seconds=0.5) as client, pytest.raises(Unavailable, match="still sending"):
        client.fetch(server.url + "/feed", into)
    assert nothing_is_left(into)


def test_a_closed_port_is_worth_trying_again(into: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unavailable, match=r"cannot be reached.*trying again later may help"):
        fetch(f"http://127.0.0.1:{port}/", into, OPEN)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (404, Unreadable, "answers 404 Not Found; trying again does not help"),
        (401, Unreadable, "answers 401 Unauthorized; trying again does not help"),
        (429, Unavailable, r"answers 429 .*trying again later may help \(after 60\)"),
        (503, Unavailable, "answers 503 .*trying again later may help"),
    ],
)
def test_an_error_says_whether_trying_again_helps(
    server: Server, into: Path, status: int, error: type[TocsinError], said: str
) -> None:
    with pytest.raises(error, match=said):
        fetch(server.gives("/feed", b"no", status, Retry_After="60"), into, OPEN)
    assert nothing_is_left(into)


@pytest.mark.parametrize(
    "url", ["", "feed.txt", "ftp://feed.example/", "file:///etc/passwd", "http://", "http://[::1", "gopher://x"]
)
def test_what_is_no_web_address_is_refused(into: Path, url: str) -> None:
    with pytest.raises(InputError, match="not an address that can be fetched"):
        fetch(url, into, OPEN)


def test_a_redirect_is_followed_and_the_key_stays_with_its_origin(server: Server, into: Path) -> None:
    server.gives("/end", BODY)
    server.gives("/same", b"", 302, Location="/away")
    server.gives("/away", b"", 307, Location=f"http://localhost:{server.port}/end")
    with Client(OPEN, resolve=lambda host, port: ["127.0.0.1"]) as client:
        got = client.fetch(server.url + "/same", into, headers={"Auth-Key": "secret"})
    assert got.url == f"http://localhost:{server.port}/end"
    assert [(path, headers.get("auth-key")) for path, headers in server.asked] == [
        ("/same", "secret"),
        ("/away", "secret"),
        ("/end", None),
    ]


def test_redirects_in_a_circle_end(server: Server, into: Path) -> None:
    url = server.gives("/feed", b"", 302, Location="/feed")
    with pytest.raises(Unreadable, match="redirects more than 5 times"):
        fetch(url, into, OPEN)
    assert len(server.asked) == 6


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://198.18.0.1/"])
def test_a_redirect_to_something_else_than_the_web_is_refused(server: Server, into: Path, place: str) -> None:
    with pytest.raises(InputError):
        fetch(server.gives("/feed", b"", 302, Location=place), into, OPEN)


def test_a_proxy_is_used_and_told_the_whole_address(server: Server, into: Path) -> None:
    address = "http://feed.example/list"

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(BODY)

    server.answers[address] = answer
    fetch(address, into, Outgoing(proxy=server.url, timeout_seconds=1))
    assert into.read_bytes() == BODY


def test_behind_a_proxy_a_private_address_is_not_asked_for(server: Server, into: Path) -> None:
    for host in ("127.0.0.1", "10.0.0.1", "[::1]", "localhost", "169.254.169.254"):
        with pytest.raises(InputError, match="not a public address"):
            fetch(f"http://{host}/", into, Outgoing(proxy=server.url, timeout_seconds=1))
    assert server.asked == []


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate for this test")
def test_a_certificate_that_nobody_vouches_for_is_refused(server: Server, into: Path, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=feed.example -days 2 -keyout {key} -out {certificate}"
    subprocess.run(made.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    server.gives("/", BODY)
    with pytest.raises(Unreadable, match="certificate that cannot be trusted"):
        fetch(f"https://127.0.0.1:{server.port}/", into, OPEN)
    assert server.asked == []
