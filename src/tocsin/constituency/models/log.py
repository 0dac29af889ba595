"""What only ever grows: the audit log and the revisions of the constituency."""

from typing import Any, NoReturn
from uuid import uuid4

from django.db import models

from tocsin.constituency.models.people import Person
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict

_REFUSAL = "The audit log is append-only: its lines are never changed or removed."


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Refuses every way to change or remove rows; the migration's triggers refuse what goes around it."""

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002 (the framework's signature)
        """Refused."""
        raise Conflict(_REFUSAL)

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002 (the framework's signature)
        """Refused."""
        raise Conflict(_REFUSAL)

    def delete(self) -> NoReturn:
        """Refused."""
        raise Conflict(_REFUSAL)


class AuditEntry(models.Model):
    """One line: who, what, to what, when."""

    at = models.DateTimeField(default=clock.now, db_index=True)
    actor_name = models.CharField(max_length=200, db_index=True)
    actor_kind = models.CharField(max_length=10)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60, db_index=True)
    subject = models.CharField(max_length=200, db_index=True)
    detail = models.JSONField(default=dict, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%SZ} {self.actor_name} {self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only a line that is not there yet can be saved."""
        if not self._state.adding:
            raise Conflict(_REFUSAL)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002 (the framework's signature)
        """Refused."""
        raise Conflict(_REFUSAL)


class Revision(models.Model):
    """A state of the constituency. Attribution is stored with its number and computed again when it has grown.

    ``uid`` tells apart two histories that happen to have the same number (a restored backup, another test).
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField(default=clock.now)
    why = models.CharField(max_length=400)
    made_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"revision {self.number}"
