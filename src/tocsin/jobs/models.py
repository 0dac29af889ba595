"""Tables of background work: what changed, how far each reader has read, what is due, who is working."""

from django.db import models
from django.db.models import Q


class ChangeEntry(models.Model):
    """Something that a room above may have to react to. Written once; only ``position`` is filled in later
    (``changes``)."""

    at = models.DateTimeField()
    room = models.CharField(max_length=40)
    kind = models.CharField(max_length=60)
    subject = models.TextField()
    detail = models.JSONField(default=dict)
    position = models.BigIntegerField(null=True, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "position"], name="jobs_change_kind"),
            models.Index(fields=["id"], name="jobs_change_unplaced", condition=Q(position__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.room}.{self.kind} {self.subject}"


class Cursor(models.Model):
    """How far one reader of the change log has come. The name ``""`` is the log's own: the last position it gave
    out."""

    name = models.CharField(max_length=100, unique=True)
    position = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class LakePart(models.Model):
    """A part of the lake that counts: written in the transaction of the room that made the part
    (``holdings.record``)."""

    path = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    rows = models.BigIntegerField()
    committed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.path


class ScheduleState(models.Model):
    """When a schedule is due next."""

    name = models.CharField(max_length=100, unique=True)
    due_at = models.DateTimeField()
    enqueued_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} due {self.due_at:%Y-%m-%d %H:%M} UTC"


class WorkerHealth(models.Model):
    """One worker process: what it does and did. It is alive while it holds its lock file (``worker``), whatever the
    times say."""

    name = models.CharField(max_length=200, unique=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    doing = models.TextField(blank=True)
    said = models.TextField(blank=True)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "worker health"

    def __str__(self) -> str:
        return self.name
