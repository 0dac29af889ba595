"""Who publishes, and what streams of theirs we take."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from tocsin.intel.models.fields import PAP_CHOICES, TLP_CHOICES
from tocsin.vocab.markings import Pap, Tlp

RETAIN_DAYS = 400


class Source(models.Model):
    """A partner or publisher, with what holds for its records wherever a record is silent."""

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    tlp = models.CharField(max_length=12, choices=TLP_CHOICES, default=Tlp.AMBER.value)
    pap = models.CharField(max_length=8, choices=PAP_CHOICES, default=Pap.AMBER.value)
    confidence = models.PositiveSmallIntegerField(default=50, validators=[MinValueValidator(0), MaxValueValidator(100)])
    valid_for = models.PositiveIntegerField(null=True, blank=True, help_text="Days; empty: until withdrawn.")
    retain_for = models.PositiveIntegerField(default=RETAIN_DAYS, help_text="Days for which raw bytes are kept.")
    is_enabled = models.BooleanField(default=True)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SourceFeed(models.Model):
    """One stream of a source, by the name of its feed in ``formats`` (``provider/feed``). Others are refused."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="feeds")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["source", "name"], name="source_feed_once")]

    def __str__(self) -> str:
        return f"{self.source.name}: {self.name}"
