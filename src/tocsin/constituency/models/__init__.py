"""The tables of the constituency, cut by noun."""

from tocsin.constituency.models.holdings import AutonomousSystem, Domain, Network, RegistryBlock, RegistryHandle
from tocsin.constituency.models.log import AuditEntry, Revision
from tocsin.constituency.models.organisations import Contact, Organisation, Province, Sector
from tocsin.constituency.models.people import ApiToken, Person, SignInLink

__all__ = [
    "ApiToken",
    "AuditEntry",
    "AutonomousSystem",
    "Contact",
    "Domain",
    "Network",
    "Organisation",
    "Person",
    "Province",
    "RegistryBlock",
    "RegistryHandle",
    "Revision",
    "Sector",
    "SignInLink",
]
