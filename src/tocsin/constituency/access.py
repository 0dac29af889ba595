"""Every permission question is answered here: who is looking, and may they.

A person has roles, a role has permissions (one table below), an API token has a subset of its person's permissions. What a viewer
may not see looks exactly like what does not exist: :class:`tocsin.vocab.errors.NotFound` inside, 404 outside.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, Literal

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from ninja.security import HttpBearer

from tocsin.constituency.models import ApiToken, Person
from tocsin.vocab.errors import NotFound


class Permission(StrEnum):
    """One thing that a viewer may be allowed. The value is also the scope of an API token."""

    CONSTITUENCY_READ = "constituency:read"
    CONSTITUENCY_WRITE = "constituency:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    SOURCES_WRITE = "sources:write"
    INTEL_READ = "intel:read"
    INTEL_INGEST = "intel:ingest"
    RUNS_READ = "runs:read"
    RUNS_START = "runs:start"
    FINDINGS_READ = "findings:read"
    FINDINGS_TRIAGE = "findings:triage"
    AGREEMENTS_READ = "agreements:read"
    AGREEMENTS_WRITE = "agreements:write"
    LEDGER_READ = "ledger:read"
    HOLDS_DECIDE = "holds:decide"
    AUDIT_READ = "audit:read"
    TOKENS_OWN = "tokens:own"
    SETTINGS_READ = "settings:read"
    EXCHANGE_READ = "exchange:read"
    EXCHANGE_WRITE = "exchange:write"


class Role(StrEnum):
    """What somebody is in the team. A person may have several."""

    ANALYST = "analyst"
    LEAD = "lead"
    PARTNER_LIAISON = "partner-liaison"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


_P = Permission
_ANALYST = frozenset(
    {
        _P.CONSTITUENCY_READ,
        _P.INTEL_READ,
        _P.INTEL_INGEST,
        _P.RUNS_READ,
        _P.RUNS_START,
        _P.FINDINGS_READ,
        _P.FINDINGS_TRIAGE,
        _P.AGREEMENTS_READ,
        _P.EXCHANGE_READ,
        _P.TOKENS_OWN,
    }
)
#: Who talks to partners: what was agreed, and what left under it.
_AGREEING = frozenset({_P.AGREEMENTS_READ, _P.AGREEMENTS_WRITE, _P.LEDGER_READ, _P.EXCHANGE_READ, _P.EXCHANGE_WRITE})

#: The one table from roles to permissions. A liaison talks to partners and sees no victims; an auditor reads everything and
#: changes nothing; an administrator looks after people and the constituency and sees neither intelligence nor findings.
#: Only a lead lifts a hold, and where the agreement names approvers only one who was appointed (``agreements``).
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ANALYST: _ANALYST,
    Role.LEAD: _ANALYST
    | _AGREEING
    | {
        _P.HOLDS_DECIDE,
        _P.CONSTITUENCY_WRITE,
        _P.SOURCES_WRITE,
        _P.PEOPLE_READ,
        _P.AUDIT_READ,
        _P.SETTINGS_READ,
    },
    Role.PARTNER_LIAISON: _AGREEING | {_P.INTEL_READ, _P.INTEL_INGEST, _P.SOURCES_WRITE, _P.TOKENS_OWN},
    Role.AUDITOR: frozenset(
        {
            _P.AUDIT_READ,
            _P.CONSTITUENCY_READ,
            _P.INTEL_READ,
            _P.RUNS_READ,
            _P.FINDINGS_READ,
            _P.AGREEMENTS_READ,
            _P.LEDGER_READ,
            _P.EXCHANGE_READ,
            _P.PEOPLE_READ,
            _P.SETTINGS_READ,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            _P.PEOPLE_READ,
            _P.PEOPLE_WRITE,
            _P.CONSTITUENCY_READ,
            _P.CONSTITUENCY_WRITE,
            _P.SETTINGS_READ,
            _P.TOKENS_OWN,
        }
    ),
}

ViewerKind = Literal["person", "token", "operator", "system", "partner", "stranger"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking or acting, and what they may. ``person_id`` is the database row of a person or of a token's person."""

    name: str
    kind: ViewerKind
    person_id: int | None
    permissions: frozenset[Permission]


