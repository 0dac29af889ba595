"""Every write of the room: keyword-only, ``actor`` first, one transaction, audited, told to the change log."""

from tocsin.intel.actions.compiling import compile_current_set
from tocsin.intel.actions.ingesting import IngestReport, Progress, ingest
from tocsin.intel.actions.judging import report_false_positive, retract, sight, withdraw_false_positive
from tocsin.intel.actions.keeping import KeptObject, keep_objects
from tocsin.intel.actions.listing import enable_warning_list
from tocsin.intel.actions.merging import merge, undo_merge
from tocsin.intel.actions.originators import identify_party
from tocsin.intel.actions.retention import Swept, bury_expired, sweep_orphans
from tocsin.intel.actions.sources import LoadedSources, SourceRow, add_source, load_sources

__all__ = [
    "IngestReport",
    "KeptObject",
    "LoadedSources",
    "Progress",
    "SourceRow",
    "Swept",
    "add_source",
    "bury_expired",
    "compile_current_set",
    "enable_warning_list",
    "identify_party",
    "ingest",
    "keep_objects",
    "load_sources",
    "merge",
    "report_false_positive",
    "retract",
    "sight",
    "sweep_orphans",
    "undo_merge",
    "withdraw_false_positive",
]
