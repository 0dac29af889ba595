"""Who may what: one table, read aloud; tokens never have more than their person."""

from datetime import timedelta

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from tests.cast import STRANGER_NAME, bearer_of, email_of

from tocsin.constituency import actions, queries
from tocsin.constituency.access import (
    OPERATOR,
    ROLE_PERMISSIONS,
    STRANGER,
    SYSTEM,
    Permission,
    Role,
    TokenAuth,
    Viewer,
    may,
    needs,
    permissions_of,
    require,
    viewer_of,
)
from tocsin.constituency.models import ApiToken, Person
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, InputError, NotFound

P = Permission

#: The table of roles once more, by permission, so that a change has to be meant twice.
WHO_MAY = {
    P.CONSTITUENCY_READ: {"ayesha", "luqman", "asad", "adeel"},
    P.CONSTITUENCY_WRITE: {"luqman", "adeel"},
    P.PEOPLE_READ: {"luqman", "asad", "adeel"},
    P.PEOPLE_WRITE: {"adeel"},
    P.SOURCES_WRITE: {"luqman", "parveen"},
    P.INTEL_READ: {"ayesha", "luqman", "parveen", "asad"},
    P.INTEL_INGEST: {"ayesha", "luqman", "parveen"},
    P.RUNS_READ: {"ayesha", "luqman", "asad"},
    P.RUNS_START: {"ayesha", "luqman"},
    P.FINDINGS_READ: {"ayesha", "luqman", "asad"},
    P.FINDINGS_TRIAGE: {"ayesha", "luqman"},
    P.AGREEMENTS_READ: {"ayesha", "luqman", "parveen", "asad"},
    P.AGREEMENTS_WRITE: {"luqman", "parveen"},
    P.LEDGER_READ: {"luqman", "parveen", "asad"},
    P.HOLDS_DECIDE: {"luqman"},
    P.EXCHANGE_READ: {"ayesha", "luqman", "parveen", "asad"},
    P.EXCHANGE_WRITE: {"luqman", "parveen"},
    P.AUDIT_READ: {"luqman", "asad"},
    P.TOKENS_OWN: {"ayesha", "luqman", "parveen", "adeel"},
    P.SETTINGS_READ: {"luqman", "asad", "adeel"},
}


def test_every_permission_and_every_role_stands_in_the_table() -> None:
    assert set(WHO_MAY) == set(Permission)
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert frozenset().union(*ROLE_PERMISSIONS.values()) == set(Permission)


@pytest.mark.django_db
@pytest.mark.parametrize("permission", list(Permission))
def test_exactly_those_named_have_a_permission(cast: dict[str, Viewer], permission: Permission) -> None:
    assert {name for name, viewer in cast.items() if may(viewer, permission)} == WHO_MAY[permission]
    assert may(OPERATOR, permission)
    assert may(SYSTEM, permission)
    assert not may(STRANGER, permission)


def test_an_auditor_changes_nothing() -> None:
    assert not {p for p in ROLE_PERMISSIONS[Role.AUDITOR] if not p.value.endswith(":read")}


def test_roles_add_up_and_unknown_ones_give_nothing() -> None:
    both = permissions_of(["auditor", "administrator"])
    assert both == ROLE_PERMISSIONS[Role.AUDITOR] | ROLE_PERMISSIONS[Role.ADMINISTRATOR]
    assert permissions_of(["emperor"]) == frozenset()


def test_what_is_required_and_missing_looks_like_nothing_there() -> None:
    require(OPERATOR, P.AUDIT_READ, P.PEOPLE_WRITE)
    with pytest.raises(NotFound, match="nothing here"):
        require(STRANGER, P.AUDIT_READ)


@pytest.mark.django_db
def test_a_guarded_page_is_404_for_everybody_else_and_says_what_it_needs(cast: dict[str, Viewer]) -> None:
    @needs(P.AUDIT_READ)
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("log")

    @needs()
    def own_page(request: HttpRequest) -> HttpResponse:
        raise NotFound("no such thing")

    assert page.needed == {P.AUDIT_READ}  # type: ignore[attr-defined]
    for name, viewer in cast.items():
        request = RequestFactory().get("/audit/")
        request.user = Person.objects.get(email=email_of(name))
        if may(viewer, P.AUDIT_READ):
            assert page(request).content == b"log"
        else:
            with pytest.raises(Http404):
                page(request)
        with pytest.raises(Http404):
            own_page(request)


