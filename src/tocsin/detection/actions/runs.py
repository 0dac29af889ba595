"""A run: search logs for everything that is known, keep every hit with its evidence, turn those that count into observations.

Hits are written in batches while the run goes on; nothing of it is shown or counted until the run is ``done``. A run that was
killed stays ``running`` and is swept to ``failed`` by the next one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.constituency.models import Organisation
from tocsin.detection.actions.judging import Judge, Judged
from tocsin.detection.actions.observing import context_of, observations_of
from tocsin.detection.actions.searching import Progress, SearchedLog, search_logs
from tocsin.detection.models import EVIDENCE_CHARACTERS, Hit, HitParty, Run, RunFile
from tocsin.engine import Hit as RawHit
from tocsin.engine import IndicatorSet
from tocsin.intel.actions import compile_current_set
from tocsin.intel.queries import CompiledSet
from tocsin.jobs import changes
from tocsin.jobs.holdings import committed, the_lake
from tocsin.jobs.holdings import record as record_part
from tocsin.lake.lock import held
from tocsin.lake.observations import OBSERVATION_SCHEMA, observation_batch
from tocsin.lake.store import Lake
from tocsin.text.streams import Limits
from tocsin.vocab.clock import now
from tocsin.vocab.errors import Conflict, TocsinError, UnknownName

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class FileAccounts:
    """What one log of a run came to."""

    name: str
    bytes: int
    lines: int
    hits: int


@dataclass(slots=True)
class RunReport:
    """What a run came to. ``by_outcome`` sums to ``hits``; ``affected`` counts counted hits by organisation's slug."""

    uid: str
    indicators: int
    files: list[FileAccounts] = field(default_factory=list)
    by_outcome: dict[str, int] = field(default_factory=dict)
    affected: dict[str, int] = field(default_factory=dict)
    nobodys: int = 0
    seconds: float = 0.0

    @property
    def hits(self) -> int:
        """All hits, whatever became of them."""
        return sum(self.by_outcome.values())

    @property
    def bytes(self) -> int:
        """Decompressed bytes of all logs."""
        return sum(file.bytes for file in self.files)


