"""Tables of what we are told: sources, deliveries, indicators with every provenance, warning lists, STIX objects."""

from tocsin.intel.models.deliveries import Delivery, DeliveryFile, DeliveryMember, RejectedRow
from tocsin.intel.models.indicators import Indicator, Provenance, Revision, Statement
from tocsin.intel.models.judgements import FalsePositiveReport, Retraction, Sighting
from tocsin.intel.models.objects import (
    Dependence,
    Merge,
    MergeMember,
    ObjectProvenance,
    ObjectRefusal,
    ObjectSource,
    PartyIdentity,
    PolicySubject,
    Posting,
    StixObject,
)
from tocsin.intel.models.sources import Source, SourceFeed
from tocsin.intel.models.warning_lists import WarningList, WarningListEntry

__all__ = [
    "Delivery",
    "DeliveryFile",
    "DeliveryMember",
    "Dependence",
    "FalsePositiveReport",
    "Indicator",
    "Merge",
    "MergeMember",
    "ObjectProvenance",
    "ObjectRefusal",
    "ObjectSource",
    "PartyIdentity",
    "PolicySubject",
    "Posting",
    "Provenance",
    "RejectedRow",
    "Retraction",
    "Revision",
    "Sighting",
    "Source",
    "SourceFeed",
    "Statement",
    "StixObject",
    "WarningList",
    "WarningListEntry",
]
