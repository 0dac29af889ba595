"""Every read of the agreements room; who looks comes first."""

from tocsin.agreements.queries.checkpoints import Verified, last_checkpoint, ledger_size, verify_ledger
from tocsin.agreements.queries.deciding import decisions, governing
from tocsin.agreements.queries.entries import (
    EntryView,
    LedgerPage,
    LedgerSearch,
    Replayed,
    entry,
    ledger,
    replay,
    replay_all,
)

__all__ = [
    "EntryView",
    "LedgerPage",
    "LedgerSearch",
    "Replayed",
    "Verified",
    "decisions",
    "entry",
    "governing",
    "last_checkpoint",
    "ledger",
    "ledger_size",
    "replay",
    "replay_all",
    "verify_ledger",
]
