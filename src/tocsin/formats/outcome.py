"""What became of one record of a feed, and the row that says so."""

from dataclasses import dataclass

from tocsin.vocab.records import IndicatorRecord, Row

#: Most characters of a refused record that are shown to people (the bound of ``Row.raw``).
MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """At least one indicator, or the problem that made the record useless."""

    records: tuple[IndicatorRecord, ...] = ()
    problem: str | None = None


def row_of(line: int, outcome: Outcome, raw: bytes) -> Row:
    """The row of an outcome; ``raw`` is shown only with a problem."""
    return refused(line, outcome.problem, raw) if outcome.problem is not None else Row(line, outcome.records)


def refused(line: int, problem: str, raw: bytes) -> Row:
    """The row of a record that cannot be used."""
    return Row(line, problem=problem, raw=raw[: 4 * MOST_SHOWN].decode("utf-8", "replace")[:MOST_SHOWN])
