"""The API as its own description says it is: arbitrary requests through WSGI, and who may read what."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import FailureGroup
from tests.agreements.stored import HARBOUR, about, decide, store
from tests.cast import INDUS_POWER, PEOPLE, RAVI_NET, bearer_of, cast, constituency, email_of
from tests.detection.conftest import MORNING, Intelligence, asked, intelligence, run
from tests.intel.stix_cast import indicator, keep

from tocsin.agreements import actions as agreements
from tocsin.constituency import actions as constituency_actions
from tocsin.constituency.access import OPERATOR, Permission, Role, Viewer
from tocsin.detection import queries as detection
from tocsin.findings import actions as findings
from tocsin.findings import queries as finding_queries
from tocsin.intel import queries as intel
from tocsin.project.reference import description

__all__ = ["cast", "constituency", "intelligence"]

SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(description())))
EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

#: Operation -> what it needs. Whoever adds an operation writes down here who may use it.
NEEDED = {
    "GET /api/v1/organisations": Permission.CONSTITUENCY_READ,
    "GET /api/v1/organisations/{slug}": Permission.CONSTITUENCY_READ,
    "GET /api/v1/organisations/{slug}/networks": Permission.CONSTITUENCY_READ,
    "GET /api/v1/organisations/{slug}/domains": Permission.CONSTITUENCY_READ,
    "GET /api/v1/sectors": Permission.CONSTITUENCY_READ,
    "GET /api/v1/whose": Permission.CONSTITUENCY_READ,
    "GET /api/v1/people": Permission.PEOPLE_READ,
    "GET /api/v1/audit": Permission.AUDIT_READ,
    "GET /api/v1/agreements": Permission.AGREEMENTS_READ,
    "GET /api/v1/agreements/{name}": Permission.AGREEMENTS_READ,
    "GET /api/v1/ledger": Permission.LEDGER_READ,
    "GET /api/v1/ledger/checkpoint": Permission.LEDGER_READ,
    "GET /api/v1/ledger/checkpoints": Permission.LEDGER_READ,
    "POST /api/v1/decisions": Permission.AGREEMENTS_READ,
    "POST /api/v1/what-if": Permission.LEDGER_READ,
    "GET /api/v1/ledger/{number}": Permission.LEDGER_READ,
    "GET /api/v1/holds": Permission.LEDGER_READ,
    "GET /api/v1/holds/{uid}": Permission.LEDGER_READ,
    "POST /api/v1/holds/{uid}/decision": Permission.HOLDS_DECIDE,
    "GET /api/v1/sources": Permission.INTEL_READ,
    "GET /api/v1/sources/{name}": Permission.INTEL_READ,
    "GET /api/v1/deliveries": Permission.INTEL_READ,
    "GET /api/v1/deliveries/{uid}": Permission.INTEL_READ,
    "GET /api/v1/deliveries/{uid}/files": Permission.INTEL_READ,
    "GET /api/v1/deliveries/{uid}/rejected": Permission.INTEL_READ,
    "GET /api/v1/indicators": Permission.INTEL_READ,
    "GET /api/v1/indicators.jsonl": Permission.INTEL_READ,
    "GET /api/v1/indicators/{uid}": Permission.INTEL_READ,
    "GET /api/v1/objects": Permission.INTEL_READ,
    "GET /api/v1/objects/{stix_id}": Permission.INTEL_READ,
    "POST /api/v1/objects/{stix_id}/sightings": Permission.INTEL_INGEST,
    "POST /api/v1/objects/{stix_id}/false-positive": Permission.INTEL_INGEST,
    "POST /api/v1/objects/{stix_id}/retraction": Permission.INTEL_INGEST,
    "GET /api/v1/warning-lists": Permission.INTEL_READ,
    "GET /api/v1/warning-lists/{slug}": Permission.INTEL_READ,
    "GET /api/v1/warning-lists/{slug}/entries": Permission.INTEL_READ,
    "GET /api/v1/runs": Permission.RUNS_READ,
    "GET /api/v1/runs/{uid}": Permission.RUNS_READ,
    "GET /api/v1/hits": Permission.RUNS_READ,
    "GET /api/v1/findings": Permission.FINDINGS_READ,
    "GET /api/v1/findings/{reference}": Permission.FINDINGS_READ,
    "GET /api/v1/findings/{reference}/observations": Permission.FINDINGS_READ,
    "POST /api/v1/findings/{reference}/judgement": Permission.FINDINGS_TRIAGE,
}

#: Role by role, what each of the cast may read: everything else is 404.
READABLE = {
    "ayesha": {"constituency", "agreements", "intel", "detection", "findings"},
    "luqman": {"constituency", "people", "audit", "agreements", "ledger", "intel", "detection", "findings"},
    "parveen": {"agreements", "ledger", "intel"},
    "asad": {"constituency", "people", "audit", "agreements", "ledger", "intel", "detection", "findings"},
    "adeel": {"constituency", "people"},
}
_SUBJECT = {
    Permission.CONSTITUENCY_READ: "constituency",
    Permission.PEOPLE_READ: "people",
    Permission.AUDIT_READ: "audit",
    Permission.AGREEMENTS_READ: "agreements",
    Permission.LEDGER_READ: "ledger",
    Permission.INTEL_READ: "intel",
    Permission.RUNS_READ: "detection",
    Permission.FINDINGS_READ: "findings",
}


def _operations() -> Iterator[tuple[str, Any]]:
    for found in SCHEMA.get_all_operations():
        operation: Any = found
        yield operation.ok().label, operation.ok()


@pytest.fixture
def there(cast: dict[str, Viewer], intelligence: Intelligence, tmp_path: Path) -> Mapping[str, Mapping[str, str]]:
    """Something of everything; gives, by the beginning of an address, path parameters that name what is there."""
    log = tmp_path / "dns.log"
    names = ("c2.example", "good.example", "ended.example")
    log.write_bytes(b"".join(asked(MORNING, f"198.18.10.{n}", name) for n, name in enumerate(names)))
    report = run(log, owner=RAVI_NET)
    findings.absorb(actor=OPERATOR)
    ((finding, *_), _) = finding_queries.findings(OPERATOR, finding_queries.FindingSearch())
    (hit, *_) = detection.hits(OPERATOR, detection.HitSearch(run=UUID(report.uid))).rows
    store()
    (held,) = decide(about(1, tlp="nobody can read this"))
    agreements.make_checkpoint(actor=OPERATOR)
    return {
        "/api/v1/agreements": {"name": HARBOUR},
        "/api/v1/ledger": {"number": str(held.ledger_number)},
        "/api/v1/holds": {"uid": str(held.hold_uid)},
        "/api/v1/organisations": {"slug": INDUS_POWER},
        "/api/v1/sources": {"name": "partner"},
        "/api/v1/deliveries": {"uid": str(intel.deliveries(OPERATOR).rows[0].uid)},
        "/api/v1/indicators": {"uid": str(hit.indicator)},
        "/api/v1/objects": {"stix_id": keep(indicator("c2.example"))[0].stix_id},
        "/api/v1/warning-lists": {"slug": intel.warning_lists(OPERATOR)[0].slug},
        "/api/v1/runs": {"uid": report.uid},
        "/api/v1/findings": {"reference": finding.reference},
    }


def _plain(path: str) -> str:
    """``{uuidstr:uid}`` is ``{uid}`` in the description."""
    return re.sub(r"\{\w+:", "{", path)


def _named(path: str, there: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    return next((names for start, names in there.items() if path.startswith(f"{start}/{{")), {})


class Asking:
    """Asks with a token that may do everything, and holds each answer against the description."""

    def __init__(self, token: str) -> None:
        self._headers = {"Authorization": token}
        self.met: set[int] = set()

    def about(self, operation: Any, mode: GenerationMode, names: Mapping[str, str]) -> None:
        """Arbitrary requests of one operation, each as drawn and, if its address names something, about what is there."""

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Case[Any]) -> None:
            self._ask(case)
            if names:
                case.path_parameters = dict(names)
                self._ask(case)

        check()

    def _ask(self, case: Case[Any]) -> None:
        response = case.call(headers=self._headers)
        self.met.add(response.status_code)
        case.validate_response(response, checks=CHECKS)


@pytest.fixture
def _open_connection() -> Iterator[None]:
    """As in Django's own test client: a request does not close the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.usefixtures("_open_connection")
