"""What a partner may collect from and give to: feeds, the collections that show them, and who may use which."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from tocsin.exchange.models.partners import Client, Partner
from tocsin.vocab import clock


class Shape(models.TextChoices):
    """Which entries of its feed a collection shows."""

    ALL = "all", "all objects"
    INDICATORS = "indicators", "indicators only"
    HIGH_CONFIDENCE = "high-confidence", "high confidence (75 and more)"


class Feed(models.Model):
    """One stream of objects for one partner: what we offer it, or (an inbox) what it gives us.

    Empty ``sources`` and ``types`` mean all. ``last_us`` is the newest date added that was given out; whoever adds entries holds this row
    until the end of its transaction, so that an entry committed later always has a later date.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="feeds")
    name = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    is_inbox = models.BooleanField(default=False)
    sources = models.JSONField(default=list, blank=True)
    types = models.JSONField(default=list, blank=True)
    last_us = models.BigIntegerField(default=0)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["partner", "name"]
        constraints = [models.UniqueConstraint(fields=["partner", "name"], name="feed_once")]

    def __str__(self) -> str:
        return f"{self.partner.slug}/{self.name}"


class Collection(models.Model):
    """A TAXII collection: one feed in one shape."""

    uid = models.UUIDField(default=uuid4, unique=True)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="collections")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="collections")
    alias = models.SlugField(max_length=60, blank=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    shape = models.CharField(max_length=20, choices=Shape.choices, default=Shape.ALL)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "alias"], condition=~Q(alias=""), name="collection_alias_once"),
        ]

    def __str__(self) -> str:
        return self.title


class CollectionRight(models.Model):
    """What one client may do with one collection. Without a row the collection does not exist for it."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="rights")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="rights")
    can_read = models.BooleanField(default=True)
    can_write = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "collection"], name="collection_right_once"),
            models.CheckConstraint(condition=Q(can_read=True) | Q(can_write=True), name="collection_right_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.client}: {self.collection}"
