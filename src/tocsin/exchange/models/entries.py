"""What stands in a feed, what was decided about it, and how it looks where it may not go as it is."""

from django.db import models
from django.db.models import Q

from tocsin.exchange.models.collections import Feed
from tocsin.exchange.models.partners import Partner
from tocsin.intel.models import PolicySubject, StixObject
from tocsin.intel.models.fields import PlainTextField


class State(models.TextChoices):
    """How far a subject stands open to a partner."""

    CLOSING = "closing", "closed, its entries still dated"
    CLOSED = "closed", "closed"
    OPEN = "open", "open"


class Standing(models.Model):
    """Whether objects of one subject stand open to one partner, and under which terms they were offered.

    A door finds at once that a decision has become narrower, and closes; only the offering opens, and dates anew what it opens:
    so nothing becomes visible behind a client that has read on in the meantime. ``offered_to``: objects with a greater id than this are
    still to be offered because the standing has changed; empty where nothing is to be made up for.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="standings")
    subject = models.ForeignKey(PolicySubject, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CLOSED)
    result = models.CharField(max_length=12)
    delay_us = models.BigIntegerField(default=0)
    days = models.PositiveIntegerField(null=True)
    waits_for_embargo = models.BooleanField(default=False)
    redacted = models.CharField(max_length=500, blank=True)
    circle = models.CharField(max_length=120, blank=True)
    offered_to = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "subject"], name="standing_once")]
        indexes = [
            models.Index(fields=["partner", "offered_to"], name="standing_owed", condition=Q(offered_to__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.subject_id} {self.state}"


class Entry(models.Model):
    """One version of one object in one feed. ``date_added_us``: microseconds since 1970, unique in the feed, empty while it waits or is
    closed; it waits until ``due_us``. What filters ask for stands here a second time, so that a page is one range of one index.

    ``is_indicator`` and ``is_high_confidence`` also hold for whatever speaks of an object that is one: a later version that is less sure, a
    revocation, an opinion that it should be withdrawn. ``ledger_number`` is the decision that let it in. ``is_released``: a person let it
    go although its subject is held.
    """

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="entries", db_index=False)
    object = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="+", db_index=False)
    subject = models.ForeignKey(PolicySubject, on_delete=models.PROTECT, related_name="+", db_index=False)
    date_added_us = models.BigIntegerField(null=True)
    due_us = models.BigIntegerField(null=True)
    offered_us = models.BigIntegerField()
    stix_id = PlainTextField()
    type = models.CharField(max_length=250)
    version_us = models.BigIntegerField()
    spec_version = models.CharField(max_length=8)
    is_indicator = models.BooleanField()
    is_high_confidence = models.BooleanField()
    is_released = models.BooleanField(default=False)
    ledger_number = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["feed", "date_added_us"], name="entry_date_once"),
            models.UniqueConstraint(fields=["feed", "stix_id", "version_us"], name="entry_once"),
        ]
        indexes = [
            models.Index(fields=["feed", "type", "date_added_us"], name="entry_type"),
            models.Index(fields=["feed", "date_added_us"], name="entry_indicator", condition=Q(is_indicator=True)),
            models.Index(fields=["feed", "date_added_us"], name="entry_sure", condition=Q(is_high_confidence=True)),
            models.Index(fields=["feed", "due_us"], name="entry_due", condition=Q(date_added_us__isnull=True)),
            models.Index(fields=["subject", "feed"], name="entry_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.stix_id} in {self.feed_id}"


class Rendition(models.Model):
    """An object as it goes where it may not go as it is. ``recipe`` names what was changed; empty ``raw``: it cannot go at all."""

    object = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="+", db_index=False)
    recipe = models.CharField(max_length=700)
    raw = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["object", "recipe"], name="rendition_once")]

    def __str__(self) -> str:
        return f"{self.object_id} {self.recipe}"
