"""The terms of an agreement as frozen values: one class a section of the file, one field a clause.

Read by ``document.read_agreement``, asked by ``decision.decide``. ``None`` means that the file is silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tocsin.agreements.rules.iep import Policy
from tocsin.vocab.markings import Pap, Tlp

#: The schema that this version of Tocsin reads and writes.
SCHEMA = "tocsin-agreement/1"


class Status(StrEnum):
    """Where an agreement stands. Only one that is in force allows anything."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class Refusal(StrEnum):
    """How a clause refuses: a person may lift a hold, nobody lifts a denial."""

    DENY = "deny"
    HOLD = "hold"


class Consent(StrEnum):
    """What lets a third party's information pass."""

    ORIGINATOR_CONSENT = "originator_consent"
    TLP_CLEAR_PUBLIC = "tlp_clear_public"


class Outbound(StrEnum):
    """What becomes of personal data that goes outward."""

    REDACT_OR_HOLD = "redact_or_hold"
    HOLD = "hold"
    DENY = "deny"


class PersonalKind(StrEnum):
    """Kinds of personal data that can be asked for."""

    CNIC = "cnic"
    PK_MOBILE = "pk_mobile"
    PK_IBAN = "pk_iban"
    EMAIL_LOCAL_PART = "email_local_part"
    PASSPORT_PK = "passport_pk"
    FREE_TEXT_NAME = "free_text_name"

    @property
    def has_pattern(self) -> bool:
        """Whether it can be found in a text, and so taken out of it."""
        return self is not PersonalKind.FREE_TEXT_NAME


class Requirement(StrEnum):
    """What a category may ask for before an object goes to a party."""

    APPROVAL = "approval"
    OWNER_CONSENT = "owner_consent"
    CASE_ID = "case_id"


class Only(StrEnum):
    """Whom an onward rule is limited to within the community."""

    AFFECTED_PARTY = "affected_party"


@dataclass(frozen=True, slots=True)
class Termination:
    """How it ends, and which clauses outlive it."""

    notice_days: int | None = None
    survives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """Who looks at it again, and how often."""

    every_months: int
    board: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Legal:
    """The paper behind the data. ``effective_from`` and ``effective_until`` are aware UTC, both inclusive; no end is ``None``."""

    effective_from: datetime
    effective_until: datetime | None
    governing_law: str
    instrument: str | None = None
    signed: date | None = None
    termination: Termination | None = None
    review: Review | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who has agreed. ``country`` is an ISO 3166 code, or ``INT`` for a body of no one country."""

    key: str
    name: str
    kind: str | None
    country: str
    clearance_tlp: Tlp


@dataclass(frozen=True, slots=True)
class Community:
    """A circle to which a party passes things on. ``of`` is that party; ``members`` are selectors, not names of code."""

    key: str
    of: str
    members: tuple[str, ...]
    tlp_max_in: Tlp


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is reached for what, and when. A ``TODO`` is kept as ``None``: nobody sends to a placeholder."""

    party: str
    role: str
    hours: str | None = None
    tz: str | None = None
    email: str | None = None
    pgp_fpr: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Transport:
    """By which channels, and how they are protected."""

    channels: tuple[str, ...]
    encrypt_at_or_above: Tlp | None
    sign_everything: bool
    clock_skew_max_s: int


@dataclass(frozen=True, slots=True)
class Defaults:
    """What stands for a marking or a period that is missing."""

    tlp: Tlp
    pap: Pap
    iep: Policy | None
    retention_days: int | None


@dataclass(frozen=True, slots=True)
class Onward:
    """Whether and how a category is passed on to a community. ``tlp_max`` is ``None`` where the community's own ceiling holds."""

    is_allowed: bool
    tlp_max: Tlp | None = None
    delay_hours: int = 0
    only: Only | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of information: its object types, ways, ceiling, conditions and periods.

    ``directions`` are pairs (sender, recipient). ``requires`` is in the order of the file; ``approval`` goes with the roles that
    may give it. ``sla`` is severity → hours: a measured promise, never a duty. ``wrap`` says how an artefact is packed.
    """

    key: str
    stix: tuple[str, ...]
    directions: frozenset[tuple[str, str]]
    tlp_max: Tlp
    retention_days: int | None
    onward: Mapping[str, Onward]
    requires: tuple[tuple[Requirement, tuple[str, ...]], ...] = ()
    k_anonymity: int | None = None
    embargo_max_days: int | None = None
    has_embargo: bool = False
    personal_data: str | None = None
    wrap: Mapping[str, str] | None = None
    sla: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """Information of somebody who is not a party. Originators' exclusions are always honoured."""

    default: Refusal
    allow_if: frozenset[Consent]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Which kinds are looked for, what becomes of them outward, how long they stay inward."""

    detectors: tuple[PersonalKind, ...]
    outbound: Outbound
    keeps_attackers_own: bool
    inbound_retention_days: int | None
    dpo_log: bool


@dataclass(frozen=True, slots=True)
class ActorAttribution:
    """What happens to an object that names a state as the actor, and who may lift a hold."""

    to_state: Refusal
    approver: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProviderCredit:
    """The line that names the originator, and at which IEP attributions it is due. ``{originator}`` stands for the originator."""

    line: str
    only_if_iep: frozenset[str]


@dataclass(frozen=True, slots=True)
class FalsePositive:
    """How fast a false positive is taken back. ``retract_within_hours`` counts from our knowing."""

    retract_within_hours: int | None
    propagate: bool
    reciprocal_notice: bool


@dataclass(frozen=True, slots=True)
class SharedIncident:
    """What is told of an incident that touches shared data, and how soon."""

    notify_within_hours: int
    content: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """What is written down, for how long, and who may see it."""

    log: str
    retain_days: int
    partner_access: str | None
    annual_review: bool


@dataclass(frozen=True, slots=True)
class Reciprocity:
    """What is counted of giving and taking. It only reports; nothing is ever throttled by it."""

    metric: str
    floor_ratio: float
    action: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """One revision of an agreement, as a whole. ``text_sha256`` is the hex SHA-256 of the file's bytes."""

    id: str
    revision: int
    status: Status
    legal: Legal
    parties: Mapping[str, Party]
    communities: Mapping[str, Community]
    contacts: tuple[Contact, ...]
    transport: Transport
    purposes: tuple[str, ...]
    prohibited_purposes: tuple[str, ...]
    defaults: Defaults
    categories: Mapping[str, Category]
    third_party: ThirdParty
    personal_data: PersonalData
    actor_attribution: ActorAttribution
    provider_credit: ProviderCredit | None
    false_positive: FalsePositive | None
    shared_incident: SharedIncident | None
    audit: Audit | None
    reciprocity: Reciprocity | None
    is_ready: bool
    text_sha256: str

    def side_of(self, key: str) -> Party | None:
        """The party itself, or the party that the community belongs to; ``None`` for anybody else."""
        community = self.communities.get(key)
        return self.parties.get(community.of if community else key)
