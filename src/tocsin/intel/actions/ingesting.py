"""Taking a delivery in: bytes kept, rows staged, then everything at once.

The order is what makes a kill at any moment harmless. Bytes go into the raw store under their hash, rows into temporary tables,
observations into a staged file: none of it counts. The part is renamed into place, then one transaction makes all of it count.
A delivery that is handed in again has the same name and takes up where nothing has happened yet; one that is committed changes
nothing any more.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.formats.feed import Feed, Options, find_feed
from tocsin.formats.parallel import Order, ParallelReading
from tocsin.intel.actions import arrivals as arriving
from tocsin.intel.actions.arrivals import Arrival
from tocsin.intel.actions.bundles import ObjectAccounts, StagedObjects
from tocsin.intel.actions.listing import ToldLists, touch
from tocsin.intel.actions.observing import ObservationPart
from tocsin.intel.actions.sources import find_source
from tocsin.intel.actions.upsert import Staging, Upserted, staging, staging_transaction, tell_planner
from tocsin.intel.models import Delivery, DeliveryFile, Source, SourceFeed
from tocsin.intel.queries.compiled import REVISION
from tocsin.intel.rules.packing import Batch, Defaults, pack_rows
from tocsin.jobs import changes
from tocsin.jobs.holdings import the_lake
from tocsin.lake.observations import ObservationContext
from tocsin.text.streams import Limits
from tocsin.vocab.clock import now
from tocsin.vocab.errors import TocsinError
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.records import Accounts

#: Told of what is going on: the phase (``keeping``, ``reading``, ``storing``), bytes done, bytes in all.
Progress = Callable[[str, int, int], None]

#: How long a delivery waits for the lake's other writer before it gives up.
WAIT_SECONDS = 600.0
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of a delivery. ``is_unchanged``: it was committed before, and nothing was done.

    ``accounts`` are the books of its rows, ``objects`` those of its STIX objects.
    """

    uid: UUID
    accounts: Accounts
    is_unchanged: bool = False
    upserted: Upserted = field(default_factory=Upserted)
    observations: int = 0
    objects: ObjectAccounts = field(default_factory=ObjectAccounts)
    lists: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(slots=True)
class _Taking:
    """One delivery while it is taken in."""

    actor: Actor
    source: Source
    stream: SourceFeed
    feed: Feed
    options: Options
    files: Sequence[Arrival]
    paths: Sequence[Path]
    at: datetime
    delivery: Delivery
    say: Progress
    staged: Staging
    part: ObservationPart
    objects: StagedObjects
    lists: ToldLists = field(default_factory=ToldLists)
    members: int = 0

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def ingest(
    *,
    actor: Actor,
    source: str,
    feed: str,
    paths: Sequence[str | Path],
    options: Options | None = None,
    progress: Progress | None = None,
    at: datetime | None = None,
) -> IngestReport:
    """Take the files (or ``-``) in as one delivery of ``feed`` from ``source``. ``at`` is when they were received: now.

    Where a record is silent it takes the source's marking and confidence, and is valid until ``valid_for`` days from now.
    Handing in what is already committed changes nothing. Raises ``UnknownName`` for an unknown source or feed, ``Unreadable`` for
    files that cannot be read to their end: then nothing is stored.
    """
    require(actor, Permission.INTEL_INGEST)
    parser, options = find_feed(feed), options or Options()
    publisher, stream = find_source(source, parser.name)
    received_at = (at or now()).replace(microsecond=0)
    lake, started = the_lake(), time.monotonic()
    with arriving.laid_down(paths, Path(settings.STORAGE) / "incoming") as files_at:
        files = arriving.arrivals(files_at)
        digest = arriving.digest_of(files, options)
        delivery = _received(actor, publisher, parser, digest, received_at, files)
        if delivery.state == Delivery.State.COMMITTED:
            return IngestReport(delivery.uid, delivery.accounts, is_unchanged=True, seconds=time.monotonic() - started)
        say = progress or (lambda *_: None)
        arriving.keep(files, lake)
        context = _context(publisher, parser.name, delivery)
        part = ObservationPart(context, publisher, parser.name)
        objects = StagedObjects()
        try:
            objects.stage(parser, files_at, Limits.of(settings.TOCSIN.intake))
            with staging() as staged:
                taking = _Taking(
                    actor,
                    publisher,
                    stream,
                    parser,
                    options,
                    files,
                    files_at,
                    received_at,
                    delivery,
                    say,
                    staged,
                    part,
                    objects,
                )
                reading = _stage(taking)
                return _commit(taking, reading, started)
        except TocsinError as error:
            _refuse(actor, delivery, error)
            raise
        finally:
            objects.close()
            part.release()


def _received(
    actor: Actor, source: Source, feed: Feed, digest: str, at: datetime, files: Sequence[Arrival]
) -> Delivery:
    """The delivery's row: the committed one, or one in state ``receiving``, new or left by a run that was interrupted."""
    uid = arriving.delivery_uid(source.name, feed.name, digest)
    with transaction.atomic():
        known = Delivery.objects.select_for_update().filter(uid=uid).first()
        if known is not None and known.state == Delivery.State.COMMITTED:
            return known
        values = {
            "source": source,
            "feed": feed.name,
            "gives": feed.gives,
            "digest": digest,
            "received_at": at,
            "size": sum(file.size for file in files),
            "tlp": source.tlp,
            "pap": source.pap,
            "actor": actor.name,
        }
        delivery, _ = Delivery.objects.update_or_create(uid=uid, defaults=values)
        return delivery


