"""Every change that the agreements room makes."""

from tocsin.agreements.actions.deciding import decide_exits
from tocsin.agreements.actions.importing import (
    import_agreement,
    resume_agreement,
    suspend_agreement,
    terminate_agreement,
)
from tocsin.agreements.actions.tallying import forget_denials

__all__ = [
    "decide_exits",
    "forget_denials",
    "import_agreement",
    "resume_agreement",
    "suspend_agreement",
    "terminate_agreement",
]