def run_logs(
    *,
    actor: Actor,
    logs: Sequence[str | Path],
    owner: str | None = None,
    assumed_at: datetime | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """Match logs against the stored indicators. ``owner`` is the slug of the organisation that wrote them; ``assumed_at`` the time
    given to lines that carry none (now, if not said).

    Raises ``UnknownName`` for an owner we do not serve, ``Unreadable`` for a log that cannot be read; the run is then ``failed``.
    """
    require(actor, Permission.RUNS_START)
    organisation = _organisation(owner)
    compiled = compile_current_set(actor=actor)
    uid = uuid4()
    # the lock comes before the row: whoever sees a running run whose lock is free knows that its process is gone
    with held(_lock_of(uid)):
        run = _begin(actor, uid, organisation, compiled, assumed_at)
        report = RunReport(str(uid), compiled.indicators)
        judge = Judge(actor, compiled, organisation.pk if organisation else None, run.assumed_at)
        try:
            _search(run, compiled, logs, judge, report, progress)
            _finish(actor, run, report)
        except (TocsinError, KeyboardInterrupt) as error:
            _fail(actor, run, str(error) or "the run was interrupted; start it again")
            raise
        finally:
            _lock_of(uid).unlink(missing_ok=True)
    return report


def _search(
    run: Run,
    compiled: CompiledSet,
    logs: Sequence[str | Path],
    judge: Judge,
    report: RunReport,
    progress: Progress | None,
) -> None:
    began = monotonic()
    with IndicatorSet.open(compiled.path) as indicators:
        for log in search_logs(indicators, logs, Limits.of(settings.TOCSIN.intake), progress):
            _keep(run, log, judge, report)
    report.seconds = monotonic() - began


def _organisation(slug: str | None) -> Organisation | None:
    if slug is None:
        return None
    found = Organisation.objects.filter(slug=slug).first()
    if found is None:
        raise UnknownName(f"there is no organisation {slug!r}: see 'tocsin constituency list' for the names in use")
    return found


@transaction.atomic
def _begin(
    actor: Actor, uid: UUID, organisation: Organisation | None, compiled: CompiledSet, assumed_at: datetime | None
) -> Run:
    _sweep_killed(actor)
    at = now()
    run = Run.objects.create(
        uid=uid,
        started_by=actor.name,
        owner=organisation,
        started_at=at,
        assumed_at=assumed_at or at,
        set_digest=compiled.digest,
        indicators=compiled.indicators,
    )
    owner = organisation.slug if organisation else None
    record(actor, AuditAction.RUN_STARTED, str(run.uid), {"owner": owner, "indicators": compiled.indicators})
    return run


def _sweep_killed(actor: Actor) -> None:
    """Runs whose process is gone hold no lock any longer: they failed, and their hits never counted."""
    for run in Run.objects.filter(state=Run.State.RUNNING):
        lock = _lock_of(run.uid)
        try:
            with held(lock):
                _fail(actor, run, "the run was interrupted; start it again")
                lock.unlink(missing_ok=True)
        except Conflict:
            continue


def _lock_of(uid: UUID) -> Path:
    return Path(settings.TOCSIN.storage.folder) / "runs" / f"{uid}.lock"


def _keep(run: Run, log: SearchedLog, judge: Judge, report: RunReport) -> None:
    """Write one log's hits as they come, then its counts."""
    file = RunFile.objects.create(run=run, name=log.name, bytes=0, lines=0, hits=0)
    for batch in _batches(log.hits):
        _write(run, file, judge.judge(batch, log.read_line), report)
        file.hits += len(batch)
    file.bytes, file.lines = log.stream.bytes, log.stream.lines
    file.save(update_fields=["bytes", "lines", "hits"])
    report.files.append(FileAccounts(file.name, file.bytes, file.lines, file.hits))


def _batches(hits: Iterator[RawHit]) -> Iterator[list[RawHit]]:
    while batch := list(islice(hits, _BATCH)):
        yield batch


@transaction.atomic
def _write(run: Run, file: RunFile, judged: Sequence[Judged], report: RunReport) -> None:
    rows = Hit.objects.bulk_create([_row(run, file, one) for one in judged])
    parties = [
        HitParty(hit=row, organisation_id=party.organisation, address=party.address or "", because=party.because.value)
        for row, one in zip(rows, judged, strict=True)
        for party in one.parties
    ]
    HitParty.objects.bulk_create(parties)
    for one in judged:
        report.by_outcome[one.outcome.value] = report.by_outcome.get(one.outcome.value, 0) + 1


def _row(run: Run, file: RunFile, one: Judged) -> Hit:
    text = one.text[: EVIDENCE_CHARACTERS * 4].decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    return Hit(
        run=run,
        file=file,
        line=one.line,
        evidence=text[:EVIDENCE_CHARACTERS],
        indicator_id=one.indicator.id,
        indicator_version=one.indicator.version,
        observed_at=one.observed_at,
        time_is_assumed=one.facts.observed_at is None,
        outcome=one.outcome.value,
        known_good=", ".join(one.known_good),
    )


def _finish(actor: Actor, run: Run, report: RunReport) -> None:
    """The part first, renamed into place; then, in one transaction, everything that makes the run count."""
    lake = the_lake()
    with lake.writing(wait_seconds=60), transaction.atomic():
        lake.sweep(committed().parts)
        run.part = _write_part(lake, actor, run)
        _count(run, report)
        run.state, run.finished_at, run.seconds = Run.State.DONE, now(), report.seconds
        run.bytes, run.lines = report.bytes, sum(file.lines for file in report.files)
        run.hits, run.counted = report.hits, report.by_outcome.get(Hit.Outcome.COUNTED, 0)
        run.save()
        changes.append(room="detection", kind="run", subject=str(run.uid))
        record(actor, AuditAction.RUN_FINISHED, str(run.uid), {"hits": run.hits, "counted": run.counted})


def _write_part(lake: Lake, actor: Actor, run: Run) -> str:
    """Path of the run's observations in the lake, or empty where no hit counted."""
    if not HitParty.objects.filter(hit__run=run).exists():
        return ""
    context = context_of(run)
    with lake.stage("observations", f"run-{run.uid}", OBSERVATION_SCHEMA) as writer:
        for placed in observations_of(actor, run):
            writer.write(observation_batch(placed, context))
    part = writer.close().publish()
    record_part(part)
    return part.path


def _count(run: Run, report: RunReport) -> None:
    parties = HitParty.objects.filter(hit__run=run)
    counts = (
        parties.values_list("organisation__slug")
        .annotate(hits=Count("hit", distinct=True))
        .order_by("-hits", "organisation__slug")
    )
    for slug, hits in counts:
        if slug is None:
            report.nobodys = hits
        else:
            report.affected[slug] = hits


@transaction.atomic
def _fail(actor: Actor, run: Run, problem: str) -> None:
    """Nothing of it counts: its logs go, and with them their hits; the run stays, with the reason."""
    RunFile.objects.filter(run=run).delete()
    run.state, run.finished_at, run.problem = Run.State.FAILED, now(), problem
    run.save(update_fields=["state", "finished_at", "problem"])
    record(actor, AuditAction.RUN_FAILED, str(run.uid), {"problem": problem})
