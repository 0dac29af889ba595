"""A run and the absorption after it, killed in the middle again and again: ``python -m tests.findings.killing FOLDER KILLS SEED``.

Prints one JSON line: what an unbroken one leaves, its seconds, and for every kill when it came, whether it came in time, what was
visible right after it and what is there once everything was done again. Everything happens in forks of a process that itself
does nothing but start Django: threads of Arrow and DuckDB do not survive a fork.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def prepare(folder: Path) -> None:
    """Constituents, a partner's list, a report of 1,500 rows about our own addresses, three logs with 1,500 hits."""
    from django.core.management import call_command
    from tests.cast import CONSTITUENCY

    from tocsin.constituency import actions as constituency
    from tocsin.constituency.access import OPERATOR
    from tocsin.intel import actions as intel

    call_command("migrate", verbosity=0)
    folder.mkdir()
    (folder / "nation.yaml").write_text(CONSTITUENCY, "utf-8")
    constituency.load(actor=OPERATOR, paths=[folder / "nation.yaml"])
    (folder / "list.txt").write_text("".join(f"c2-{number}.example\n" for number in range(50)))
    report = [
        {
            "timestamp": f"2026-11-22 {n % 24:02}:{n % 60:02}:00Z",
            "ip": f"198.18.{n % 64}.{n % 251}",
            "protocol": "udp",
            "port": 123,
        }
        for n in range(1500)
    ]
    (folder / "scan_ntp.json").write_text(json.dumps(report))
    for source, feed, name in (
        ("lists", "plain/domains", "list.txt"),
        ("reports", "shadowserver/scan_ntp", "scan_ntp.json"),
    ):
        intel.add_source(actor=OPERATOR, row=intel.SourceRow(name=source, title=source, feeds=[feed]), at=AT)
        intel.ingest(actor=OPERATOR, source=source, feed=feed, paths=[folder / name], at=AT)
    (folder / "logs").mkdir()
    for number in range(3):
        lines = (_line(number * 5_000 + n) for n in range(5_000))
        (folder / "logs" / f"{number}.log").write_text("".join(lines))
    intel.compile_current_set(actor=OPERATOR)


def _line(number: int) -> str:
    name = f"www.c2-{number % 50}.example" if number % 10 == 0 else f"fine-{number}.example"
    told = {
        "ts": (AT + timedelta(seconds=number)).timestamp(),
        "id.orig_h": f"198.18.{number % 120}.{number % 250}",
        "query": name,
    }
    return json.dumps(told) + "\n"


def work(folder: Path) -> None:
    """Search the logs and bring the findings up to date."""
    from tocsin.constituency.access import OPERATOR
    from tocsin.detection import actions as detection
    from tocsin.findings import actions as findings

    detection.run_logs(actor=OPERATOR, logs=[folder / "logs"], owner="ravi-net")
    findings.absorb(actor=OPERATOR)


def left_behind() -> dict[str, Any]:
    """What a killed work left: what counts of it, and whether every part that counts is there and unchanged."""
    from tocsin.constituency.access import OPERATOR
    from tocsin.detection import queries as detection
    from tocsin.detection.models import Run
    from tocsin.findings.models import AttributedPart, Finding
    from tocsin.jobs.holdings import committed, the_lake

    lake = the_lake()
    for path, digest in committed().parts.items():
        lake.verify_part(path, digest)
    return {
        "states": sorted(Run.objects.values_list("state", flat=True)),
        "visible_hits": len(detection.hits(OPERATOR, detection.HitSearch(), size=10).rows),
        "findings": Finding.objects.count(),
        "attributed": AttributedPart.objects.count(),
    }


