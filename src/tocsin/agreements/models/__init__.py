"""Tables of the agreements room."""

from tocsin.agreements.models.documents import AgreementRevision, Approver, StatusChange
from tocsin.agreements.models.holds import Hold, HoldState
from tocsin.agreements.models.ledger import Basis, Checkpoint, LedgerEntry
from tocsin.agreements.models.tallies import DenialTally, DeniedSubject

__all__ = [
    "AgreementRevision",
    "Approver",
    "Basis",
    "Checkpoint",
    "DenialTally",
    "DeniedSubject",
    "Hold",
    "HoldState",
    "LedgerEntry",
    "StatusChange",
]