#: Who acts is who looks: actions take the same value.
Actor = Viewer

#: Somebody at the machine's own command line: whoever can run it can read the database anyway.
OPERATOR = Viewer("operator", "operator", None, frozenset(Permission))
#: Background jobs.
SYSTEM = Viewer("system", "system", None, frozenset(Permission))
#: Nobody whom we know.
STRANGER = Viewer("stranger", "stranger", None, frozenset())


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """The union of the roles' permissions; a role that no longer exists gives none."""
    known = {role.value: role for role in Role}
    return frozenset().union(*(ROLE_PERMISSIONS[known[role]] for role in roles if role in known))


def viewer_of_person(person: Person) -> Viewer:
    """The viewer that a person is; a person who is no longer active is a stranger."""
    if not person.is_active:
        return STRANGER
    return Viewer(person.email, "person", person.pk, permissions_of(person.roles))


def viewer_of_token(token: ApiToken) -> Viewer:
    """The viewer that a token is: its scopes, as far as its person has them today."""
    person = viewer_of_person(token.person)
    if person is STRANGER:
        return STRANGER
    return Viewer(f"{person.name} ({token.name})", "token", token.person_id, person.permissions & _scopes(token.scopes))


def _scopes(words: Iterable[str]) -> frozenset[Permission]:
    known = {permission.value: permission for permission in Permission}
    return frozenset(known[word] for word in words if word in known)


def viewer_of(request: HttpRequest) -> Viewer:
    """Who sent this request: a token's viewer, the signed-in person, or :data:`STRANGER`. Never ``None``."""
    by_token = getattr(request, "auth", None)
    if isinstance(by_token, Viewer):
        return by_token
    person = getattr(request, "user", None)
    return viewer_of_person(person) if isinstance(person, Person) else STRANGER


def may(viewer: Viewer, permission: Permission) -> bool:
    """Whether the viewer has the permission."""
    return permission in viewer.permissions


def require(viewer: Viewer, *permissions: Permission) -> None:
    """Raises :class:`NotFound` unless the viewer has every one of the permissions."""
    if not viewer.permissions.issuperset(permissions):
        raise NotFound("There is nothing here for you.")


def needs(*permissions: Permission) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a page or an API operation with the permissions it needs; without them, and on ``NotFound``, it answers 404.

    ``@needs()`` with nothing is for what every signed-in person may see. The permissions stay readable as ``needed`` on the
    function, so that a test can visit every page.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> Any:
            viewer = viewer_of(request)
            try:
                if viewer.kind == "stranger":
                    raise NotFound("There is nothing here for strangers.")
                require(viewer, *permissions)
                return view(request, *arguments, **named)
            except NotFound as error:
                raise Http404 from error

        guarded.needed = frozenset(permissions)  # type: ignore[attr-defined]
        return guarded

    return decorate


def open_to_strangers(reason: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate the rare page that everybody may ask for, with the reason why; it stays readable as ``open_because``."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        view.open_because = reason  # type: ignore[attr-defined]
        return view

    return decorate


class TokenAuth(HttpBearer):
    """``Authorization: Bearer TOKEN`` for the API. A wrong, old or revoked token is a stranger's (404, see ``project/api.py``)."""

    def authenticate(self, request: HttpRequest, token: str) -> Viewer | None:  # noqa: ARG002 (the framework's signature)
        """The token's viewer, or ``None``."""
        row = ApiToken.objects.usable().of_text(token).select_related("person").first()
        if row is None:
            return None
        viewer = viewer_of_token(row)
        if viewer is STRANGER:
            return None
        row.note_use()
        return viewer


class StrangersFindNothing:
    """Middleware: a wrong method (405) or a missing form token (403) would tell a stranger that an address exists; 404 says nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, unless it tells a stranger too much."""
        response = self.get_response(request)
        if response.status_code in {403, 405} and viewer_of(request) is STRANGER and not TokenAuth()(request):
            raise Http404
        return response
