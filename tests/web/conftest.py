"""The cast of all rooms is at hand here too."""

from tests.cast import cast, constituency

__all__ = ["cast", "constituency"]
