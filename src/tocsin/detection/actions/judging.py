"""From raw hits to judged ones: which indicator exactly, does it count, whom does it concern."""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tocsin.constituency.access import Viewer
from tocsin.constituency.queries import attributor
from tocsin.constituency.rules.attribution import address_keys
from tocsin.detection.rules import Affected, Outcome, affected_by, is_private, outcome_of
from tocsin.engine import Hit
from tocsin.engine.facts import LineFacts, ReadLog
from tocsin.intel.queries import CompiledSet, KnownIndicator, indicators_by_position, known_indicators, warning_matcher
from tocsin.vocab.observables import ObservableType

_ADDRESSED = frozenset({ObservableType.IPV4, ObservableType.IPV6, ObservableType.IP_PORT})


@dataclass(frozen=True, slots=True)
class Judged:
    """A hit with everything that is said about it."""

    line: int
    text: bytes
    indicator: KnownIndicator
    facts: LineFacts
    observed_at: datetime
    outcome: Outcome
    known_good: tuple[str, ...]
    parties: tuple[Affected, ...]


class Judge:
    """Judges the hits of one run. ``log_owner`` is an organisation's database key; ``assumed_at`` the time of lines without one."""

    def __init__(self, viewer: Viewer, compiled: CompiledSet, log_owner: int | None, assumed_at: datetime) -> None:
        self._viewer = viewer
        self._compiled = compiled
        self._log_owner = log_owner
        self._assumed_at = assumed_at
        self._attributor = attributor(viewer)
        self._warnings = warning_matcher(viewer)
        self._known: dict[int, KnownIndicator] = {}
        self._good: dict[int, tuple[str, ...]] = {}

    def judge(self, hits: Sequence[Hit], read_line: ReadLog) -> list[Judged]:
        """The hits of one log, in their order."""
        self._learn({hit.indicator for hit in hits})
        facts = [read_line(hit.text) for hit in hits]
        times = [fact.observed_at or self._assumed_at for fact in facts]
        owners = self._owners(facts, times)
        return [self._judged(hit, fact, at, owners) for hit, fact, at in zip(hits, facts, times, strict=True)]

    def _learn(self, positions: set[int]) -> None:
        """Look up the indicators of set rows that were not hit before."""
        new = positions - self._known.keys()
        ids = indicators_by_position(self._viewer, self._compiled, new)
        known = known_indicators(self._viewer, ids.values())
        for position, key in ids.items():
            self._known[position] = known[key]
            self._good[position] = self._warnings.known_good(known[key].type, known[key].value)

    def _owners(self, facts: Sequence[LineFacts], times: Sequence[datetime]) -> dict[tuple[str, datetime], int | None]:
        """Who held each public address at its line's time, for a whole batch at once."""
        asked = {
            (end.address, at)
            for fact, at in zip(facts, times, strict=True)
            for end in fact.endpoints
            if end.address and not is_private(end.address)
        }
        if not asked:
            return {}
        pairs = list(asked)
        moments = np.array([np.datetime64(at.replace(tzinfo=None), "us") for _, at in pairs])
        found = self._attributor.attribute_addresses(address_keys(address for address, _ in pairs), moments)
        return {
            pair: self._attributor.owners[owner].id if owner >= 0 else None
            for pair, owner in zip(pairs, found.owner.tolist(), strict=True)
        }

    def _judged(
        self, hit: Hit, facts: LineFacts, at: datetime, owners: dict[tuple[str, datetime], int | None]
    ) -> Judged:
        known, good = self._known[hit.indicator], self._good[hit.indicator]
        outcome = outcome_of(at, known.valid_from, known.valid_until, is_revoked=known.is_revoked, known_good=good)
        parties: tuple[Affected, ...] = ()
        if outcome is Outcome.COUNTED:
            parties = affected_by(
                [end.address for end in facts.endpoints],
                _is_matched_by(known),
                lambda address: owners.get((address, at)),
                self._log_owner,
            )
        return Judged(hit.line, hit.text, known, facts, at, outcome, good, parties)


def _is_matched_by(known: KnownIndicator) -> Callable[[str], bool]:
    """Whether an address of the line is what the indicator names: the address itself, or one inside its network."""
    if known.type not in _ADDRESSED:
        return lambda _: False
    text = known.value
    if known.type is ObservableType.IP_PORT:
        text = text.rpartition(":")[0].strip("[]")
    network = ipaddress.ip_network(text, strict=False)
    return lambda address: (found := ipaddress.ip_address(address)).version == network.version and found in network
