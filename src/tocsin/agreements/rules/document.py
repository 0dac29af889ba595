"""An agreement from the bytes of its file: all problems with line and column, and the terms where there is no error.

How such a file is written: ``docs/use/agreements.md``.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType

from tocsin.agreements.rules import sections
from tocsin.agreements.rules.category_sections import categories
from tocsin.agreements.rules.fields import Section
from tocsin.agreements.rules.terms import SCHEMA, Agreement, Status
from tocsin.agreements.rules.tree import Node, Problem, Problems, read_tree

__all__ = ["Problem", "Reading", "read_agreement"]

_KEYS = (
    "schema",
    "id",
    "revision",
    "status",
    "legal",
    "parties",
    "communities",
    "contacts",
    "transport",
    "purposes",
    "prohibited_purposes",
    "defaults",
    "categories",
    "third_party",
    "personal_data",
    "actor_attribution",
    "provider_credit",
    "marking",
    "false_positive",
    "incident_affecting_shared_data",
    "audit",
    "reciprocity",
    "ambiguity",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file. ``agreement`` is there where no problem is an error; ``tree`` where it was YAML at all."""

    name: str
    agreement: Agreement | None
    problems: tuple[Problem, ...]
    tree: Node | None = field(default=None, repr=False, compare=False)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the file useless."""
        return tuple(problem for problem in self.problems if problem.level == "error")


def read_agreement(text: bytes, name: str) -> Reading:
    """Read an agreement. Never raises: whatever is wrong with the bytes is among the problems. ``name`` is only passed on."""
    problems = Problems()
    tree = read_tree(text, problems)
    agreement = None if tree is None else _agreement(Section(problems, tree, "", _KEYS), sha256(text).hexdigest())
    return Reading(name, None if problems.has_error else agreement, tuple(problems), tree)


def _agreement(top: Section, text_sha256: str) -> Agreement:
    top.constant("schema", SCHEMA)
    parties = sections.parties(top)
    communities = sections.communities(top, parties)
    contacts, is_ready = sections.contacts(top, parties)
    defaults = sections.defaults(top)
    purposes, prohibited_purposes = sections.purposes(top)
    sections.marking(top)
    return Agreement(
        id=top.matching("id", "[a-z0-9][a-z0-9._-]{0,127}", "a name of small letters, digits, '.', '_' and '-'"),
        revision=top.integer("revision", 1, 999_999_999),
        status=top.choice("status", Status),
        legal=sections.legal(top),
        parties=MappingProxyType(parties),
        communities=MappingProxyType(communities),
        contacts=contacts,
        transport=sections.transport(top),
        purposes=purposes,
        prohibited_purposes=prohibited_purposes,
        defaults=defaults,
        categories=MappingProxyType(categories(top, parties, communities, defaults.retention_days)),
        third_party=sections.third_party(top),
        personal_data=sections.personal_data(top),
        actor_attribution=sections.actor_attribution(top),
        provider_credit=sections.provider_credit(top),
        false_positive=sections.false_positive(top),
        shared_incident=sections.shared_incident(top),
        audit=sections.audit(top),
        reciprocity=sections.reciprocity(top),
        is_ready=is_ready,
        text_sha256=text_sha256,
    )