def _context(source: Source, feed: str, delivery: Delivery) -> ObservationContext:
    return ObservationContext(
        source=source.name,
        feed=feed,
        delivery=str(delivery.uid),
        received_at=delivery.received_at,
        tlp=Tlp(source.tlp),
        pap=Pap(source.pap),
        confidence=source.confidence,
    )


def _stage(taking: _Taking) -> ParallelReading[Batch]:
    """Read the delivery to its end; nothing of it counts yet."""
    source = taking.source
    until = taking.at + timedelta(days=source.valid_for) if source.valid_for else None
    defaults = Defaults(Tlp(source.tlp), Pap(source.pap), source.confidence, taking.feed.classification, until)
    order = Order(taking.feed.name, taking.paths, taking.options, Limits.of(settings.TOCSIN.intake))
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        taking.say("reading", done, taking.size)

    reading: ParallelReading[Batch] = ParallelReading(order, pack_rows(defaults), taking.size, count)
    with staging_transaction():
        for batch in reading:
            taking.members += len(batch.members)
            taking.staged.add(batch)
            taking.lists.add(batch.entries)
            taking.part.add(batch.observations, WAIT_SECONDS)
    taking.part.close()
    return reading


def _commit(taking: _Taking, reading: ParallelReading[Batch], started: float) -> IngestReport:
    """Make everything count, in one transaction."""
    delivery, accounts = taking.delivery, reading.accounts
    repeated = taking.part.repeated_rows
    accounts.kept, accounts.duplicate = accounts.kept - repeated, accounts.duplicate + repeated
    taking.say("storing", taking.size, taking.size)
    taking.part.publish()
    with transaction.atomic():
        current = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if current.state == Delivery.State.COMMITTED:
            # the same files, handed in twice at the same time: the other was faster
            return IngestReport(current.uid, current.accounts, is_unchanged=True, seconds=time.monotonic() - started)
        upserted = taking.staged.write(taking.stream.pk, delivery.pk, taking.at)
        lists = taking.lists.write(taking.source, delivery, taking.at)
        objects = taking.objects.write(delivery)
        _write_files(taking)
        _close_books(taking, reading, upserted, time.monotonic() - started)
        if upserted.changed:
            touch(REVISION, taking.at)
        _tell(taking, upserted, lists)
    tell_planner(upserted)
    part = taking.part.part
    return IngestReport(
        delivery.uid,
        accounts,
        upserted=upserted,
        observations=part.rows if part else 0,
        objects=objects,
        lists=tuple(lists),
        passed_over=tuple(reading.passed_over),
        seconds=time.monotonic() - started,
    )


def _write_files(taking: _Taking) -> None:
    DeliveryFile.objects.bulk_create(
        [
            DeliveryFile(delivery=taking.delivery, name=file.name, sha256=file.sha256, size=file.size)
            for file in taking.files
        ],
        batch_size=_BATCH,
    )


def _close_books(taking: _Taking, reading: ParallelReading[Batch], upserted: Upserted, seconds: float) -> None:
    accounts, part = reading.accounts, taking.part.part
    Delivery.objects.filter(pk=taking.delivery.pk).update(
        state=Delivery.State.COMMITTED,
        members=taking.members,
        received=accounts.received,
        kept=accounts.kept,
        duplicate=accounts.duplicate,
        rejected=accounts.rejected,
        indicators_new=upserted.new,
        indicators_seen=upserted.seen,
        retracted=upserted.retracted,
        observations=part.rows if part else 0,
        objects_kept=taking.objects.accounts.kept,
        objects_duplicate=taking.objects.accounts.duplicate,
        objects_refused=taking.objects.accounts.refused,
        parts={part.path: part.sha256} if part else {},
        seconds=seconds,
    )


def _tell(taking: _Taking, upserted: Upserted, lists: Sequence[str]) -> None:
    """The audit log and the change log: what rooms above react to."""
    subject = str(taking.delivery.uid)
    detail = {"source": taking.source.name, "feed": taking.feed.name}
    record(taking.actor, AuditAction.DELIVERY_INGESTED, subject, detail)
    changes.append("intel", "delivery-committed", subject, {**detail, "gives": taking.feed.gives})
    if upserted.new:
        changes.append("intel", "indicators-added", subject, {"count": upserted.new})
    if upserted.retracted:
        changes.append("intel", "indicators-retracted", subject, {"count": upserted.retracted})
    if taking.part.part:
        changes.append("intel", "observations-added", subject, {"count": taking.part.part.rows})
    for name in lists:
        record(taking.actor, AuditAction.WARNING_LIST_LOADED, name, detail)
        changes.append("intel", "warning-list-changed", name, detail)


def _refuse(actor: Actor, delivery: Delivery, error: TocsinError) -> None:
    """A delivery that cannot be read leaves a line in the audit log and nothing else."""
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.RECEIVING).delete()
        detail = {"source": delivery.source.name, "feed": delivery.feed, "problem": str(error)[:500]}
        record(actor, AuditAction.DELIVERY_REFUSED, str(delivery.uid), detail)
