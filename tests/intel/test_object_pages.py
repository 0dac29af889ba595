"""Pages of STIX objects: who sees them, what they say, and what may be said on them."""

import re
from typing import Any

import pytest
from tests.cast import browser_of, cast
from tests.intel.stix_cast import indicator, keep, later, named, stix

from tocsin.constituency.access import OPERATOR, Viewer
from tocsin.intel import queries

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

ID, OTHER = named("indicator", "c2.example"), named("indicator", "www.c2.example")


@pytest.fixture
def kept(cast: dict[str, Viewer]) -> None:
    """One indicator in two versions, another, and what links the first to a malware."""
    first = indicator("c2.example", name="A command server", confidence=70)
    family = stix("malware", "bot", name="Bot", is_family=True)
    link = stix("relationship", "link", relationship_type="indicates", source_ref=ID, target_ref=family["id"])
    keep(first, later(first, confidence=80), indicator("www.c2.example", name="Another"), family, link)
    keep(first, source="other-source")


def _said(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


@pytest.mark.usefixtures("kept")
def test_whoever_may_not_sees_what_does_not_exist(cast: dict[str, Viewer]) -> None:
    for address in ("/objects/", f"/objects/{ID}/"):
        for name in (*cast, "stranger"):
            status = browser_of(name).get(address).status_code
            assert status == (200 if name in ("ayesha", "luqman", "parveen", "asad") else 404), (address, name)
    assert browser_of("luqman").get("/objects/indicator--none/").status_code == 404


@pytest.mark.usefixtures("kept")
def test_only_who_takes_in_may_say_anything(cast: dict[str, Viewer]) -> None:
    for what in ("sighting", "false-positive", "retraction", "merge", "undo-merge", "take-back", "nonsense"):
        for name in ("asad", "adeel", "stranger"):
            assert browser_of(name).post(f"/objects/{ID}/say/{what}/", {}).status_code == 404
    assert "Say something" not in _said(browser_of("asad").get(f"/objects/{ID}/"))


@pytest.mark.usefixtures("kept")
def test_an_object_is_found_by_id_value_type_source_and_label() -> None:
    browser = browser_of("ayesha")
    assert browser.get(f"/objects/?q={ID}").headers["Location"] == f"/objects/{ID}/"
    assert "A command server" in _said(browser.get("/objects/?q=c2[.]example"))
    assert "Another" not in _said(browser.get("/objects/?q=c2[.]example"))
    assert "Bot" in _said(browser.get("/objects/?type=malware"))
    assert "Another" not in _said(browser.get("/objects/?source=other-source"))
    assert "Nothing fits this search" in _said(browser.get("/objects/?marking=red"))
    assert browser.get("/objects/?after=nonsense").status_code == 404


@pytest.mark.usefixtures("kept")
def test_a_page_shows_versions_givers_and_what_it_points_to() -> None:
    browser = browser_of("ayesha")
    said = _said(browser.get(f"/objects/{ID}/"))
    assert "kaspersky" in said
    assert "other-source" in said
    assert said.count("What agreements are told of it") == 2
    link = browser.get(f"/objects/{named('relationship', 'link')}/")
    assert f'href="/objects/?q={ID}"' in link.content.decode()


@pytest.mark.usefixtures("kept")
def test_seen_is_one_click() -> None:
    browser = browser_of("ayesha")
    assert browser.post(f"/objects/{ID}/say/sighting/", {"count": "3", "hosts": "2"}).status_code == 302
    assert (queries.seen(OPERATOR, ID).count, queries.seen(OPERATOR, ID).hosts) == (3, 2)
    assert "Seen 3 times" in _said(browser.get(f"/objects/{ID}/"))
    assert browser.post(f"/objects/{ID}/say/sighting/", {"count": "-1"}).status_code == 400
    assert browser.post("/objects/indicator--none/say/sighting/", {"count": "1"}).status_code == 404


@pytest.mark.usefixtures("kept")
def test_a_false_positive_is_said_with_its_reason_and_taken_back() -> None:
    browser = browser_of("ayesha")
    assert browser.post(f"/objects/{ID}/say/false-positive/", {"reason": ""}).status_code == 400
    browser.post(f"/objects/{ID}/say/false-positive/", {"reason": "It is ours: a sinkhole."})
    (report,) = queries.stix_object(OPERATOR, ID).false_positives
    assert "It is ours: a sinkhole." in _said(browser.get(f"/objects/{ID}/"))
    assert browser.post(f"/objects/{OTHER}/say/take-back/", {"report": report.stix_id}).status_code == 404
    assert browser.post(f"/objects/{ID}/say/take-back/", {"report": report.stix_id}).status_code == 302
    assert queries.stix_object(OPERATOR, ID).false_positives == ()


@pytest.mark.usefixtures("kept")
def test_an_object_is_withdrawn_merged_and_apart_again() -> None:
    browser = browser_of("parveen")
    assert browser.post(f"/objects/{ID}/say/merge/", {"others": OTHER, "reason": "The same host."}).status_code == 302
    assert "The same host." in _said(browser.get(f"/objects/{OTHER}/"))
    assert browser.post(f"/objects/{ID}/say/undo-merge/", {"reason": "It is not."}).status_code == 302
    assert queries.stix_object(OPERATOR, ID).merge is None
    assert browser.post(f"/objects/{ID}/say/undo-merge/", {"reason": "Again."}).status_code == 404
    assert browser.post(f"/objects/{ID}/say/merge/", {"others": "x--y", "reason": "No."}).status_code == 404
    assert browser.post(f"/objects/{ID}/say/retraction/", {"reason": "Wrong."}).status_code == 302
    assert "Withdrawn:" in _said(browser.get(f"/objects/{ID}/"))


def test_text_from_outside_stays_text(cast: dict[str, Viewer]) -> None:
    keep(indicator("c2.example", name="<script>alert(1)</script>\u202e", description="<b>x</b>"))
    page = browser_of("ayesha").get(f"/objects/{ID}/").content.decode()
    assert "<script>alert" not in page
    assert "<b>x" not in page
