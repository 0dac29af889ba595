"""What is asked and what is answered: exits, results, decisions and the obligations that go with a permission."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.agreements.rules.times import shown_time


class Exit(StrEnum):
    """How bytes leave."""

    TAXII = "taxii"
    MISP = "misp"
    API = "api"
    PORTAL = "portal"
    MAIL = "mail"
    NOTICE = "notice"
    BLOCK_LIST = "block_list"
    LOOKUP = "lookup"
    EXPORT = "export"
    DOWNLOAD = "download"


class Result(StrEnum):
    """What was decided, from the strictest to the one that no agreement governs."""

    DENY = "deny"
    HOLD = "hold"
    TRANSFORM = "transform"
    ALLOW = "allow"
    OUT_OF_SCOPE = "out_of_scope"

    @property
    def lets_go(self) -> bool:
        """Whether the object may leave, with its obligations; under ``out_of_scope`` nobody but its owner is asked."""
        return self in _GOING

    @property
    def place(self) -> int:
        """0 is the strictest."""
        return _PLACES[self]


_GOING = frozenset({Result.TRANSFORM, Result.ALLOW, Result.OUT_OF_SCOPE})
_PLACES = {result: place for place, result in enumerate(Result)}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, under which clauses (paths in the agreement's file), with which obligations, in their order."""

    result: Result
    clauses: tuple[str, ...]
    obligations: tuple[str, ...] = ()


@dataclass(slots=True)
class Duties:
    """What goes with a permission. ``line`` is the credit that is due, ``is_silent_on_origin`` that none may be given."""

    redact: tuple[str, ...] = ()
    delay_hours: int = 0
    embargo: datetime | None = None
    encrypt: bool = False
    delete_after: int | None = None
    lines: tuple[str, ...] = ()
    no_credit: bool = False

    def written(self) -> tuple[str, ...]:
        """As obligations, in the order of the law."""
        words = [f"redact {kind}" for kind in self.redact]
        if self.delay_hours:
            words.append(f"delay {self.delay_hours}h")
        if self.embargo is not None:
            words.append(f"embargo {shown_time(self.embargo)}")
        if self.encrypt:
            words.append("encrypt")
        if self.delete_after is not None:
            words.append(f"delete_after {self.delete_after}d")
        words += [f"credit {line}" for line in self.lines]
        if self.no_credit:
            words.append("no_credit")
        return tuple(words)


@dataclass(slots=True)
class Answer:
    """The answer of one agreement; ``duties`` are there where it lets the object go."""

    result: Result
    clauses: tuple[str, ...]
    duties: Duties | None = None

    @property
    def decision(self) -> Decision:
        """The answer as a decision."""
        return Decision(self.result, self.clauses, self.duties.written() if self.duties else ())
