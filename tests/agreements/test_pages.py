"""Pages of agreements: who sees them, what they say, and that deciding and taking in go through them."""

import base64
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.agreements.stored import HARBOUR, about, decide, store
from tests.agreements.written import sample_text
from tests.cast import browser_of, cast, email_of

from tocsin.agreements import actions, queries
from tocsin.constituency.access import OPERATOR, Viewer

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

_READERS = ("ayesha", "luqman", "parveen", "asad")
_LEDGER_READERS = ("luqman", "parveen", "asad")


@pytest.fixture
def stored(cast: dict[str, Viewer]) -> None:
    """The sample in two revisions, one exit that left, three that are held (one needs an approver) and one that was denied."""
    store()
    store("k_anonymity: 5", "k_anonymity: 9", revision=5)
    decide(
        about(1),
        about(2, tlp="NONSENSE"),
        about(3, tlp="PURPLE"),
        about(4, type="x-evidence", case_id="C-1", owner_consent=True),
        about(5, tlp="RED"),
    )


def _said(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def _held(**about_it: Any) -> queries.HoldView:
    rows = queries.holds(OPERATOR, state="open", is_oldest_first=True).rows
    return next(row for row in rows if all(row.subject.get(key) == value for key, value in about_it.items()))


def _unreadable() -> queries.HoldView:
    return queries.holds(OPERATOR, state="open", is_oldest_first=True).rows[0]


def _addresses() -> dict[str, tuple[str, ...]]:
    return {
        "/agreements/": _READERS,
        f"/agreements/{HARBOUR}/": _READERS,
        "/agreements/import/": ("luqman", "parveen"),
        "/agreements/what-if/": _LEDGER_READERS,
        "/holds/": _LEDGER_READERS,
        f"/holds/{_unreadable().uid}/": _LEDGER_READERS,
        "/ledger/": _LEDGER_READERS,
        "/ledger/1/": _LEDGER_READERS,
        "/ledger/checkpoints/": _LEDGER_READERS,
    }


@pytest.mark.usefixtures("stored")
def test_whoever_may_not_sees_what_does_not_exist(cast: dict[str, Viewer]) -> None:
    for address, readers in _addresses().items():
        for name in (*cast, "stranger"):
            answer = browser_of(name).get(address)
            assert answer.status_code == (200 if name in readers else 404), (address, name)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    "address",
    [
        "/agreements/agr--none/",
        "/holds/00000000-0000-4000-8000-000000000000/",
        "/ledger/999999/",
        f"/ledger/{1 << 70}/",
    ],
)
def test_what_does_not_exist_and_what_may_not_be_seen_answer_alike(address: str) -> None:
    absent, forbidden = browser_of("luqman").get(address), browser_of("adeel").get(address)
    assert (absent.status_code, forbidden.status_code) == (404, 404)


@pytest.mark.usefixtures("stored")
def test_only_those_who_may_change_anything(cast: dict[str, Viewer]) -> None:
    uid = _unreadable().uid
    for address, allowed in (
        (f"/agreements/{HARBOUR}/status/", ("luqman", "parveen")),
        ("/agreements/import/", ("luqman", "parveen")),
        ("/holds/several/", ("luqman",)),
        (f"/holds/{uid}/", ("luqman",)),
    ):
        for name in cast:
            status = browser_of(name).post(address, {"step": "suspend"}).status_code
            assert (status != 404) == (name in allowed), (address, name, status)


@pytest.mark.usefixtures("stored")
def test_an_agreement_says_in_words_what_its_file_says_and_where() -> None:
    page = browser_of("ayesha").get(f"/agreements/{HARBOUR}/")
    said = _said(page)
    assert "Harbour CERT" in said
    assert "harbour → beacon" in said
    assert "no count with fewer than 9 hosts" in said
    assert "48 hours later" in said
    assert "those affected only" in said
    line = sample_text().decode().splitlines().index("    k_anonymity: 5") + 1
    assert f'href="#line-{line}"' in page.content.decode()
    assert f'id="line-{line}"' in page.content.decode()


@pytest.mark.usefixtures("stored")
def test_a_revision_shows_what_it_changed_and_whether_it_narrows() -> None:
    page = _said(browser_of("ayesha").get(f"/agreements/{HARBOUR}/?revision=5"))
    assert "categories.counts.k_anonymity" in page
    assert "narrows" in page
    first = _said(browser_of("ayesha").get(f"/agreements/{HARBOUR}/?revision=4"))
    assert "It is the first." in first
    assert "earlier revision" in first
    assert browser_of("ayesha").get(f"/agreements/{HARBOUR}/?revision=77").status_code == 404


