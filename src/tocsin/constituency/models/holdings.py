"""What organisations hold, with validity in time, and what the registries say about the nation's space.

Validity is half open: from ``valid_from`` (empty: always) until just before ``valid_until`` (empty: still). Addresses are 16 bytes
in network order, IPv4 as ``::ffff:a.b.c.d`` (RFC 4291 §2.5.5.2), so that one index and one comparison serve both.
"""

from django.db import models
from django.db.models import F, Q

from tocsin.constituency.models.organisations import Organisation


class Holding(models.Model):
    """Something of an organisation, for a time. ``origin`` says where we have it from, such as the name of a file."""

    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True


def _in_order(name: str) -> models.CheckConstraint:
    """Validity ends after it begins."""
    either_open = Q(valid_from__isnull=True) | Q(valid_until__isnull=True)
    return models.CheckConstraint(condition=either_open | Q(valid_until__gt=F("valid_from")), name=name)


class Network(Holding):
    """A network in CIDR notation. ``asn`` is the autonomous system that announces it, where known."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="networks")
    cidr = models.CharField(max_length=49)
    first = models.BinaryField(max_length=16)
    last = models.BinaryField(max_length=16)
    asn = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["first", "-last", "pk"]
        indexes = [models.Index(fields=["first", "last"], name="network_range")]
        constraints = [_in_order("network_validity_in_order")]

    def __str__(self) -> str:
        return self.cidr


class AutonomousSystem(Holding):
    """An autonomous system number."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="autonomous_systems")
    asn = models.PositiveBigIntegerField(db_index=True)

    class Meta:
        ordering = ["asn", "pk"]
        constraints = [_in_order("autonomous_system_validity_in_order")]

    def __str__(self) -> str:
        return f"AS{self.asn}"


class Domain(Holding):
    """A domain with everything below it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(max_length=253, db_index=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [_in_order("domain_validity_in_order")]

    def __str__(self) -> str:
        return self.name


class RegistryHandle(Holding):
    """The opaque id under which a registry lists an organisation's resources in its extended files."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="registry_handles")
    registry = models.CharField(max_length=10)
    opaque_id = models.CharField(max_length=100)

    class Meta:
        ordering = ["registry", "opaque_id", "pk"]
        constraints = [_in_order("registry_handle_validity_in_order")]

    def __str__(self) -> str:
        return f"{self.registry} {self.opaque_id}"


class RegistryBlock(models.Model):
    """A block that a registry lists for a country: national space, whoever uses it.

    ``first`` and ``last`` are 16 bytes; of kind ``asn`` they are the numbers themselves. ``listed_until`` is the date of the first
    file in which the block was missing.
    """

    registry = models.CharField(max_length=10)
    country = models.CharField(max_length=2)
    kind = models.CharField(max_length=4, choices=[(kind, kind) for kind in ("ipv4", "ipv6", "asn")])
    first = models.BinaryField(max_length=16)
    last = models.BinaryField(max_length=16)
    status = models.CharField(max_length=20)
    allocated_on = models.DateField(null=True, blank=True)
    opaque_id = models.CharField(max_length=100, blank=True, db_index=True)
    file_digest = models.CharField(max_length=64)
    listed_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "first", "pk"]
        indexes = [models.Index(fields=["kind", "first", "last"], name="registry_block_range")]

    def __str__(self) -> str:
        return f"{self.registry} {self.kind} {self.status}"
