"""Tables of detection: a run over logs, its files, its hits with their evidence."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.constituency.models import Organisation
from tocsin.intel.models import Indicator

EVIDENCE_CHARACTERS = 4000


class Run(models.Model):
    """One search of some logs for everything that is known at that moment."""

    class State(models.TextChoices):
        """A run that was killed stays ``running`` until the next one sweeps it to ``failed``."""

        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_by = models.CharField(max_length=200)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="runs")
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)
    assumed_at = models.DateTimeField(help_text="The time given to lines that carry none.")
    set_digest = models.CharField(max_length=64)
    indicators = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    lines = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    hits = models.BigIntegerField(default=0)
    counted = models.BigIntegerField(default=0)
    part = models.CharField(max_length=200, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]

    @property
    def megabytes_per_second(self) -> float:
        """Decompressed megabytes (10⁶) a second, matching and attribution together."""
        return self.bytes / 1e6 / self.seconds if self.seconds else 0.0


class RunFile(models.Model):
    """One log of a run, named as it was given."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="files")
    name = models.TextField()
    bytes = models.BigIntegerField()
    lines = models.BigIntegerField()
    hits = models.BigIntegerField()


class HitQuerySet(models.QuerySet["Hit"]):
    """Chainable questions about many hits."""

    def counted(self) -> "HitQuerySet":
        """Those that became observations."""
        return self.filter(outcome="counted")


class Hit(models.Model):
    """One indicator on one line, with the line itself."""

    class Outcome(models.TextChoices):
        """As decided by ``rules.outcome_of``."""

        COUNTED = "counted", _("counted")
        KNOWN_GOOD = "known-good", _("known good")
        EXPIRED = "expired", _("expired")
        NOT_YET_VALID = "not-yet-valid", _("not yet valid")
        REVOKED = "revoked", _("revoked")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="found")
    file = models.ForeignKey(RunFile, on_delete=models.CASCADE, related_name="found")
    line = models.BigIntegerField()
    evidence = models.TextField(
        help_text="The line, cut to 4,000 characters; bytes that are not UTF-8 are shown as escapes."
    )
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="hits")
    indicator_version = models.IntegerField()
    observed_at = models.DateTimeField()
    time_is_assumed = models.BooleanField(default=False)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    known_good = models.TextField(blank=True, help_text="Names of the warning lists that know this value as good.")

    objects = HitQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["run", "outcome", "id"], name="hit_run_outcome"),
            models.Index(fields=["indicator", "-observed_at"], name="hit_indicator_at"),
        ]


class HitParty(models.Model):
    """Whom a counted hit concerns, and why; nobody's stays visible as a party without an organisation."""

    hit = models.ForeignKey(Hit, on_delete=models.CASCADE, related_name="parties")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="hit_parties")
    address = models.CharField(max_length=45, blank=True)
    because = models.CharField(max_length=32)
    observation = models.BinaryField(max_length=16, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "hit"], name="party_organisation"),
            models.Index(fields=["observation"], name="party_observation"),
        ]
