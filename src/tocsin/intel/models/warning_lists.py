"""Known-good values that must not alarm."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.intel.models.deliveries import Delivery
from tocsin.intel.models.fields import PlainTextField
from tocsin.intel.models.sources import Source


class WarningList(models.Model):
    """One list of known-good values. ``kind`` is MISP's type; ``scope`` how far an entry reaches (``rules.warning``)."""

    class Kind(models.TextChoices):
        """MISP's list types."""

        STRING = "string", _("exact text")
        HOSTNAME = "hostname", _("host names and everything below them")
        CIDR = "cidr", _("networks")
        SUBSTRING = "substring", _("part of the text")
        REGEX = "regex", _("regular expression")

    class Scope(models.TextChoices):
        """A popular site is no promise for what lies below it."""

        AS_KIND = "as-kind", _("as its type says")
        EXACT_HOST = "exact-host", _("the exact host only")

    slug = models.SlugField(max_length=120, unique=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="warning_lists")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.AS_KIND)
    version = models.CharField(max_length=60, blank=True)
    matching_attributes = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField(default=0)
    is_enabled = models.BooleanField(default=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="warning_lists")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["source", "name"], name="warning_list_once")]

    def __str__(self) -> str:
        return self.name


class WarningListEntry(models.Model):
    """One value of a list, as the list writes it."""

    warning_list = models.ForeignKey(WarningList, on_delete=models.CASCADE, related_name="entries")
    value = PlainTextField()
