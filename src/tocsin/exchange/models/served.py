"""What was served to whom, and what became of what was sent to us."""

from uuid import uuid4

from django.db import models

from tocsin.exchange.models.collections import Collection
from tocsin.exchange.models.partners import Client, Partner
from tocsin.vocab import clock


class Receipt(models.Model):
    """One page of objects that left: to whom, when, for which question, which objects, under which clauses.

    ``objects`` are the ids of the versions (``rules.packing``), between ``first_object`` and ``last_object``; ``digest`` is SHA-256 of the
    body as it was sent. ``clauses`` are counted by name; ``ledger_number`` is the newest decision of the ledger among those of the page.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=clock.now)
    question = models.JSONField(default=dict)
    count = models.PositiveIntegerField()
    first_added_us = models.BigIntegerField()
    last_added_us = models.BigIntegerField()
    first_object = models.BigIntegerField()
    last_object = models.BigIntegerField()
    objects_packed = models.BinaryField()
    digest = models.CharField(max_length=64)
    clauses = models.JSONField(default=dict)
    ledger_number = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["partner", "first_object", "last_object"], name="receipt_objects"),
            models.Index(fields=["partner", "at"], name="receipt_at"),
        ]

    def __str__(self) -> str:
        return str(self.uid)


class WriteStatus(models.Model):
    """What became of one request to add objects, as its client may ask for it again."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="statuses")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(default=clock.now, db_index=True)
    body = models.BinaryField()

    class Meta:
        verbose_name_plural = "write statuses"

    def __str__(self) -> str:
        return str(self.uid)
