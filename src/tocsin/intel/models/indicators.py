"""Things to look for, and who vouches for them in what words.

A national list repeats itself: a million provenances share a hundred thousand sets of words. So what a source *says* (family,
class, marking, confidence, references, tags) is a ``Statement`` stored once, and a ``Provenance`` is a narrow row that joins an
indicator, a feed and a statement. Rows of the two large tables are written in bulk by ``intel.actions.upsert`` alone.
"""

from django.db import models
from django.db.models.functions import Substr

from tocsin.intel.models.deliveries import Delivery, DeliveryMember
from tocsin.intel.models.fields import PAP_CHOICES, TLP_CHOICES, TYPE_CHOICES, PackedUuidField, PlainTextField
from tocsin.intel.models.sources import SourceFeed

#: How much of a value is indexed: PostgreSQL refuses index rows of more than about 2,700 bytes, and URLs are longer.
INDEXED_CHARACTERS = 120


class Indicator(models.Model):
    """A thing to look for. ``uid`` is ``vocab.identity.indicator_id`` of type and value: the same on every machine.

    Everything from ``tlp`` to ``to_ids`` is the sum of its provenances (``rules.effective``); ``version`` grows when that sum
    changes, except when a source merely says the same again later.
    """

    uid = PackedUuidField(unique=True, editable=False)
    type = models.CharField(max_length=20, choices=TYPE_CHOICES)
    value = PlainTextField()
    is_matchable = models.BooleanField()
    tlp = models.CharField(max_length=12, choices=TLP_CHOICES)
    pap = models.CharField(max_length=8, choices=PAP_CHOICES)
    confidence = models.PositiveSmallIntegerField()
    valid_from = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    is_revoked = models.BooleanField(default=False)
    to_ids = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("type", Substr("value", 1, INDEXED_CHARACTERS), name="indicator_type_value")]

    def __str__(self) -> str:
        return f"{self.type} {self.value}"


class Statement(models.Model):
    """What is said, in the same words, about many indicators. ``digest`` is 16 bytes over all other columns."""

    digest = models.BinaryField(max_length=16, unique=True)
    malware = models.TextField(null=True, db_index=True)
    classification = models.CharField(max_length=80)
    confidence = models.PositiveSmallIntegerField()
    tlp = models.CharField(max_length=12, choices=TLP_CHOICES)
    pap = models.CharField(max_length=8, choices=PAP_CHOICES)
    to_ids = models.BooleanField(default=True)
    description = models.TextField(null=True)
    references = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    details = models.JSONField(null=True)


class Provenance(models.Model):
    """One feed vouching for one indicator, once for every family and outside id that it names.

    ``slot`` is 63 bits of a hash over family and outside id. ``count`` is the number of deliveries that said so; the member
    and line are those of the last one.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="provenances", db_index=False)
    feed = models.ForeignKey(SourceFeed, on_delete=models.PROTECT, related_name="provenances", db_index=False)
    slot = models.BigIntegerField()
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="provenances", db_index=False)
    external_id = models.TextField(null=True)
    given = models.TextField(null=True, help_text="The value as the source wrote it, where that differs.")
    valid_from = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    is_revoked = models.BooleanField(default=False)
    first_delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+", db_index=False)
    member = models.ForeignKey(DeliveryMember, on_delete=models.PROTECT, related_name="+", db_index=False)
    line = models.BigIntegerField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["indicator", "feed", "slot"], name="provenance_once")]
        indexes = [
            models.Index(fields=["feed", "indicator"], name="provenance_feed"),
            models.Index(fields=["statement", "indicator"], name="provenance_statement"),
        ]


class Revision(models.Model):
    """The state of a whole table in one word: ``token`` changes when, and only when, what ``name`` stands for changes."""

    name = models.CharField(max_length=40, unique=True)
    token = models.CharField(max_length=32)
    changed_at = models.DateTimeField()
