"""Signing in with a link that works once, and not before somebody means it."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from tests.cast import STRANGER_NAME, browser_of, email_of

from tocsin.constituency import actions, views
from tocsin.constituency.access import OPERATOR, STRANGER, Viewer
from tocsin.constituency.models import AuditEntry, SignInLink
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, InputError, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    cache.clear()


def _link(name: str = "ayesha") -> str:
    return actions.make_sign_in_link(actor=OPERATOR, person=email_of(name))


def test_looking_at_a_link_does_not_use_it_up_and_the_button_does(cast: dict[str, Viewer]) -> None:
    path, browser = _link(), Client()
    for _ in range(2):
        page = browser.get(path)
        assert page.status_code == 200
        assert "ayesha@team.example" in page.content.decode()
    assert browser.get("/me/").status_code == 404
    landed = browser.post(path)
    assert (landed.status_code, landed["Location"]) == (302, "/")
    assert browser.get("/me/").status_code == 200
    assert browser.post(path).status_code == 404
    assert Client().get(path).status_code == 404
    actions_seen = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))[-3:]
    assert actions_seen[:2] == ["constituency.sign-in-link-made", "constituency.signed-in"]


def test_the_session_gets_a_fresh_key(cast: dict[str, Viewer]) -> None:
    browser = browser_of("asad")
    before = browser.session.session_key
    browser.post(_link("ayesha"))
    assert browser.session.session_key != before


def test_only_the_hash_of_a_link_is_stored(cast: dict[str, Viewer]) -> None:
    secret = _link().split("/")[2]
    assert len(secret) > 40
    assert secret not in str(list(SignInLink.objects.values()))


def test_a_link_ends_with_its_time_and_with_its_person(cast: dict[str, Viewer]) -> None:
    late, left = _link("ayesha"), _link("asad")
    SignInLink.objects.filter(person__email=email_of("ayesha")).update(expires_at=clock.now() - timedelta(seconds=1))
    actions.change_person(actor=OPERATOR, email=email_of("asad"), is_active=False)
    for path in (late, left, "/sign-in/nonsense/"):
        assert Client().get(path).status_code == 404
        assert Client().post(path).status_code == 404


def test_whoever_leaves_loses_their_sessions_at_once(cast: dict[str, Viewer]) -> None:
    browser = browser_of("luqman")
    assert browser.get("/me/").status_code == 200
    actions.change_person(actor=OPERATOR, email=email_of("luqman"), is_active=False)
    assert browser.get("/me/").status_code == 404
    actions.change_person(actor=OPERATOR, email=email_of("luqman"), is_active=True)
    assert browser.get("/me/").status_code == 404


def test_after_many_wrong_links_an_address_is_not_listened_to_for_a_while(cast: dict[str, Viewer]) -> None:
    path = _link()
    for number in range(views._TRIES):
        assert Client().get(f"/sign-in/wrong-{number}/").status_code == 404
    assert Client().get(path).status_code == 404
    assert Client(REMOTE_ADDR="198.18.0.9").get(path).status_code == 200
    assert AuditEntry.objects.filter(action="constituency.sign-in-refused").count() == 1


def test_signing_out_asks_and_then_ends_the_session(cast: dict[str, Viewer]) -> None:
    browser = browser_of("ayesha")
    assert browser.get("/sign-out/").status_code == 200
    assert browser.get("/me/").status_code == 200
    assert browser.post("/sign-out/").status_code == 200
    assert browser.get("/me/").status_code == 404
    assert AuditEntry.objects.order_by("pk").last().action == "constituency.signed-out"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "address"),
    [("ayesha", "/"), ("luqman", "/"), ("asad", "/"), ("parveen", "/deliveries/"), ("adeel", "/organisations/")],
)
def test_everybody_lands_on_a_page_that_they_may_see(cast: dict[str, Viewer], name: str, address: str) -> None:
    assert views.landing(cast[name]) == address


def test_nobody_lands_anywhere_without_any_permission() -> None:
    assert views.landing(STRANGER) == "/me/"


def test_people_are_added_once_with_roles_that_exist(cast: dict[str, Viewer]) -> None:
    def add(email: str = "new@team.example", name: str = "New", role: str = "analyst", language: str = "en") -> str:
        return actions.add_person(actor=cast["adeel"], email=email, name=name, roles=[role], language=language)

    assert add("New@Team.Example") == "new@team.example"
    with pytest.raises(Conflict, match="already"):
        add("NEW@team.example")
    for wrong in ({"email": "nonsense"}, {"role": "emperor"}, {"language": "fr"}, {"name": " "}):
        with pytest.raises(InputError):
            add(**{"email": "other@team.example", **wrong})
    with pytest.raises(NotFound):
        actions.add_person(actor=cast["luqman"], email="x@team.example", name="X", roles=["analyst"])
    with pytest.raises(Conflict, match="no longer active"):
        actions.make_sign_in_link(actor=cast["adeel"], person=email_of(STRANGER_NAME))
    with pytest.raises(NotFound):
        actions.make_sign_in_link(actor=cast["luqman"], person=email_of("ayesha"))