@pytest.mark.django_db
def test_whoever_left_the_team_is_a_stranger(cast: dict[str, Viewer]) -> None:
    request = RequestFactory().get("/")
    request.user = Person.objects.get(email=email_of(STRANGER_NAME))
    assert viewer_of(request) is STRANGER
    assert viewer_of(RequestFactory().get("/")) is STRANGER


def _viewer(headers: dict[str, str]) -> Viewer | None:
    found = TokenAuth()(RequestFactory().get("/api/v1/sectors", **headers))  # type: ignore[arg-type]
    assert found is None or isinstance(found, Viewer)
    return found


@pytest.mark.django_db
def test_a_token_has_its_scopes_as_far_as_its_person_has_them_today(cast: dict[str, Viewer]) -> None:
    headers = bearer_of("luqman", P.INTEL_READ, P.AUDIT_READ)
    viewer = _viewer(headers)
    assert viewer is not None
    assert viewer.kind == "token"
    assert viewer.permissions == {P.INTEL_READ, P.AUDIT_READ}
    actions.change_person(actor=OPERATOR, email=email_of("luqman"), roles=["analyst"])
    viewer = _viewer(headers)
    assert viewer is not None
    assert viewer.permissions == {P.INTEL_READ}


@pytest.mark.django_db
def test_a_token_ends_when_revoked_expired_or_its_person_leaves(cast: dict[str, Viewer]) -> None:
    revoked, expired, left = (bearer_of(name, P.INTEL_READ) for name in ("ayesha", "parveen", "asad"))
    assert all(_viewer(headers) for headers in (revoked, expired, left))
    actions.revoke_token(actor=cast["ayesha"], uid=ApiToken.objects.get(person__email=email_of("ayesha")).uid)
    ApiToken.objects.filter(person__email=email_of("parveen")).update(expires_at=clock.now())
    actions.change_person(actor=OPERATOR, email=email_of("asad"), is_active=False)
    assert [_viewer(headers) for headers in (revoked, expired, left)] == [None, None, None]
    assert _viewer({"HTTP_AUTHORIZATION": "Bearer tocsin_nonsense"}) is None
    assert _viewer({"HTTP_AUTHORIZATION": "Bearer \udcff"}) is None
    assert _viewer({}) is None


@pytest.mark.django_db
def test_a_used_token_remembers_when_to_the_minute(cast: dict[str, Viewer]) -> None:
    headers = bearer_of("ayesha", P.INTEL_READ)
    _viewer(headers)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    _viewer(headers)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    _viewer(headers)
    assert ApiToken.objects.filter(last_used_at__gt=first - timedelta(minutes=1)).exists()


@pytest.mark.django_db
def test_nobody_gets_a_token_with_more_than_they_have_or_for_somebody_else(cast: dict[str, Viewer]) -> None:
    asked = {"name": "script", "days": 7}
    with pytest.raises(InputError, match="may not give"):
        actions.make_token(
            actor=cast["ayesha"], person=email_of("ayesha"), scopes=[P.PEOPLE_WRITE], name="script", days=7
        )
    with pytest.raises(NotFound):
        actions.make_token(actor=cast["ayesha"], person=email_of("luqman"), scopes=[P.INTEL_READ], name="x", days=7)
    with pytest.raises(NotFound):
        actions.make_token(actor=cast["asad"], person=email_of("asad"), scopes=[P.AUDIT_READ], name="x", days=7)
    with pytest.raises(InputError, match="1 to 366 days"):
        actions.make_token(
            actor=cast["ayesha"], person=email_of("ayesha"), scopes=[P.INTEL_READ], name="script", days=10_000
        )
    with pytest.raises(Conflict):
        actions.make_token(actor=OPERATOR, person=email_of(STRANGER_NAME), scopes=[P.INTEL_READ], name="x", days=7)
    made = actions.make_token(actor=cast["ayesha"], person=email_of("ayesha"), scopes=[P.INTEL_READ], **asked)  # type: ignore[arg-type]
    assert [token.uid for token in queries.tokens(cast["ayesha"])] == [made.uid]
    assert made.text not in str(list(ApiToken.objects.values()))
    with pytest.raises(NotFound):
        actions.revoke_token(actor=cast["parveen"], uid=made.uid)


@pytest.mark.django_db
def test_a_token_cannot_make_tokens(cast: dict[str, Viewer]) -> None:
    viewer = _viewer(bearer_of("adeel"))
    assert viewer is not None
    with pytest.raises(NotFound):
        actions.make_token(actor=viewer, person=email_of("adeel"), scopes=[P.PEOPLE_READ], name="x", days=7)