def test_any_request_gets_an_answer_as_described_and_never_a_fault_of_ours(
    there: Mapping[str, Mapping[str, str]],
) -> None:
    constituency_actions.change_person(actor=OPERATOR, email=email_of("luqman"), roles=list(Role))
    asking = Asking(bearer_of("luqman")["HTTP_AUTHORIZATION"])
    SCHEMA.app = get_wsgi_application()
    wrong: dict[str, str] = {}
    for label, operation in _operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                asking.about(operation, mode, _named(operation.path, there))
            except FailureGroup as error:
                wrong[f"{label} ({mode.value})"] = "\n".join(str(one) for one in error.exceptions)
    assert wrong == {}
    assert {200, 404, 409, 422} <= asking.met


def test_every_operation_declares_what_it_needs_and_stands_in_the_table() -> None:
    declared = {}
    for room in ("constituency", "agreements", "intel", "detection", "findings", "exchange"):
        for path, view in import_module(f"tocsin.{room}.api").router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    declared[f"{method} /api/v1{_plain(path)}"] = getattr(operation.view_func, "needed", None)
    assert declared == {name: frozenset({permission}) for name, permission in NEEDED.items()}
    assert {label for label, _ in _operations()} == set(NEEDED)


@pytest.mark.django_db
def test_who_reads_what_is_as_the_table_of_roles_says(there: Mapping[str, Mapping[str, str]]) -> None:
    wrong = []
    for name in PEOPLE:
        headers: Any = bearer_of(name)
        for label, permission in NEEDED.items():
            method, path = label.split()
            if method != "GET":
                continue
            address = path.format(**_named(path, there)) + ("?subject=198.18.10.1" if path.endswith("/whose") else "")
            status = Client().get(address, **headers).status_code
            if status != (200 if _SUBJECT[permission] in READABLE[name] else 404):
                wrong.append((name, address, status))
    assert wrong == []


