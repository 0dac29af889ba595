"""Tables of findings: one open problem of one constituent, whatever the number of sources and observations."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.constituency.models import Organisation
from tocsin.findings.rules import OPEN
from tocsin.vocab.markings import Pap, Tlp


class FindingQuerySet(models.QuerySet["Finding"]):
    """Chainable questions about many findings."""

    def open(self) -> "FindingQuerySet":
        """Those that somebody still has to do something about."""
        return self.filter(state__in=[state.value for state in OPEN])

    def of_organisation(self, slug: str) -> "FindingQuerySet":
        """Those of one constituent."""
        return self.filter(organisation__slug=slug)


class Finding(models.Model):
    """Keyed by (constituent, problem code, asset); what stands below it is counted anew from the lake, never added up."""

    class State(models.TextChoices):
        """See ``rules.NEXT``."""

        NEW = "new", _("new")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        FALSE_POSITIVE = "false-positive", _("false positive")
        ACCEPTED_RISK = "accepted-risk", _("accepted risk")
        REOPENED = "reopened", _("reopened")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Severity(models.TextChoices):
        """See ``rules.severity_of``."""

        INFO = "info", _("info")
        LOW = "low", _("low")
        MEDIUM = "medium", _("medium")
        HIGH = "high", _("high")
        CRITICAL = "critical", _("critical")

    reference = models.CharField(max_length=24, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="findings")
    problem = models.CharField(max_length=300)
    asset = models.CharField(max_length=300)
    classification = models.CharField(max_length=80)
    identifier = models.CharField(max_length=200, blank=True)
    malware = models.CharField(max_length=200, blank=True)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    severity_rank = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State.choices, default=State.NEW)
    tlp = models.CharField(max_length=14, choices=[(label.value, label.shown) for label in Tlp])
    pap = models.CharField(max_length=14, choices=[(label.value, label.shown) for label in Pap])
    observations = models.BigIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    judged_at = models.DateTimeField(null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "asset", "problem"], name="finding_identity"),
        ]
        indexes = [
            models.Index(fields=["-severity_rank", "-last_seen_at", "-id", "state"], name="finding_order"),
            models.Index(fields=["state", "severity_rank"], name="finding_state"),
            models.Index(fields=["organisation", "state"], name="finding_organisation"),
            models.Index(fields=["classification", "state"], name="finding_classification"),
            models.Index(fields=["first_seen_at", "state"], name="finding_first_seen"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in {state.value for state in OPEN}


class FindingSource(models.Model):
    """What one feed of one source says below a finding."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="sources")
    source = models.CharField(max_length=120)
    feed = models.CharField(max_length=120)
    observations = models.BigIntegerField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["finding", "source", "feed"], name="finding_source")]
        indexes = [models.Index(fields=["source", "finding"], name="finding_source_finding")]


class FindingChange(models.Model):
    """One change of a finding's state: who, when, why."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]


class AttributedPart(models.Model):
    """The answer to "whose is it" for every observation of one part of the lake, at one revision of the constituency."""

    part = models.CharField(max_length=200, unique=True)
    path = models.CharField(max_length=200, unique=True)
    origin = models.CharField(max_length=12, choices=[("delivery", "delivery"), ("run", "run")])
    revision = models.BigIntegerField()
    rows = models.BigIntegerField()
    owned = models.BigIntegerField()
    attributed_at = models.DateTimeField()


class Numbering(models.Model):
    """The last reference number given out in a year."""

    year = models.IntegerField(unique=True)
    last = models.BigIntegerField(default=0)
