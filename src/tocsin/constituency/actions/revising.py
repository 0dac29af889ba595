"""A new state of the constituency: its number, and the word to the rooms above."""

from tocsin.constituency.access import Actor
from tocsin.constituency.models import Revision
from tocsin.jobs import changes


def revise(*, actor: Actor, why: str) -> int:
    """The number of a new revision, in the caller's transaction. Rooms above compute attribution again when they read of it."""
    latest = Revision.objects.select_for_update().order_by("-number").first()
    number = (latest.number if latest else 0) + 1
    Revision.objects.create(number=number, why=why[:400], made_by=actor.name[:200])
    changes.append(room="constituency", kind="revision", subject=str(number))
    return number