@pytest.mark.django_db
def test_a_token_opens_what_its_scopes_name_and_no_more(there: Mapping[str, Mapping[str, str]]) -> None:
    wrong = []
    for scope in sorted(set(NEEDED.values())):
        headers: Any = bearer_of("luqman", scope)
        for label, permission in NEEDED.items():
            method, path = label.split()
            address = path.format(**_named(path, there)) + ("?subject=198.18.10.1" if path.endswith("/whose") else "")
            ask = Client().get if method == "GET" else Client().post
            sent: Any = {} if method == "GET" else {"data": "{}", "content_type": "application/json"}
            status = ask(address, **sent, **headers).status_code
            if (status == 404) is (permission is scope):
                wrong.append((scope.value, address, status))
    assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "status"), [("ayesha", 200), ("luqman", 200), ("asad", 404), ("adeel", 404)])
def test_who_may_judge_a_finding(there: Mapping[str, Mapping[str, str]], name: str, status: int) -> None:
    address = "/api/v1/findings/{reference}/judgement".format(**there["/api/v1/findings"])
    said = {"state": "acknowledged", "reason": "told by telephone"}
    headers: Any = bearer_of(name)
    answer = Client().post(address, json.dumps(said), content_type="application/json", **headers)
    assert answer.status_code == status
    state = finding_queries.finding(OPERATOR, there["/api/v1/findings"]["reference"]).finding.state
    assert state == ("acknowledged" if status == 200 else "new")
