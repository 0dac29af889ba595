"""What was asked and denied: nothing left, so the ledger does not say it, but a change of a clause is judged by it."""

from django.db import models


class DeniedSubject(models.Model):
    """What was known of objects that were denied: canonical JSON, times to the day, so that few rows stand for many objects."""

    digest = models.CharField(max_length=64, unique=True)
    text = models.TextField()

    def __str__(self) -> str:
        return self.text


class DenialTally(models.Model):
    """How often in a day a subject was denied to a recipient under the same clauses; ``example`` is the last object's id."""

    denied_on = models.DateField()
    subject = models.ForeignKey(DeniedSubject, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    sender = models.CharField(max_length=200)
    recipient = models.CharField(max_length=200)
    exit = models.CharField(max_length=12)
    clauses = models.TextField()
    count = models.BigIntegerField()
    last_at = models.DateTimeField()
    example = models.CharField(max_length=400)

    class Meta:
        verbose_name_plural = "denial tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["denied_on", "subject", "sender", "recipient", "exit", "clauses"], name="denial_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} on {self.denied_on}"
