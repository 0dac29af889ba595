"""Tables of what we are told: sources, deliveries, indicators with every provenance, warning lists."""

from tocsin.intel.models.deliveries import Delivery, DeliveryFile, DeliveryMember, RejectedRow
from tocsin.intel.models.indicators import Indicator, Provenance, Revision, Statement
from tocsin.intel.models.sources import Source, SourceFeed
from tocsin.intel.models.warning_lists import WarningList, WarningListEntry

__all__ = [
    "Delivery",
    "DeliveryFile",
    "DeliveryMember",
    "Indicator",
    "Provenance",
    "RejectedRow",
    "Revision",
    "Source",
    "SourceFeed",
    "Statement",
    "WarningList",
    "WarningListEntry",
]
