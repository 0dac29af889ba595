"""The address guard: no connection to where it must not go, whatever names and redirects say."""

from pathlib import Path

import pytest
from tests.net.conftest import Server

from tocsin.net.guard import is_public
from tocsin.net.http import Client, fetch
from tocsin.vocab.errors import InputError, Unavailable
from tocsin.vocab.settings import Outgoing

CLOSED = Outgoing(timeout_seconds=1)
OPEN = Outgoing(timeout_seconds=1, allow_private=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - refused, not bound to
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.9.10",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.0.8",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
        "2001:db8::1",
        "fc00::1",
        "fe80::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "193.0.6.139", "2001:67c:2e8:22::c100:68b", "64:ff9b::808:808"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(address)


def test_loopback_is_not_called_unless_the_operator_says_so(server: Server, tmp_path: Path) -> None:
    url = server.gives("/", b"x")
    with pytest.raises(InputError, match=r"127\.0\.0\.1, which is not a public address; outgoing\.allow_private"):
        fetch(url, tmp_path / "x", CLOSED)
    assert server.asked == []
    assert fetch(url, tmp_path / "x", OPEN).size == 1


def test_a_name_that_leads_inside_is_refused_even_if_only_one_of_its_addresses_does(
    server: Server, tmp_path: Path
) -> None:
    with Client(CLOSED, resolve=lambda host, port: ["1.1.1.1", "127.0.0.1"]) as client, pytest.raises(InputError):
        client.fetch(f"http://feed.example:{server.port}/", tmp_path / "x")
    assert server.asked == []


def test_a_redirect_that_leads_inside_is_refused(server: Server, tmp_path: Path) -> None:
    server.gives("/", b"", 302, Location=f"http://inside.example:{server.port}/secret")
    server.gives("/secret", b"secret")
    resolved: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"]

    # the first hop is permitted as the operator's own proxy is, the second is judged like any other
    with Client(CLOSED, resolve=resolve) as client:
        client._client._transport._pool._network_backend._always = frozenset({"feed.example"})  # type: ignore[attr-defined]
        with pytest.raises(InputError, match=r"inside\.example is 127\.0\.0\.1"):
            client.fetch(f"http://feed.example:{server.port}/", tmp_path / "x")
    assert resolved == ["feed.example", "inside.example"]
    assert [path for path, _ in server.asked] == ["/"]


def test_a_name_is_resolved_once_and_the_judged_address_is_called(server: Server, tmp_path: Path) -> None:
    answers = iter([["127.0.0.1"], ["198.18.0.1"]])
    url = server.gives("/", b"x")
    with Client(OPEN, resolve=lambda host, port: next(answers)) as client:
        client.fetch(url.replace("127.0.0.1", "rebinding.example"), tmp_path / "x")
    assert server.asked[0][1]["host"] == f"rebinding.example:{server.port}"
    assert next(answers) == ["198.18.0.1"]


def test_the_next_address_is_tried_when_one_does_not_answer(server: Server, tmp_path: Path) -> None:
    server.gives("/", b"x")
    with Client(OPEN, resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"]) as client:
        assert client.fetch(f"http://feed.example:{server.port}/", tmp_path / "x").size == 1


@pytest.mark.parametrize("answer", [[], OSError(-2, "Name or service not known")])
def test_a_name_without_an_address_is_worth_trying_again(tmp_path: Path, answer: list[str] | OSError) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if isinstance(answer, OSError):
            raise answer
        return answer

    with Client(CLOSED, resolve=resolve) as client, pytest.raises(Unavailable, match=r"feed\.example has no address"):
        client.fetch("https://feed.example/", tmp_path / "x")


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
)
def test_loopback_in_disguise_is_loopback(server: Server, tmp_path: Path, host: str) -> None:
    server.gives("/", b"x")
    with pytest.raises((InputError, Unavailable)):
        fetch(f"http://{host}:{server.port}/", tmp_path / "x", CLOSED)
    assert server.asked == []
