"""No exit exists that does not ask: every door of Tocsin goes through the one release or the one decision, or says here why not.

A new door fails here until it asks. One that asks needs a row in ``EXITS`` where it is a page or an operation, so that it is also
tried; one that need not ask gets a row in ``EXCUSED`` with the reason, which a reviewer reads.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.cast import bearer_of, browser_of, cast
from tests.project import doors

from tocsin.constituency.access import Viewer
from tocsin.vocab.errors import NotFound

__all__ = ["cast"]

#: A page or operation through which something leaves -> its address, and how the one who asks signs in.
EXITS: dict[str, tuple[str, str]] = {
    "tocsin.detection.views:download": ("/hits.csv", "browser"),
    "tocsin.findings.views:download": ("/findings.csv", "browser"),
    "tocsin.intel.api:download": ("/api/v1/indicators.jsonl", "token"),
    "tocsin.intel.views:download": ("/indicators.csv", "browser"),
}

#: A door that need not ask -> why. A name that ends in ``*`` stands for all that begin so.
EXCUSED: dict[str, str] = {
    "tocsin.constituency.views:language": "chooses a language; sends nothing of ours",
    "tocsin.constituency.views:me": "a signed-in person of our own sees their own name and tokens",
    "tocsin.constituency.views:sign_in": "a stranger becomes somebody; sends a form",
    "tocsin.constituency.views:sign_out": "ends a session",
    "tocsin.exchange.views.door:_refused": "an error resource: words of our own, nothing that we hold",
    "tocsin.exchange.views.taxii:_taxii": "headers around a TAXII resource; what pages hold comes from page_of, which asks",
    "tocsin.exchange.views.taxii:delete_object": "an answer without a body",
    "tocsin.exchange.views.taxii:receipt": "a partner reads what it has collected itself: ids and digests, no objects",
    "tocsin.exchange.views.taxii:receipts": "a partner reads what it has collected itself: times and counts, no objects",
    "tocsin.findings.views:situation": "the front page of a signed-in person of our own; its parts are shown by permission",
    "tocsin.web.views:components": "the look of the components, no data",
    "tocsin.project.reference:openapi": "the description of the API for our own people, no data",
    "tocsin.project.reference:reference": "the description of the API for our own people, no data",
    "tocsin.agreements.actions.keeping:_make": "writes the key that signs our own checkpoints, once, readable by us alone",
    "tocsin.intel.actions.arrivals:laid_down": "keeps what arrives in our own storage folder",
    "tocsin.intel.actions.compiling:_write": "keeps the compiled set in our own storage folder",
    "tocsin.jobs.archive:*": "the operator's backup of our own node, into a folder of theirs",
    "tocsin.jobs.databases:_copy_out": "the operator's backup of our own node, into a folder of theirs",
    "tocsin.project.config:secret_key": "writes our own key, once, readable by us alone",
    "tocsin.web.assets:*": "fetches and lays down the console's own assets",
    "tocsin.web.downloads:*": "gives rows the form of a file; what calls it is a door itself",
    "tocsin.web.messages:*": "compiles translations, at build time",
    "tocsin.web.storage:collect": "lays down static files, at build time",
}


def _is_excused(name: str) -> bool:
    return any(name == row or (row.endswith("*") and name.startswith(row[:-1])) for row in EXCUSED)


def test_every_door_asks_or_is_excused_with_a_reason() -> None:
    wrong = [f"{door.name} ({', '.join(sorted(door.signs))})" for door in doors.doors() if not door.asks]
    wrong = [one for one in wrong if not _is_excused(one.partition(" ")[0])]
    assert wrong == [], (
        "these let bytes out and ask nobody: call release, decide_exits or decisions, or excuse them here"
    )


def test_every_download_that_asks_is_tried_below() -> None:
    found = {door.name for door in doors.doors() if door.asks and "download" in door.signs}
    assert found <= EXITS.keys()


def test_nothing_is_excused_that_is_no_door() -> None:
    found = [door.name for door in doors.doors()]
    idle = [
        row
        for row in EXCUSED
        if not any(name == row or (row.endswith("*") and name.startswith(row[:-1])) for name in found)
    ]
    assert idle == [], "these rows excuse nothing any more: take them out"
    assert all(len(reason) > 10 for reason in EXCUSED.values())


def _visitor(how: str) -> Client:
    headers: Any = bearer_of("luqman")
    return Client(**headers) if how == "token" else browser_of("luqman")


@pytest.mark.django_db
@pytest.mark.parametrize("name", EXITS)
def test_where_the_door_says_no_nothing_leaves(
    name: str, cast: dict[str, Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the door open the address answers; with the door shut there is nothing behind it, so the bytes have no other way."""
    address, how = EXITS[name]
    assert _visitor(how).get(address).status_code == 200
    tried = []

    def shut(**named: Any) -> None:
        tried.append(named)
        raise NotFound("The door is shut.")

    module = importlib.import_module(name.partition(":")[0])
    shut_names = [word for word in ("release",) if hasattr(module, word)]
    assert shut_names
    for word in shut_names:
        monkeypatch.setattr(module, word, shut)
    assert _visitor(how).get(address).status_code == 404
    assert len(tried) == 1


