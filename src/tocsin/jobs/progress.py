"""Progress of long work, told to whoever shows it."""

from typing import Protocol


class Progress(Protocol):
    """Something that shows how far work has come."""

    def begin(self, what: str, total: int | None) -> None:
        """A new stretch of work begins, of ``total`` bytes (``None``: nobody knows)."""

    def advance(self, count: int) -> None:
        """``count`` more bytes are done."""


class SilentProgress:
    """Shows nothing."""

    def begin(self, what: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, count: int) -> None:
        """Nothing."""
