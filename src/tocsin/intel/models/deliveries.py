"""One raw arrival: its files, its books, what was refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.intel.models.fields import PAP_CHOICES, TLP_CHOICES
from tocsin.intel.models.sources import Source
from tocsin.vocab.records import Accounts


class Delivery(models.Model):
    """Files of one feed of one source that came together. ``uid`` is derived from source, feed and digest."""

    class State(models.TextChoices):
        """Only what is committed counts; a delivery that was interrupted stays ``receiving`` until it is handed in again."""

        RECEIVING = "receiving", _("receiving")
        COMMITTED = "committed", _("committed")

    uid = models.UUIDField(unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="deliveries")
    feed = models.CharField(max_length=120)
    gives = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVING)
    received_at = models.DateTimeField(db_index=True)
    size = models.BigIntegerField(default=0)
    members = models.PositiveIntegerField(default=0)
    received = models.PositiveBigIntegerField(default=0)
    kept = models.PositiveBigIntegerField(default=0)
    duplicate = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    indicators_new = models.PositiveBigIntegerField(default=0)
    indicators_seen = models.PositiveBigIntegerField(default=0)
    retracted = models.PositiveBigIntegerField(default=0)
    observations = models.PositiveBigIntegerField(default=0)
    objects_kept = models.PositiveBigIntegerField(default=0)
    objects_duplicate = models.PositiveBigIntegerField(default=0)
    objects_refused = models.PositiveBigIntegerField(default=0)
    parts = models.JSONField(default=dict, help_text="Path of each lake part: its SHA-256.")
    tlp = models.CharField(max_length=12, choices=TLP_CHOICES)
    pap = models.CharField(max_length=8, choices=PAP_CHOICES)
    actor = models.CharField(max_length=200)
    seconds = models.FloatField(default=0.0)

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "feed", "digest"], name="delivery_once"),
            models.CheckConstraint(
                condition=models.Q(received=models.F("kept") + models.F("duplicate") + models.F("rejected")),
                name="delivery_accounts_balance",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def accounts(self) -> Accounts:
        """The books of this delivery."""
        return Accounts(self.received, self.kept, self.duplicate, self.rejected)


class DeliveryFile(models.Model):
    """One file as it was handed in; its bytes lie in the lake's raw store under their SHA-256 until they are buried."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="files")
    name = models.TextField()
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    buried_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]


class DeliveryMember(models.Model):
    """One member of a delivery that records came from: a plain file, or a file inside an archive."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="member_names")
    name = models.TextField()

    class Meta:
        ordering = ["id"]


class RejectedRow(models.Model):
    """A row that could not be used, with its place, the reason and its beginning, so that a person can judge it."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="rejected_rows")
    member = models.TextField()
    line = models.BigIntegerField()
    problem = models.TextField()
    raw = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
