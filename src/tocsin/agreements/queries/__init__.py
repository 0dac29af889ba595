"""Every read of the agreements room; who looks comes first."""

from tocsin.agreements.queries.checkpoints import (
    CheckpointPage,
    Verified,
    checkpoints,
    last_checkpoint,
    ledger_size,
    verify_ledger,
)
from tocsin.agreements.queries.deciding import decisions, governing
from tocsin.agreements.queries.documents import (
    AgreementDetail,
    AgreementView,
    ApproverView,
    agreement,
    agreements,
    approvers,
)
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
from tocsin.agreements.queries.holds import HoldDetail, HoldPage, HoldView, hold, holds, open_holds
from tocsin.agreements.queries.what_if import LONGEST_DAYS, Outcome, Shift, ShiftedRow, WhatIf, what_if, what_if_rows

__all__ = [
    "LONGEST_DAYS",
    "AgreementDetail",
    "AgreementView",
    "ApproverView",
    "CheckpointPage",
    "EntryView",
    "HoldDetail",
    "HoldPage",
    "HoldView",
    "LedgerPage",
    "LedgerSearch",
    "Outcome",
    "Replayed",
    "Shift",
    "ShiftedRow",
    "Verified",
    "WhatIf",
    "agreement",
    "agreements",
    "approvers",
    "checkpoints",
    "decisions",
    "entry",
    "governing",
    "hold",
    "holds",
    "last_checkpoint",
    "ledger",
    "ledger_size",
    "open_holds",
    "replay",
    "replay_all",
    "verify_ledger",
    "what_if",
    "what_if_rows",
]
