"""From counted hits to observations: one a party, with the indicator, the evidence's place and the sources in its details."""

from collections.abc import Iterator, Sequence
from itertools import islice

from tocsin.constituency.access import Viewer
from tocsin.detection.models import HitParty, Run
from tocsin.detection.rules import Because, said_of_affected
from tocsin.intel.queries import KnownIndicator, known_indicators
from tocsin.lake.observations import ObservationContext, PlacedObservation, observation_uid
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.records import ObservationRecord

FEED = "detection/logs"
#: Key in ``details`` of the organisation whose log it is, where that makes it the affected one: its address says nothing outside.
OWNER_KEY = "tocsin.owner"
_BATCH = 2000
_LOG_OWNERS = frozenset({Because.LOG_OWNER_PRIVATE.value, Because.LOG_OWNER_UNNAMED.value})


def context_of(run: Run) -> ObservationContext:
    """What all observations of a run share; a line without a time has the run's. Marking comes with each indicator."""
    source = f"log:{run.owner.slug}" if run.owner else "log"
    return ObservationContext(source, FEED, str(run.uid), run.assumed_at, Tlp.AMBER, Pap.AMBER)


def observations_of(viewer: Viewer, run: Run) -> Iterator[list[PlacedObservation]]:
    """The observations of a run in batches, in the order of its hits; notes each one's identity with its party."""
    context = context_of(run)
    rows = (
        HitParty.objects.filter(hit__run=run)
        .select_related("hit__file", "organisation", "hit__run")
        .order_by("pk")
        .iterator(_BATCH)
    )
    while parties := list(islice(rows, _BATCH)):
        known = known_indicators(viewer, (party.hit.indicator_id for party in parties))
        placed = [_observation(party, known[party.hit.indicator_id]) for party in parties]
        _note_identities(parties, placed, context)
        yield placed


def _note_identities(
    parties: Sequence[HitParty], placed: Sequence[PlacedObservation], context: ObservationContext
) -> None:
    for party, (_, _, observation) in zip(parties, placed, strict=True):
        party.observation = observation_uid(observation, context)
    HitParty.objects.bulk_update(parties, ["observation"], batch_size=500)


def _observation(party: HitParty, known: KnownIndicator) -> PlacedObservation:
    hit = party.hit
    details = {
        "extra.indicator_type": known.type.value,
        "extra.indicator": known.value,
        "extra.indicator_uid": str(known.uid),
        "extra.sources": list(known.sources),
        "extra.because": party.because,
    }
    if party.because in _LOG_OWNERS and party.organisation is not None:
        details[OWNER_KEY] = str(party.organisation.uid)
    observation = ObservationRecord(
        observed_at=None if hit.time_is_assumed else hit.observed_at,
        classification=said_of_affected(known.classification, Because(party.because)),
        identifier=known.value[:200],
        ip=party.address or None,
        malware=known.malware,
        tlp=known.tlp,
        pap=known.pap,
        details=details,
    )
    return hit.file.name, hit.line, observation
