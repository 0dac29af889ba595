"""Agreements as they were imported, and what became of them since."""

from uuid import uuid4

from django.db import models

from tocsin.agreements.models.appending import Appended
from tocsin.constituency.models import Person


class AgreementRevision(Appended):
    """One revision of an agreement, byte for byte as it was handed in. ``status`` is what its own text says.

    ``uid`` tells apart two histories that happen to have the same numbers (a restored backup, another test).
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    agreement = models.CharField(max_length=128)
    revision = models.PositiveIntegerField()
    status = models.CharField(max_length=12)
    text = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    is_demo = models.BooleanField(default=False)
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "revision"], name="agreement_revision_once")]

    def __str__(self) -> str:
        return f"{self.agreement} revision {self.revision}"


class StatusChange(Appended):
    """An agreement was suspended, resumed or terminated: at once, whatever its text says. ``kind`` is ``rules.chain.Kind``."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    agreement = models.CharField(max_length=128, db_index=True)
    kind = models.CharField(max_length=12)
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.agreement} {self.kind}"


class Approver(models.Model):
    """That a person speaks for a role that agreements name as approver (``role--…``)."""

    role = models.CharField(max_length=200)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    appointed_at = models.DateTimeField()
    appointed_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["role", "person"]
        constraints = [models.UniqueConstraint(fields=["role", "person"], name="approver_once")]

    def __str__(self) -> str:
        return self.role
