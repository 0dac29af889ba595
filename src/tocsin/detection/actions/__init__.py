"""Every write of this room: one function a change of state."""

from tocsin.detection.actions.runs import FileAccounts, RunReport, run_logs

__all__ = ["FileAccounts", "RunReport", "run_logs"]
