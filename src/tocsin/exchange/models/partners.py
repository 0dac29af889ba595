"""Who collects from us and gives to us, and with which keys."""

from datetime import datetime
from typing import Self
from uuid import uuid4

from django.db import models
from django.db.models import Q

from tocsin.vocab import clock


class Partner(models.Model):
    """One partner and its API root ``/taxii2/<slug>/``.

    ``party`` is the recipient that every decision about it is asked for: a key under ``parties`` or ``communities`` of the agreements.
    ``circle`` is the community whose members see each other under pseudonyms; empty for a partner who is no member of one. ``mark``
    grows with every change of what this partner may see, so that what was worked out from it is known to be old.
    """

    slug = models.SlugField(max_length=60, unique=True)
    party = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    circle = models.CharField(max_length=120, blank=True)
    pseudonym = models.CharField(max_length=120, blank=True)
    is_enabled = models.BooleanField(default=True)
    mark = models.BigIntegerField(default=0)
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class ClientQuerySet(models.QuerySet["Client"]):
    """Clients by what they are good for."""

    def usable(self, at: datetime) -> Self:
        """Neither disabled nor expired, and of an enabled partner."""
        is_in_time = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
        return self.filter(is_in_time, is_enabled=True, partner__is_enabled=True)


class Client(models.Model):
    """A program of a partner's with its credentials; any one of those that are set lets it in. No secret is stored, only its hash."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="clients")
    name = models.CharField(max_length=80, unique=True)
    password_hash = models.CharField(max_length=200, blank=True)
    token_hash = models.CharField(max_length=64, blank=True)
    token_hint = models.CharField(max_length=24, blank=True)
    certificate_fingerprint = models.CharField(max_length=64, blank=True)
    certificate_subject = models.CharField(max_length=500, blank=True)
    is_enabled = models.BooleanField(default=True)
    made_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ClientQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=[field], condition=~Q(**{field: ""}), name=f"client_{field}_once")
            for field in ("token_hash", "certificate_fingerprint", "certificate_subject")
        ]

    def __str__(self) -> str:
        return self.name
