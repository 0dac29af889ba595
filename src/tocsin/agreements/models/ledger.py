"""The ledger: what was let out or held, chained by hashes, and the checkpoints that vouch for it."""

from django.db import models

from tocsin.agreements.models.appending import Appended


class Basis(Appended):
    """The agreements that decisions rested on, as canonical JSON (``rules.chain.basis_text``): few rows for many entries."""

    digest = models.CharField(max_length=64, unique=True)
    text = models.TextField()

    class Meta:
        verbose_name_plural = "bases"

    def __str__(self) -> str:
        return self.text


class LedgerEntry(Appended):
    """One entry: the columns of ``rules.chain.Entry``, and its hash. Numbers begin at 1 and leave nothing out."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=12)
    object_id = models.CharField(max_length=400)
    object_hash = models.CharField(max_length=128)
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, related_name="entries", db_index=False)
    engine = models.CharField(max_length=40)
    subject = models.TextField()
    sender = models.CharField(max_length=200)
    recipient = models.CharField(max_length=200)
    exit = models.CharField(max_length=12)
    result = models.CharField(max_length=12)
    clauses = models.TextField()
    obligations = models.TextField()
    actor = models.CharField(max_length=200)
    hold = models.CharField(max_length=36)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["object_id", "number"], name="ledger_object"),
            models.Index(fields=["recipient", "number"], name="ledger_recipient"),
            models.Index(fields=["basis", "number"], name="ledger_basis"),
        ]

    def __str__(self) -> str:
        return f"entry {self.number}"


class Checkpoint(Appended):
    """A signed sentence about an entry: the columns of ``rules.checkpoints.Checkpoint``."""

    entry = models.BigIntegerField(db_index=True)
    hash = models.CharField(max_length=64)
    node = models.CharField(max_length=200)
    at = models.DateTimeField()
    key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ["entry", "pk"]

    def __str__(self) -> str:
        return f"checkpoint at entry {self.entry}"
