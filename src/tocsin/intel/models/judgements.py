"""What is said about objects: seen, falsely accused, withdrawn. Each row stands beside the STIX object that says it to others."""

from django.db import models

from tocsin.intel.models.fields import PlainTextField
from tocsin.intel.models.objects import ObjectSource, StixObject


class _Said(models.Model):
    """A statement about the object ``about`` (a STIX id), carried by the STIX object ``stix_id``; of its versions the newest counts."""

    stix_id = PlainTextField()
    about = PlainTextField(db_index=True)
    object = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(ObjectSource, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_ours = models.BooleanField()
    is_revoked = models.BooleanField(default=False)
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=200)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["stix_id", "about"], name="%(class)s_once")]

    def __str__(self) -> str:
        return self.stix_id


class Sighting(_Said):
    """Seen, how often and when. ``hosts`` is the size of the smallest cell behind the count, where it is known (k-anonymity)."""

    count = models.PositiveBigIntegerField(default=1)
    hosts = models.PositiveIntegerField(null=True)
    first_seen_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)


class FalsePositiveReport(_Said):
    """Somebody says that this object accuses something harmless. Where one value is meant, ``key`` is its posting and ``value`` itself."""

    key = models.UUIDField(null=True, db_index=True)
    type = models.CharField(max_length=20, blank=True)
    value = models.TextField(blank=True)
    reason = models.TextField()


class Retraction(_Said):
    """An object withdrawn: ours by a version that is revoked, another's by an opinion of ours that it should be."""

    reason = models.TextField()
