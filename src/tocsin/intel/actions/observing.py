"""Observations of a delivery on their way into the lake: one part, without what the same feed has already said before."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tocsin.intel.models import Delivery, Source
from tocsin.jobs.holdings import committed, the_lake
from tocsin.lake.observations import OBSERVATION_SCHEMA, ObservationContext, PlacedObservation, batches
from tocsin.lake.store import Lake, Part, PartWriter

KIND = "observations"

_REPEATED = """
SELECT DISTINCT fresh.uid FROM fresh SEMI JOIN known USING (uid)
WHERE fresh.uid IN (SELECT uid FROM known WHERE observed_at BETWEEN ? AND ?)
"""


class ObservationPart:
    """The one part of a delivery. The lake's lock is taken with the first observation and held until :meth:`release`."""

    def __init__(self, context: ObservationContext, source: Source, feed: str) -> None:
        self._context, self._source, self._feed = context, source, feed
        self._lake: Lake = the_lake()
        self._held = ExitStack()
        self._writer: PartWriter | None = None
        self.part: Part | None = None
        self.repeated_rows = 0

    def add(self, rows: Sequence[PlacedObservation], wait_seconds: float) -> None:
        """Stage observations. Raises ``Conflict`` if another writer holds the lake longer than ``wait_seconds``."""
        if not rows:
            return
        if self._writer is None:
            self._held.enter_context(self._lake.writing(wait_seconds))
            # what a killed run of this very delivery may have published is no part, and would be in the way
            self._lake.sweep(committed().parts)
            self._writer = self._lake.stage(KIND, self._context.delivery, OBSERVATION_SCHEMA)
        for batch in batches(rows, self._context):
            self._writer.write(batch)

    def close(self) -> None:
        """Finish the staged part; take out what this feed of this source has said in an earlier delivery."""
        if self._writer is None:
            return
        self.part = self._writer.close()
        older = self._older_parts()
        repeated = self._repeated(older) if older else set()
        if repeated:
            self._rewrite(repeated)

    def publish(self) -> None:
        """Give the part its final name. Do this before the database commit."""
        if self.part is not None:
            self.part.publish()

    def release(self) -> None:
        """Let go of the lake; what was not committed by then is an orphan that the next writer sweeps."""
        if self._writer is not None:
            self._writer.discard()
        self._held.close()

    def _older_parts(self) -> list[str]:
        rows = Delivery.objects.filter(
            source=self._source, feed=self._feed, state=Delivery.State.COMMITTED, observations__gt=0
        )
        return sorted(path for parts in rows.values_list("parts", flat=True) for path in parts)

    def _repeated(self, older: Sequence[str]) -> set[bytes]:
        """Identities that are in older parts already. A row group at a time; the older parts' statistics spare most reading."""
        found: set[bytes] = set()
        for group in self._groups(["uid", "observed_at"]):
            bounds = pc.min_max(group["observed_at"])
            times = [bounds["min"].as_py(), bounds["max"].as_py()]
            known = self._lake.query(_REPEATED, {"known": older}, times, tables={"fresh": group.select(["uid"])})
            found.update(known["uid"].to_pylist())
        return found

    def _rewrite(self, repeated: set[bytes]) -> None:
        """Stage the part again without the repeated rows, and count the feed's rows of which nothing is left."""
        assert self.part is not None  # noqa: S101
        first, gone = self.part, pa.array(sorted(repeated), pa.binary(16))
        places: set[tuple[str, int]] = set()
        kept_places: set[tuple[str, int]] = set()
        writer = self._lake.stage(KIND, self._context.delivery, OBSERVATION_SCHEMA)
        for group in self._groups(None):
            is_repeated = pc.is_in(group["uid"], value_set=gone)
            places |= _places(group.filter(is_repeated))
            kept = group.filter(pc.invert(is_repeated))
            kept_places |= _places(kept) & places
            if kept.num_rows:
                writer.write(kept)
        first.discard()
        self._writer, self.part = writer, writer.close()
        self.repeated_rows = len(places - kept_places)
        if not self.part.rows:
            self.part.discard()
            self.part = None

    def _groups(self, columns: list[str] | None) -> Iterator[pa.Table]:
        assert self.part is not None  # noqa: S101
        with pq.ParquetFile(self.part.staged) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number, columns=columns).cast(
                    OBSERVATION_SCHEMA
                    if columns is None
                    else pa.schema([OBSERVATION_SCHEMA.field(name) for name in columns])
                )


def _places(rows: pa.Table) -> set[tuple[str, int]]:
    return set(zip(rows["member"].to_pylist(), rows["line"].to_pylist(), strict=True))
