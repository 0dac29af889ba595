"""STIX objects byte for byte, who gave them, what they are about, and what the agreements must know of them.

Originals are never changed: a merge, a judgement or a correlation stands beside them. The few kinds of markings in use make few
``PolicySubject`` rows for many objects, so that a decision is asked once a subject and not once an object (``docs/why/objects.md``).
"""

from django.db import models
from django.db.models import Q

from tocsin.intel.models.deliveries import Delivery
from tocsin.intel.models.fields import PackedUuidField, PlainTextField
from tocsin.intel.models.sources import Source


class PolicySubject(models.Model):
    """What matters to an agreement about many objects: ``text`` is the canonical JSON of ``agreements.rules.decision.Subject``.

    ``digest`` is SHA-256 of the text. What differs from object to object stands in ``StixObject.obtained_at`` and ``embargo_until``.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    text = models.TextField()
    type = models.CharField(max_length=250, db_index=True)

    def __str__(self) -> str:
        return self.text


class StixObject(models.Model):
    """One version of one object. ``raw`` are its bytes as they came, ``sha256`` their digest in hex.

    ``version_us`` is ``modified``, else ``created``, else the moment at which it was kept: microseconds since 1970. ``marking`` is its own
    TLP label, empty if it has none, ``unknown`` if it has one that cannot be read; ``derived_marking`` is the strictest label of what it
    was made from.
    """

    stix_id = PlainTextField()
    type = models.CharField(max_length=250)
    version_us = models.BigIntegerField()
    spec_version = models.CharField(max_length=8)
    raw = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    confidence = models.PositiveSmallIntegerField(null=True)
    is_revoked = models.BooleanField(default=False)
    marking = models.CharField(max_length=12, blank=True)
    derived_marking = models.CharField(max_length=12, blank=True)
    obtained_at = models.DateTimeField()
    embargo_until = models.DateTimeField(null=True)
    added_at = models.DateTimeField()
    subject = models.ForeignKey(PolicySubject, on_delete=models.PROTECT, related_name="stix_objects")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stix_id", "version_us"], name="object_version_once")]
        indexes = [
            models.Index(fields=["type", "id"], name="object_type"),
            models.Index(fields=["marking", "id"], name="object_marking"),
        ]

    def __str__(self) -> str:
        return self.stix_id


class ObjectSource(models.Model):
    """Who gives objects, by name: a source of ours, or a partner's key. ``source`` is set where a source of that name is entered."""

    name = models.CharField(max_length=120, unique=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class ObjectProvenance(models.Model):
    """One giver of one version: when first and last, how often, and in which delivery last if it came in one."""

    object = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="provenances", db_index=False)
    source = models.ForeignKey(ObjectSource, on_delete=models.PROTECT, related_name="provenances", db_index=False)
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["object", "source"], name="object_provenance_once")]
        indexes = [models.Index(fields=["source", "object"], name="object_provenance_source")]


class Posting(models.Model):
    """A value that a version of an object speaks of. ``key`` is ``vocab.identity.indicator_id`` of type and canonical value: the ``uid`` of
    the indicator of that value, if there is one. Objects correlate by looking a value up; pairs are never stored.
    """

    pk = models.CompositePrimaryKey("key", "object")
    key = PackedUuidField()
    object = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="postings", db_index=False)


class Dependence(models.Model):
    """That the markings of ``dependent`` (a STIX id) hang on ``needed``: an object it was made from, or a marking definition that
    nobody knew when it came.
    """

    needed = PlainTextField()
    dependent = PlainTextField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["needed", "dependent"], name="object_dependence_once")]


class ObjectRefusal(models.Model):
    """An object of a delivery that was not kept, with its place (member, ordinal from 1) and the reason."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="refused_objects")
    member = models.TextField()
    line = models.BigIntegerField()
    stix_id = models.TextField(blank=True)
    problem = models.TextField()

    class Meta:
        ordering = ["id"]


class PartyIdentity(models.Model):
    """That the STIX identity ``stix_id`` is the party ``party`` of agreements: whose ``created_by_ref`` it is, is whose object it is."""

    stix_id = PlainTextField(unique=True)
    party = models.CharField(max_length=120)
    said_by = models.CharField(max_length=200)
    said_at = models.DateTimeField()


class Merge(models.Model):
    """Objects read as one under the STIX id ``canonical``. The objects themselves stay as they are, so undoing loses nothing."""

    uid = models.UUIDField(unique=True, editable=False)
    canonical = PlainTextField()
    reason = models.TextField()
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    undone_by = models.CharField(max_length=200, blank=True)
    undone_at = models.DateTimeField(null=True)
    undone_because = models.TextField(blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return str(self.uid)


class MergeMember(models.Model):
    """An object of a merge, its canonical one included. An object is in one standing merge at most."""

    merge = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="members")
    stix_id = PlainTextField()
    is_standing = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["stix_id"], condition=Q(is_standing=True), name="object_merged_once"),
        ]
        indexes = [models.Index(fields=["stix_id"], name="object_merges")]
