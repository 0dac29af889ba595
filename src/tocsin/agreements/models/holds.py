"""What waits for a person."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from tocsin.agreements.models.ledger import Basis, LedgerEntry
from tocsin.constituency.models import Person


class HoldState(models.TextChoices):
    """Where a hold stands."""

    OPEN = "open"
    RELEASED = "released"
    REFUSED = "refused"


class Hold(models.Model):
    """An object that may not leave by one exit to one recipient before a person has looked, and what the person said.

    ``subject`` is what is known of it (canonical JSON), ``said`` what the person added to that; ``entry`` is the ledger entry that held
    it, ``decision_entry`` the one of the last decision about it.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    object_id = models.CharField(max_length=400)
    object_hash = models.CharField(max_length=128)
    sender = models.CharField(max_length=200)
    recipient = models.CharField(max_length=200)
    exit = models.CharField(max_length=12)
    subject = models.TextField()
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, related_name="+")
    clauses = models.TextField()
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=HoldState, default=HoldState.OPEN)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    said = models.TextField(default="{}")
    decision_entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["object_hash", "sender", "recipient", "exit"], name="hold_open_once", condition=Q(state="open")
            )
        ]
        indexes = [
            models.Index(fields=["object_hash", "recipient"], name="hold_object"),
            models.Index(fields=["state", "id"], name="hold_state"),
        ]

    def __str__(self) -> str:
        return f"{self.object_id} to {self.recipient}"
