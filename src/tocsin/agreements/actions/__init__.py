"""Every change that the agreements room makes."""

from tocsin.agreements.actions.approvers import appoint_approver, dismiss_approver
from tocsin.agreements.actions.deciding import decide_exits
from tocsin.agreements.actions.holds import approve_hold, refuse_hold
from tocsin.agreements.actions.importing import (
    Imported,
    import_agreement,
    resume_agreement,
    suspend_agreement,
    terminate_agreement,
)
from tocsin.agreements.actions.keeping import make_checkpoint, public_key
from tocsin.agreements.actions.tallying import forget_denials

__all__ = [
    "Imported",
    "appoint_approver",
    "approve_hold",
    "decide_exits",
    "dismiss_approver",
    "forget_denials",
    "import_agreement",
    "make_checkpoint",
    "public_key",
    "refuse_hold",
    "resume_agreement",
    "suspend_agreement",
    "terminate_agreement",
]
