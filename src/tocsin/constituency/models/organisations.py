"""Whom we serve and how they are reached."""

from uuid import uuid4

from django.db import models


class Sector(models.Model):
    """A critical sector, such as energy."""

    slug = models.SlugField(max_length=80, unique=True)
    name_en = models.CharField(max_length=200)
    name_ur = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name_en


class Province(models.Model):
    """A province or territory."""

    slug = models.SlugField(max_length=80, unique=True)
    name_en = models.CharField(max_length=200)
    name_ur = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name_en


class Organisation(models.Model):
    """A constituent. ``is_provider``: its networks are mostly its customers'. Inactive ones keep their past."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name_en = models.CharField(max_length=200)
    name_ur = models.CharField(max_length=200, blank=True)
    sector = models.ForeignKey(Sector, null=True, blank=True, on_delete=models.PROTECT, related_name="organisations")
    province = models.ForeignKey(
        Province, null=True, blank=True, on_delete=models.PROTECT, related_name="organisations"
    )
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    is_provider = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name_en

    def name_in(self, language: str) -> str:
        """The name in a language, in English where there is none."""
        return (self.name_ur or self.name_en) if language == "ur" else self.name_en


class Contact(models.Model):
    """How an organisation is reached, and for what."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="contacts")
    role = models.CharField(max_length=8, choices=[(role, role) for role in ("24/7", "ciso", "abuse", "legal")])
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=2, default="en")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["organisation", "role", "email", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "role", "email", "phone"], name="contact_said_once"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.name or self.email or self.phone}"
