"""People, their one-time sign-in links and their API tokens. No secret is stored, only its hash."""

import hashlib
from datetime import timedelta
from typing import ClassVar, Self
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from tocsin.vocab import clock

#: How stale "last used" may be: one write a minute and token, however many requests.
_LAST_USED_STEP = timedelta(minutes=1)


def hash_of(secret: str) -> str:
    """SHA-256 in hex of a secret of 256 random bits: such a secret needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class PersonManager(BaseUserManager["Person"]):
    """Finds people by their address in any case."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        """The person of an e-mail address."""
        return self.get(email=(username or "").strip().lower())


class Person(AbstractBaseUser):
    """Somebody of our own team. There are no passwords: the password column only holds a random mark that ends old sessions."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=2, choices=[("en", "English"), ("ur", "اردو")], default="en")
    roles = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    added_at = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.name or self.email

    def end_sessions(self) -> None:
        """Change the mark that every session carries, so that none of them counts any more (the row is not saved)."""
        self.set_unusable_password()


class SignInLinkQuerySet(models.QuerySet["SignInLink"]):
    """Links by what they are good for."""

    def usable(self) -> Self:
        """Neither used nor expired, and of an active person."""
        return self.filter(used_at__isnull=True, expires_at__gt=clock.now(), person__is_active=True)

    def of_text(self, secret: str) -> Self:
        """The link whose secret this is, if any."""
        return self.filter(secret_hash=hash_of(secret))


class SignInLink(models.Model):
    """One door for one person, once."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sign_in_links")
    secret_hash = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = SignInLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"link of {self.person}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens by what they are good for."""

    def usable(self) -> Self:
        """Neither revoked nor expired, and of an active person."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=clock.now(), person__is_active=True)

    def of_text(self, secret: str) -> Self:
        """The token whose text this is, if any."""
        return self.filter(secret_hash=hash_of(secret))


class ApiToken(models.Model):
    """A program's key to the API: scoped, expiring, revocable. ``hint`` are its first characters, to recognise it by."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    hint = models.CharField(max_length=16)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.hint}… of {self.person}"

    def note_use(self) -> None:
        """Remember that it was used now, to the minute."""
        at = clock.now()
        if self.last_used_at is None or at - self.last_used_at >= _LAST_USED_STEP:
            type(self).objects.filter(pk=self.pk).update(last_used_at=at)