def _kept(page: Any) -> dict[str, str]:
    text = page.content.decode()
    return dict(re.findall(r'<input type="hidden" name="(kept|kept_name)" value="([^"]*)">', text))


@pytest.mark.usefixtures("stored")
def test_a_text_is_looked_at_before_it_is_taken_in_and_keeps_its_bytes() -> None:
    browser = browser_of("parveen")
    text = (
        sample_text().replace(b"revision: 4", b"revision: 6").replace(b"tlp_max: AMBER\n    k", b"tlp_max: RED\n    k")
    )
    text = text.replace(b"\n", b"\r\n")
    page = browser.post("/agreements/import/", {"text": text.decode(), "step": "look"})
    assert page.status_code == 200
    said = _said(page)
    assert "takes the place of revision 5" in said
    assert "widens" in said
    assert "would have left" in said
    assert queries.agreement(OPERATOR, HARBOUR).agreement.revision == 5
    kept = _kept(page)
    done = browser.post("/agreements/import/", {**kept, "step": "apply"})
    assert done.status_code == 302, _said(done)
    assert queries.agreement(OPERATOR, HARBOUR).text == base64.b64decode(kept["kept"])


@pytest.mark.usefixtures("stored")
def test_a_wrong_text_is_shown_with_its_problems_beside_their_lines() -> None:
    text = sample_text().replace(b"tlp_max: AMBER", b"tlp_max: PURPLE").decode()
    page = browser_of("luqman").post("/agreements/import/", {"text": text, "step": "apply"})
    assert page.status_code == 400
    line = next(at for at, one in enumerate(text.splitlines(), 1) if "tlp_max: PURPLE" in one)
    assert f'href="#line-{line}"' in page.content.decode()
    assert f'<li id="line-{line}" class="file-wrong">' in page.content.decode()
    assert queries.agreement(OPERATOR, HARBOUR).agreement.revision == 5


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("given", [{}, {"kept": "%%%"}, {"text": "  "}, {"text": "- a\n- b"}, {"text": "\x00"}])
def test_nonsense_is_refused_with_a_sentence(given: dict[str, str]) -> None:
    page = browser_of("luqman").post("/agreements/import/", {**given, "step": "apply"})
    assert page.status_code == 400


@pytest.mark.usefixtures("stored")
def test_an_agreement_is_suspended_and_resumed_with_a_reason() -> None:
    browser, address = browser_of("parveen"), f"/agreements/{HARBOUR}/status/"
    assert browser.post(address, {"step": "suspend"}).status_code == 400
    assert browser.post(address, {"step": "burn", "reason": "x"}).status_code == 404
    assert browser.post(address, {"step": "suspend", "reason": "They were robbed."}).status_code == 302
    assert "They were robbed." in _said(browser.get(f"/agreements/{HARBOUR}/"))
    assert queries.agreement(OPERATOR, HARBOUR).agreement.status == "suspended"
    browser.post(address, {"step": "resume", "reason": "All is well."})
    assert queries.agreement(OPERATOR, HARBOUR).agreement.status == "in_force"


@pytest.mark.usefixtures("stored")
def test_the_queue_shows_what_waits_and_why() -> None:
    said = _said(browser_of("asad").get("/holds/"))
    assert "3 wait." in said
    assert "Its TLP label cannot be read." in said
    assert "A named approver has to agree." in said
    assert "Decide the chosen" not in said


@pytest.mark.usefixtures("stored")
def test_a_hold_is_released_with_an_answer_and_a_reason_and_stands_in_the_ledger() -> None:
    browser, uid = browser_of("luqman"), _unreadable().uid
    address = f"/holds/{uid}/?language=en"
    browser.get(address)
    page = browser.get(f"/holds/{uid}/")
    assert 'name="said_tlp"' in page.content.decode()
    assert browser.post(f"/holds/{uid}/", {"step": "release"}).status_code == 400
    still = browser.post(f"/holds/{uid}/", {"step": "release", "reason": "Read it."})
    assert still.status_code == 400
    assert "still held" in _said(still)
    done = {"step": "release", "reason": "Read it: it is green.", "said_tlp": "GREEN"}
    assert browser.post(f"/holds/{uid}/", done).status_code == 302
    detail = queries.hold(OPERATOR, uid)
    assert (detail.hold.state, detail.hold.decided_by) == ("released", email_of("luqman"))
    assert detail.hold.decision_entry is not None
    entry = _said(browser.get(f"/ledger/{detail.hold.decision_entry}/?replay=yes"))
    assert "the answer is the same" in entry