def digest() -> dict[str, Any]:
    """Everything that counts, by what it says: hits of runs that are done, facts in the lake, findings and what stands below them."""
    from tocsin.constituency.access import OPERATOR
    from tocsin.detection import queries as detection
    from tocsin.detection.models import Hit, Run
    from tocsin.findings.actions.attributing import ATTRIBUTION_SCHEMA
    from tocsin.findings.models import AttributedPart, Finding, FindingChange, FindingSource
    from tocsin.intel import queries as intel
    from tocsin.jobs.holdings import committed, the_lake

    hasher = sha256()

    def take(name: str, rows: Iterable[Any]) -> None:
        for row in sorted({repr(row) for row in rows}):
            hasher.update(f"{name} {row}\n".encode())

    done = Hit.objects.filter(run__state="done")
    columns = ("line", "evidence", "indicator__value", "observed_at", "outcome", "parties__organisation__slug")
    take("hit", done.values_list("file__name", *columns, "parties__address", "parties__because"))
    lake = the_lake()
    parts = [*intel.committed_parts(OPERATOR), *detection.committed_parts(OPERATOR)]
    facts = "SELECT DISTINCT uid, source, feed, observed_at, asset, ip, classification, tlp, line FROM observations"
    take("observation", (tuple(row.values()) for row in lake.query(facts, {"observations": parts}).to_pylist()))
    paths = list(AttributedPart.objects.values_list("path", flat=True))
    answers = "SELECT DISTINCT uid, organisation IS NULL, because, place, asset FROM attribution"
    found = lake.query(answers, {"attribution": paths}, schemas={"attribution": ATTRIBUTION_SCHEMA})
    take("attribution", (tuple(row.values()) for row in found.to_pylist()))
    key = ("organisation__slug", "problem", "asset")
    numbers = ("severity", "state", "tlp", "pap", "observations", "first_seen_at", "last_seen_at", "malware")
    take("finding", Finding.objects.values_list(*key, *numbers))
    below = [f"finding__{name}" for name in key]
    take("source", FindingSource.objects.values_list(*below, "source", "feed", "observations", "last_seen_at"))
    take("change", FindingChange.objects.values_list(*below, "actor", "before", "after", "reason"))
    references = list(Finding.objects.values_list("reference", flat=True))
    with lake.writing(30):
        orphans = lake.orphans(committed().parts)
    return {
        "digest": hasher.hexdigest(),
        "findings": len(references),
        "changes": FindingChange.objects.count(),
        "is_unique": len(references) == len(set(references)),
        "running": Run.objects.filter(state="running").count(),
        "orphans": orphans,
    }


def reset() -> None:
    """Back to where only the deliveries were taken in."""
    from tocsin.detection.models import Run
    from tocsin.findings.models import AttributedPart, Finding, Numbering
    from tocsin.jobs.holdings import committed, the_lake
    from tocsin.jobs.models import Cursor, LakePart

    for model in (Finding, AttributedPart, Numbering, Run):
        model.objects.all().delete()
    Cursor.objects.filter(name="findings").delete()
    LakePart.objects.filter(path__startswith="attribution/").delete()
    LakePart.objects.filter(path__startswith="observations/run-").delete()
    lake = the_lake()
    with lake.writing(30):
        lake.sweep(committed().parts)


def forked(folder: Path, job: Callable[[], Any]) -> int:
    """Start a job in a fork; what it gives is written to ``told.json``. Gives the fork's process id."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        (folder / "told.json").write_text(json.dumps(job()))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def finished(folder: Path, job: Callable[[], Any]) -> Any:
    """Do a job in a fork to its end; what it gave."""
    _, status = os.waitpid(forked(folder, job), 0)
    assert status == 0, status
    return json.loads((folder / "told.json").read_text())


def main(folder: Path, kills: int, seed: int) -> None:
    """Print what happened as JSON."""
    import django

    django.setup()
    for room in ("constituency", "intel", "detection", "findings"):
        # once here, not in every fork: importing starts no threads
        import_module(f"tocsin.{room}.actions")
    given = folder / "in"
    finished(folder, lambda: prepare(given))
    finished(folder, lambda: work(given))
    unbroken = finished(folder, digest)
    finished(folder, reset)
    started = time.monotonic()
    finished(folder, lambda: work(given))
    seconds = time.monotonic() - started
    dice, told = random.Random(seed), []  # noqa: S311 (moments, not secrets)
    for number in range(kills):
        finished(folder, reset)
        after = 0.95 * seconds * (number + dice.random()) / kills
        child = forked(folder, lambda: work(given))
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        left = finished(folder, left_behind)
        finished(folder, lambda: work(given))
        told.append(
            {"after": after, "was_killed": os.WIFSIGNALED(status), "left": left, "again": finished(folder, digest)}
        )
    print(json.dumps({"unbroken": unbroken, "seconds": seconds, "kills": told}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
