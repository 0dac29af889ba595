"""Every write of this room: one function a change of state."""

from tocsin.findings.actions.absorbing import Absorbed, absorb, is_anything_new
from tocsin.findings.actions.triage import triage

__all__ = ["Absorbed", "absorb", "is_anything_new", "triage"]
