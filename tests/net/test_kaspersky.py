"""Kaspersky's catalogue of feeds, from a server on loopback that answers in its shapes."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from tests.net.conftest import Server

from tocsin.net.http import Client
from tocsin.net.kaspersky import KasperskyFeeds, Package
from tocsin.vocab.errors import NotFound, Unreadable
from tocsin.vocab.settings import Outgoing

ZIP = b"PK\x03\x04 the bytes of a package"


@pytest.fixture
def service(server: Server) -> Iterator[KasperskyFeeds]:
    with Client(Outgoing(allow_private=True, timeout_seconds=2)) as client:
        yield KasperskyFeeds(client, server.url + "/api/v1.0/feeds")


def offer(server: Server, updates: object, name: str = "Phishing_URL_Data_Feed") -> None:
    listed = [{"name": name, "updates": {"href": "/api/v1.0/feeds/1/updates"}}, {"name": "no updates"}]
    server.gives("/api/v1.0/feeds", orjson.dumps(listed))
    server.gives("/api/v1.0/feeds/1/updates", orjson.dumps({"updates": updates}))


def test_the_newest_update_is_found_and_its_package_fetched_under_its_name(
    server: Server, service: KasperskyFeeds, tmp_path: Path
) -> None:
    package = {"link": "/packages/7", "size": len(ZIP)}
    offer(server, [{"version": "20261102T1826", "packages": [package]}, {"version": "20261101T0000", "packages": []}])
    name = "2026-11-02T182632.Phishing_URL_Data_Feed_021126_1826.zip"
    server.gives("/packages/7", ZIP, Content_Disposition=f"attachment; filename={name}")
    newest = service.newest("Phishing_URL_Data_Feed")
    assert newest.version == "20261102T1826"
    assert newest.packages == (Package(server.url + "/packages/7", len(ZIP)),)
    said, got = service.download(newest.packages[0], tmp_path)
    assert said == name
    assert got.path is not None
    assert got.path.read_bytes() == ZIP
    assert got.path.parent == tmp_path


def test_a_package_that_is_not_as_long_as_promised_is_not_used(
    server: Server, service: KasperskyFeeds, tmp_path: Path
) -> None:
    server.gives("/packages/7", ZIP)
    with pytest.raises(Unreadable, match="had promised 99"):
        service.download(Package(server.url + "/packages/7", 99), tmp_path)


def test_a_name_with_a_folder_in_it_is_not_taken(server: Server, service: KasperskyFeeds, tmp_path: Path) -> None:
    server.gives("/packages/7", ZIP, Content_Disposition='attachment; filename="../../etc/cron.d/x"')
    said, got = service.download(Package(server.url + "/packages/7", None), tmp_path)
    assert (said, got.path) == ("7", tmp_path / "package.zip")


def test_a_feed_that_is_not_ours_is_named_with_those_that_are(server: Server, service: KasperskyFeeds) -> None:
    offer(server, [])
    with pytest.raises(NotFound, match="no feed 'APT_IP_Data_Feed' to us; it offers: Phishing_URL_Data_Feed"):
        service.newest("APT_IP_Data_Feed")


def test_the_certificate_is_shown_to_no_other_host(server: Server, service: KasperskyFeeds) -> None:
    listed = [{"name": "x", "updates": {"href": "https://elsewhere.example/updates"}}]
    server.gives("/api/v1.0/feeds", orjson.dumps(listed))
    with pytest.raises(Unreadable, match="points to another host"):
        service.feeds()


@pytest.mark.parametrize(("status", "said"), [(403, "403"), (404, "404")])
def test_a_refusal_is_one_sentence(server: Server, service: KasperskyFeeds, status: int, said: str) -> None:
    server.gives("/api/v1.0/feeds", b"", status=status)
    with pytest.raises(Unreadable, match=f"answers {said}.*before the address or its key is corrected"):
        service.feeds()


@pytest.mark.parametrize("body", [b"{}", b"<html>", b""])
def test_what_is_no_catalogue_is_said(server: Server, service: KasperskyFeeds, body: bytes) -> None:
    server.gives("/api/v1.0/feeds", body)
    with pytest.raises(Unreadable):
        service.feeds()
