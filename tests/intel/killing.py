"""A nation's morning of deliveries, ingested again and again and killed in the middle: ``python -m tests.intel.killing FOLDER KILLS SEED``.

Prints one JSON line: the digest of an unbroken run, its seconds, and for every kill when it came, whether it came in time and the
digest after the deliveries were handed in again. Runs in a process of its own because it forks: Django is started once.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
DELIVERIES = (
    ("trails", "maltrail/trails", "trails"),
    ("reports", "shadowserver/scan_ntp", "scan_ntp.json"),
    ("lists", "misp/warning-lists", "list.json"),
    ("bundles", "stix/bundle", "bundle.json"),
)
_CREATED = "2026-11-20T08:00:00.000Z"


def write_deliveries(folder: Path) -> None:
    """About 10,000 rows: trails in 20 families, a report about our own addresses, a warning list, a bundle of STIX objects."""
    trails = folder / "trails"
    trails.mkdir(parents=True)
    for family in range(20):
        rows = [f"host-{number % 320}.family-{family % 17}.example" for number in range(350)]
        rows += [f"198.18.{family}.{number % 256}:{number}" for number in range(1, 50)] + ["no trail, this"]
        head = "# Reference: https://report.example/"
        (trails / f"family{family}.txt").write_text(
            "\n".join(f"{head}{n // 50}\n\n{row}" for n, row in enumerate(rows))
        )
    report: list[dict[str, Any]] = [
        {
            "timestamp": f"2026-11-22 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z",
            "ip": f"198.18.{n // 256 % 256}.{n % 256}",
            "protocol": "udp",
            "port": 123,
            "severity": "medium",
        }
        for n in range(1500)
    ]
    (folder / "scan_ntp.json").write_text(json.dumps(report))
    values = [f"good-{number}.example" for number in range(800)]
    about = {"name": "Good sites", "version": 1, "type": "hostname", "matching_attributes": ["domain"]}
    (folder / "list.json").write_text(json.dumps({**about, "list": values}))
    (folder / "bundle.json").write_text(
        json.dumps(
            {"type": "bundle", "id": f"bundle--{UUID(int=1, version=4)}", "objects": [*_objects("bundle", 700)]},
            indent=1,
        )
    )


def _objects(name: str, count: int) -> Iterator[dict[str, Any]]:
    """Indicators, a report that cites them all and a marking definition that comes last."""
    ids = {number: uuid5(NAMESPACE_URL, f"{name} {number}") for number in range(count)}
    common = {"spec_version": "2.1", "created": _CREATED}
    marking = f"marking-definition--{uuid5(NAMESPACE_URL, name)}"
    cited = [f"indicator--{ids[number]}" for number in range(count)]
    about = {
        "type": "report",
        "id": f"report--{uuid5(NAMESPACE_URL, name)}",
        "modified": _CREATED,
        "published": _CREATED,
    }
    yield common | about | {"name": name, "object_refs": cited}
    for number, uid in ids.items():
        said = {
            "pattern": f"[domain-name:value = 'h{number}.{name}.example']",
            "pattern_type": "stix",
            "valid_from": _CREATED,
        }
        yield common | {
            "type": "indicator",
            "id": f"indicator--{uid}",
            "modified": _CREATED,
            **said,
            "object_marking_refs": [marking],
        }
    yield common | {
        "type": "marking-definition",
        "id": marking,
        "definition_type": "statement",
        "definition": {"statement": "TLP:AMBER"},
    }


def run(folder: Path) -> None:
    """Hand in every delivery, and what a partner pushes."""
    from tocsin.constituency.access import OPERATOR
    from tocsin.intel import actions

    for source, feed, name in DELIVERIES:
        actions.ingest(actor=OPERATOR, source=source, feed=feed, paths=[folder / name], at=AT)
    pushed = [json.dumps(one).encode() for one in _objects("partner", 1300)]
    kept = actions.keep_objects(actor=OPERATOR, source="partner", objects=pushed, at=AT)
    assert all(one.object_id for one in kept)


def digest() -> str:
    """Everything that counts, by its natural keys: rows of the database, parts and raw bytes of the lake."""
    from tocsin.constituency.access import OPERATOR
    from tocsin.constituency.models import AuditEntry
    from tocsin.intel import actions, models
    from tocsin.jobs.holdings import the_lake
    from tocsin.jobs.models import ChangeEntry

    actions.sweep_orphans(actor=OPERATOR, wait_seconds=30)
    hasher = sha256()

    def take(name: str, rows: Iterable[Any]) -> None:
        for row in sorted(map(repr, rows)):
            hasher.update(f"{name} {row}\n".encode())

    take("source", models.Source.objects.values_list("name", "tlp", "confidence"))
    delivery = [
        "uid",
        "source__name",
        "state",
        "received_at",
        "size",
        "members",
        "received",
        "kept",
        "duplicate",
        "rejected",
    ]
    take(
        "delivery", models.Delivery.objects.values_list(*delivery, "observations", "parts", "indicators_new", "digest")
    )
    take("file", models.DeliveryFile.objects.values_list("delivery__uid", "name", "sha256", "size", "buried_at"))
    take("member", models.DeliveryMember.objects.values_list("delivery__uid", "name"))
    take("rejected", models.RejectedRow.objects.values_list("delivery__uid", "member", "line", "problem", "raw"))
    columns = [field.name for field in models.Indicator._meta.concrete_fields if field.name != "id"]
    take("indicator", models.Indicator.objects.values_list(*columns))
    said = [field.name for field in models.Statement._meta.concrete_fields if field.name not in ("id", "digest")]
    take("statement", models.Statement.objects.values_list(*said))
    provenance = ["indicator__uid", "feed__name", "slot", "statement__malware", "member__name", "line", "count"]
    take("provenance", models.Provenance.objects.values_list(*provenance, "first_delivery__uid", "last_delivery__uid"))
    take("list", models.WarningList.objects.values_list("slug", "kind", "scope", "digest", "size", "delivery__uid"))
    take("entry", models.WarningListEntry.objects.values_list("warning_list__slug", "value"))
    version = ["stix_id", "version_us", "sha256", "marking", "derived_marking", "obtained_at"]
    take("object", models.StixObject.objects.values_list(*version, "subject__text"))
    take("object bytes", ((name, bytes(raw)) for name, raw in models.StixObject.objects.values_list("stix_id", "raw")))
    take("posting", ((key.hex, name) for key, name in models.Posting.objects.values_list("key", "object__stix_id")))
    take("dependence", models.Dependence.objects.values_list("needed", "dependent"))
    # a batch that a partner pushes again after a kill counts its giver again: the count alone may differ
    given = models.ObjectProvenance.objects.values_list("object__stix_id", "source__name", "delivery__uid", "first_at")
    take("object provenance", given)
    # ids of rows, and how many batches there were, tell where the kill came and nothing else
    told = ChangeEntry.objects.exclude(kind__startswith="objects-")
    take("change", told.values_list("room", "kind", "subject", "detail"))
    take(
        "audit", AuditEntry.objects.exclude(action="intel.objects-kept").values_list("actor_name", "action", "subject")
    )
    root = the_lake().root
    files = [file for file in root.rglob("*") if file.is_file() and file.name != "lake.lock"]
    take("lake", ((str(file.relative_to(root)), sha256(file.read_bytes()).hexdigest()) for file in files))
    return hasher.hexdigest()


class Stage:
    """A database and a lake that can be put back to the beginning."""

    def __init__(self, folder: Path) -> None:
        from django.conf import settings
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self.folder, self.storage = folder, Path(settings.STORAGE)

    def reset(self) -> None:
        """Empty everything and enter the sources."""
        from django.core.management import call_command

        from tocsin.constituency.access import OPERATOR
        from tocsin.intel import actions

        _without_triggers(lambda: call_command("flush", verbosity=0, interactive=False))
        shutil.rmtree(self.storage / "lake", ignore_errors=True)
        for source, feed, _ in DELIVERIES:
            row = actions.SourceRow(name=source, title=source, feeds=[feed], valid_for=30)
            actions.add_source(actor=OPERATOR, row=row, at=AT)

    def start(self, work: Any) -> int:
        """Do the work in a fork, with a connection of its own; gives the fork's process id."""
        from django.db import connections

        connections.close_all()
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)

    def finish(self) -> float:
        """Hand everything in, unbroken; gives the seconds it took."""
        started = time.monotonic()
        _, status = os.waitpid(self.start(lambda: run(self.folder)), 0)
        assert status == 0, status
        return time.monotonic() - started


def _without_triggers(flush: Any) -> None:
    """The audit log refuses to be emptied; between two rounds it has to be."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            flush()
            for _, definition in triggers:
                cursor.execute(definition)
        else:
            flush()


def main(folder: Path, kills: int, seed: int) -> None:
    """Print what happened as JSON."""
    import django

    django.setup()
    from tocsin.formats import parallel

    # small as they are, the deliveries are parsed in a process of its own, as large ones are
    parallel.WORTH_A_PROCESS = 100_000
    write_deliveries(folder / "in")
    stage = Stage(folder / "in")
    stage.reset()
    seconds = stage.finish()
    unbroken = digest()
    dice = random.Random(seed)  # noqa: S311 (chance, not secrecy)
    told: list[dict[str, Any]] = []
    in_time = 0
    while in_time < kills and len(told) < 3 * kills:
        stage.reset()
        after = seconds * (in_time + dice.random()) / kills
        child = stage.start(lambda: run(stage.folder))
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        in_time += os.WIFSIGNALED(status)
        seconds = min(seconds, stage.finish())
        told.append({"after": after, "was_killed": os.WIFSIGNALED(status), "digest": digest()})
    print(json.dumps({"unbroken": unbroken, "seconds": seconds, "kills": told}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