@pytest.mark.usefixtures("stored")
def test_only_whom_the_agreement_names_sees_the_way_to_decide() -> None:
    browser, held = browser_of("luqman"), _held(type="x-evidence")
    browser.get("/?language=en")
    assert "You were not appointed" in _said(browser.get(f"/holds/{held.uid}/"))
    refused = browser.post(f"/holds/{held.uid}/", {"step": "release", "reason": "I want it."})
    assert refused.status_code == 400
    assert queries.hold(OPERATOR, held.uid).hold.state == "open"
    actions.appoint_approver(actor=OPERATOR, role="role--director", person=email_of("luqman"))
    assert browser.post(f"/holds/{held.uid}/", {"step": "release", "reason": "Yes."}).status_code == 302


@pytest.mark.usefixtures("stored")
def test_several_holds_are_shown_before_they_are_decided_one_by_one() -> None:
    browser = browser_of("luqman")
    browser.get("/?language=en")
    uids = [str(row.uid) for row in queries.holds(OPERATOR, state="open").rows]
    shown = browser.post("/holds/several/", {"hold": uids})
    assert shown.status_code == 200
    assert queries.open_holds(OPERATOR) == 3
    assert browser.post("/holds/several/", {"hold": uids, "reason": "", "step": "refuse"}).status_code == 200
    assert queries.open_holds(OPERATOR) == 3
    mixed = browser.post("/holds/several/", {"hold": uids, "reason": "Not now.", "step": "refuse"})
    assert mixed.status_code == 409
    assert "These could not be decided so" in _said(mixed)
    assert queries.open_holds(OPERATOR) == 1
    assert browser.post("/holds/several/", {"hold": ["x"]}).status_code == 404
    assert browser.post("/holds/several/", {}).status_code == 400
    many = {"hold": [str(uuid4()) for _ in range(51)]}
    assert browser.post("/holds/several/", many).status_code == 400


@pytest.mark.usefixtures("stored")
def test_the_ledger_is_filtered_and_verified_and_an_edit_would_be_named() -> None:
    browser = browser_of("asad")
    everything = _said(browser.get("/ledger/"))
    assert "7 entries" in everything or "6 entries" in everything
    assert "agreement taken in" in _said(browser.get("/ledger/?kind=imported"))
    assert "Nothing fits this search" in _said(browser.get("/ledger/?recipient=quay"))
    assert "Nothing fits this search" in _said(browser.get("/ledger/?day=1999-01-01"))
    assert "not anchored" in _said(browser.post("/ledger/verify/"))
    assert browser_of("ayesha").post("/ledger/verify/").status_code == 404


@pytest.mark.usefixtures("stored")
def test_a_what_if_shows_what_would_have_left_as_numbers_and_rows() -> None:
    browser = browser_of("parveen")
    assert "agr--harbour" in _said(browser.get("/agreements/what-if/"))
    assert "k_anonymity: 9" in browser.get(f"/agreements/what-if/?agreement={HARBOUR}").content.decode()
    text = (
        sample_text()
        .replace(b"revision: 4", b"revision: 6")
        .replace(b"tlp_max: AMBER\n    ret", b"tlp_max: RED\n    ret")
    )
    text = text.replace(b"clearance_tlp: AMBER+STRICT", b"clearance_tlp: RED")
    page = browser.post("/agreements/what-if/", {"text": text.decode(), "days": 3660})
    assert page.status_code == 200
    said = _said(page)
    assert "Exits that would have gone otherwise" in said
    assert "indicator--00000005" in said
    assert queries.agreement(OPERATOR, HARBOUR).agreement.revision == 5
    assert browser.post("/agreements/what-if/", {"text": "nonsense: 1", "days": 3}).status_code == 400
    assert browser.post("/agreements/what-if/", {"text": text.decode(), "days": 0}).status_code == 400


def test_an_empty_node_says_what_to_do(cast: dict[str, Viewer]) -> None:
    browser = browser_of("parveen")
    assert "No agreements yet" in _said(browser.get("/agreements/"))
    assert "Nothing waits" in _said(browser.get("/holds/"))
    assert "The ledger is empty" in _said(browser.get("/ledger/"))
    assert "No checkpoints yet" in _said(browser.get("/ledger/checkpoints/"))
    assert Client().get("/agreements/").status_code == 404
