"""Every read of the agreements room; who looks comes first."""

from tocsin.agreements.queries.deciding import decisions, governing

__all__ = ["decisions", "governing"]
