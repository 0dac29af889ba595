"""Every read of the room. The first argument says who looks; ``NotFound`` for what is absent or not for them.

================================  =====================================================================================
``sources``, ``source``           sources with their defaults and the number of their deliveries
``deliveries``, ``delivery``      deliveries newest first with their books; one of them by its uid
``delivery_files``                the files of a delivery
``rejected_rows``                 what was refused, page by page
``committed_parts``               paths of the lake parts that count
``held_in_lake``                  parts and raw bytes that must be in the lake, for backup and sweep
``indicators``                    search: value in any spelling, prefix, type, source, family, tag; page by page
``indicator``                     one by uid, with all provenances
``find_indicator``                one by its exact value in any spelling
``known_indicators``              many by database key, for detection
``indicators_by_position``        rows of a compiled set -> database keys
``warning_lists``, …              lists, one list's entries
``warning_matcher``               the matcher over all enabled lists
``objects``, ``stix_object``      STIX objects: search page by page; one with versions, givers, values, what is said of it
``raw_object``                    the bytes of an object as they came
``seen``, ``false_positives``     what is said of an object or an indicator
``merges``                        every merge an object is or was in
``objects_since``, …              versions as the exchange needs them, and what agreements are told of them
``situation``                     figures for the situation page
================================  =====================================================================================
"""

from tocsin.intel.queries.compiled import CompiledSet, indicators_by_position
from tocsin.intel.queries.deliveries import (
    committed_parts,
    deliveries,
    delivery,
    delivery_files,
    held_in_lake,
    rejected_rows,
)
from tocsin.intel.queries.indicators import (
    all_indicators,
    find_indicator,
    indicator,
    indicators,
    known_indicators,
)
from tocsin.intel.queries.object_detail import false_positives, merges, seen, stix_object
from tocsin.intel.queries.object_views import (
    MergeView,
    ObjectDetail,
    ObjectRow,
    RemarkView,
    Seen,
    SightingView,
    StoredVersion,
)
from tocsin.intel.queries.objects import (
    ObjectSearch,
    objects,
    objects_since,
    policy_subjects,
    raw_object,
    stored_versions,
    subjects_of,
)
from tocsin.intel.queries.searching import IndicatorSearch
from tocsin.intel.queries.sources import situation, source, sources
from tocsin.intel.queries.views import (
    DeliveryFileView,
    DeliveryView,
    IndicatorDetail,
    IndicatorView,
    IntelCounts,
    KnownIndicator,
    Page,
    ProvenanceView,
    RejectedRowView,
    SourceView,
    WarningListView,
)
from tocsin.intel.queries.warning_lists import warning_list, warning_list_entries, warning_lists, warning_matcher

__all__ = [
    "CompiledSet",
    "DeliveryFileView",
    "DeliveryView",
    "IndicatorDetail",
    "IndicatorSearch",
    "IndicatorView",
    "IntelCounts",
    "KnownIndicator",
    "MergeView",
    "ObjectDetail",
    "ObjectRow",
    "ObjectSearch",
    "Page",
    "ProvenanceView",
    "RejectedRowView",
    "RemarkView",
    "Seen",
    "SightingView",
    "SourceView",
    "StoredVersion",
    "WarningListView",
    "all_indicators",
    "committed_parts",
    "deliveries",
    "delivery",
    "delivery_files",
    "false_positives",
    "find_indicator",
    "held_in_lake",
    "indicator",
    "indicators",
    "indicators_by_position",
    "known_indicators",
    "merges",
    "objects",
    "objects_since",
    "policy_subjects",
    "raw_object",
    "rejected_rows",
    "seen",
    "situation",
    "source",
    "sources",
    "stix_object",
    "stored_versions",
    "subjects_of",
    "warning_list",
    "warning_list_entries",
    "warning_lists",
    "warning_matcher",
]