# --- The test is tested: planted doors ----------------------------------------------------------------------------------------

_SILENT = {
    "a download": "from django.http import StreamingHttpResponse as Answer\ndef leak(request):\n    return Answer(iter([b'x']))\n",
    "a file answer": "import django.http\ndef leak(request):\n    return django.http.FileResponse(open('/dev/null', 'rb'))\n",
    "a header": "from django.http import HttpResponse\ndef leak(request):\n    answer = HttpResponse(b'x')\n"
    "    answer['Content-Disposition'] = 'inline'\n    return answer\n",
    "plain bytes": "from django.http import HttpResponse\ndef leak(request):\n    return HttpResponse(b'x', content_type='text/csv')\n",
    "JSON": "from django.http import JsonResponse\ndef leak(request):\n    return JsonResponse({}, headers={'X': 'y'})\n",
    "the console's own form of a file": "from tocsin.web import downloads\ndef leak(request):\n    return downloads.as_csv('x', (), ())\n",
    "an exporter": "from tocsin.formats.exporter import find_exporter\ndef leak(rows):\n    return find_exporter('jsonl').write(rows)\n",
    "the wire": "from tocsin.net import http\ndef leak(rows):\n    return http.fetch(rows)\n",
    "a file": "from pathlib import Path\ndef leak(rows):\n    Path('/nowhere').write_bytes(rows)\n",
    "an opened file": "def leak(rows):\n    with open('/nowhere', 'wb') as out:\n        out.write(rows)\n",
    "an import inside": "def leak(request):\n    from django.http import StreamingHttpResponse\n    return StreamingHttpResponse(())\n",
    "a method": "from django.http import FileResponse\nclass Sender:\n    def leak(self):\n        return FileResponse(())\n",
}
_ASKING = {
    "itself": "from tocsin.agreements.release import release\nfrom django.http import StreamingHttpResponse\n"
    "def door(request):\n    return StreamingHttpResponse(release(rows=()))\n",
    "through another function": "from tocsin.agreements import release as gate\nfrom django.http import StreamingHttpResponse\n"
    "def _rows():\n    return gate.release(rows=())\ndef door(request):\n    return StreamingHttpResponse(_rows())\n",
}


@pytest.fixture
def plant(tmp_path: Path) -> Callable[[str], list[doors.Door]]:
    """Makes a module of a source, and gives the doors that are then found in it."""

    def planted(source: str) -> list[doors.Door]:
        path = tmp_path / "planted.py"
        path.write_text(source, "utf-8")
        specification = importlib.util.spec_from_file_location("planted", path)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules["planted"] = module
        try:
            specification.loader.exec_module(module)
            return [door for door in doors.doors(module) if door.name.startswith("planted:")]
        finally:
            del sys.modules["planted"]

    return planted


@pytest.mark.parametrize("what", _SILENT)
def test_a_new_door_that_does_not_ask_is_found(what: str, plant: Callable[[str], list[doors.Door]]) -> None:
    assert [door.asks for door in plant(_SILENT[what])] == [False]


@pytest.mark.parametrize("what", _ASKING)
def test_a_new_door_that_asks_is_seen_to_ask(what: str, plant: Callable[[str], list[doors.Door]]) -> None:
    assert [(door.name, door.asks) for door in plant(_ASKING[what]) if door.signs] == [("planted:door", True)]
