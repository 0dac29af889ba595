"""Each section of an agreement's file: its keys, what they may say, and the terms that come of it."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tocsin.agreements.rules import terms
from tocsin.agreements.rules.fields import Section, near, one_of
from tocsin.agreements.rules.iep import Attribution, Policy, read_policy, read_statement
from tocsin.agreements.rules.tree import Listing, Scalar

LONGEST_DAYS = 36_500
_COUNTRY = "[A-Z]{2}|INT"
_ROLE = "role--[a-z0-9-]{1,60}"
_A_ROLE = "a role such as role--duty-officer"


def legal(top: Section) -> terms.Legal:
    """``legal``: the paper, its time, the law, how it ends and who looks at it again."""
    keys = ("instrument", "signed", "effective", "governing_law", "termination", "review")
    section = top.section("legal", keys)
    effective = section.section("effective", ("from", "until"))
    effective.node("from")
    begins, ends = effective.time("from"), effective.time("until")
    if begins and ends and ends < begins:
        effective.error("until", "it ends before it begins")
    return terms.Legal(
        effective_from=begins or datetime.max.replace(tzinfo=UTC),
        effective_until=ends,
        governing_law=section.matching("governing_law", "[A-Z]{2}", "the ISO 3166 code of a country, such as PK"),
        instrument=section.optional_text("instrument"),
        signed=section.date("signed"),
        termination=_termination(section),
        review=_review(section),
    )


def _termination(legal_section: Section) -> terms.Termination | None:
    section = legal_section.section("termination", ("notice_days", "survives"), required=False)
    if "termination" not in legal_section.entries:
        return None
    return terms.Termination(
        section.optional_integer("notice_days", 0, LONGEST_DAYS), section.texts("survives", required=False)
    )


def _review(legal_section: Section) -> terms.Review | None:
    section = legal_section.section("review", ("every_months", "board"), required=False)
    if "review" not in legal_section.entries:
        return None
    return terms.Review(section.integer("every_months", 1, 120), roles(section, "board"))


def roles(section: Section, word: str) -> tuple[str, ...]:
    """A list of roles such as role--duty-officer."""
    found = section.listed(word, str, required=False)
    for role, node in found:
        if not re.fullmatch(_ROLE, role):
            section.problems.add(node, section.below(word), f"{role[:60]!r} is no {_A_ROLE[2:]}")
    return tuple(role for role, _ in found)


def parties(top: Section) -> dict[str, terms.Party]:
    """``parties``: who has agreed."""
    found = {
        key: terms.Party(
            key=key,
            name=section.text("name"),
            kind=section.optional_text("kind"),
            country=section.matching("country", _COUNTRY, "an ISO 3166 code such as PK, or INT"),
            clearance_tlp=section.tlp("clearance_tlp"),
        )
        for key, section in top.section("parties", None).sections(("name", "kind", "country", "clearance_tlp"))
    }
    if len(found) < 2 and "parties" in top.entries:
        top.error("parties", "an agreement has at least two parties")
    return found


def communities(top: Section, known: dict[str, terms.Party]) -> dict[str, terms.Community]:
    """``communities``: the circles that parties pass things on to."""
    found = {}
    everyone = top.section("communities", None, required=False)
    for key, section in everyone.sections(("of", "members", "tlp_max_in")):
        if key in known:
            everyone.error(key, f"{key!r} is a party already: a community needs a name of its own")
        found[key] = terms.Community(
            key=key,
            of=_named(section, "of", known),
            members=section.texts("members"),
            tlp_max_in=section.tlp("tlp_max_in"),
        )
    return found


def _named(section: Section, word: str, known: dict[str, terms.Party]) -> str:
    name = section.text(word)
    if name and name not in known:
        section.error(word, f"{name[:60]!r} is no party{near(name, list(known))}")
    return name


def contacts(top: Section, known: dict[str, terms.Party]) -> tuple[tuple[terms.Contact, ...], bool]:
    """``contacts``: who is reached, and whether all of them are real. A ``TODO`` is a warning and keeps the agreement from going live."""
    node = top.node("contacts", required=False)
    if node is None:
        return (), True
    if not isinstance(node, Listing):
        top.error("contacts", "here stands a list of contacts")
        return (), True
    found, is_ready = [], True
    for place, one in enumerate(node.nodes):
        keys = ("party", "role", "hours", "tz", "email", "pgp_fpr", "phone")
        section = Section(top.problems, one, f"contacts[{place}]", keys)
        to_do = {
            word for word, (_, value) in section.entries.items() if isinstance(value, Scalar) and value.text == "TODO"
        }
        for word in sorted(to_do):
            section.warning(word, "TODO: not ready to go live before it is filled in")
        is_ready = is_ready and not to_do
        section.entries = {word: entry for word, entry in section.entries.items() if word not in to_do}
        found.append(_contact(section, known))
    return tuple(found), is_ready


def _contact(section: Section, known: dict[str, terms.Party]) -> terms.Contact:
    zone = section.optional_text("tz")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
            section.error("tz", f"{zone[:60]!r} is no time zone such as Asia/Karachi")
        except KeyError:
            section.error("tz", f"{zone[:60]!r} is no time zone such as Asia/Karachi")
    return terms.Contact(
        party=_named(section, "party", known),
        role=section.text("role"),
        hours=section.optional_text("hours"),
        tz=zone,
        email=section.optional_matching("email", r"[^@\s]{1,64}@[^@\s]{1,255}", "a mail address"),
        pgp_fpr=section.optional_matching(
            "pgp_fpr", "([0-9A-Fa-f] ?){40}|([0-9A-Fa-f] ?){64}", "an OpenPGP fingerprint of 40 or 64 digits"
        ),
        phone=section.optional_text("phone"),
    )


def transport(top: Section) -> terms.Transport:
    """``transport``: channels and protection on the way."""
    keys = ("channels", "encrypt_at_or_above", "sign_everything", "clock_skew_max_s")
    section = top.section("transport", keys)
    return terms.Transport(
        channels=section.texts("channels", least=1),
        encrypt_at_or_above=section.tlp("encrypt_at_or_above"),
        sign_everything=section.flag("sign_everything"),
        clock_skew_max_s=section.integer("clock_skew_max_s", 0, 86_400),
    )


def purposes(top: Section) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``purposes`` and ``prohibited_purposes``, which share no word."""
    allowed = top.texts("purposes", required=False)
    prohibited = top.listed("prohibited_purposes", str, required=False)
    for word, node in prohibited:
        if word in allowed:
            top.problems.add(node, "prohibited_purposes", f"{word[:60]!r} is among the purposes too")
    return allowed, tuple(word for word, _ in prohibited)


def defaults(top: Section) -> terms.Defaults:
    """``defaults``: what stands for a missing marking or period."""
    section = top.section("defaults", ("tlp", "pap", "iep", "retention_days"))
    return terms.Defaults(
        tlp=section.tlp("tlp"),
        pap=section.pap("pap"),
        iep=_default_policy(section),
        retention_days=section.optional_integer("retention_days", 1, LONGEST_DAYS),
    )


_IEP_KEYS = (
    "encrypt_in_transit",
    "permitted_actions",
    "affected_party_notifications",
    "attribution",
    "unmodified_resale",
)


def _default_policy(section: Section) -> Policy | None:
    policy = section.section("iep", (*_IEP_KEYS, "tlp"), required=False)
    said: dict[str, str] = {}
    for word in _IEP_KEYS:
        if (text := policy.optional_text(word)) is not None:
            try:
                said[word] = read_statement(word, text).value
            except ValueError as error:
                policy.error(word, str(error))
    if (tlp := policy.optional_tlp("tlp")) is not None:
        said["tlp"] = tlp.value
    return read_policy(said) if said else None


def third_party(top: Section) -> terms.ThirdParty:
    """``third_party``: information of somebody who is no party."""
    section = top.section("third_party", ("default", "allow_if", "originator_exclusions"))
    section.constant("originator_exclusions", "honour")
    return terms.ThirdParty(
        default=section.choice("default", terms.Refusal),
        allow_if=frozenset(word for word, _ in section.listed("allow_if", one_of(terms.Consent), required=False)),
    )


def personal_data(top: Section) -> terms.PersonalData:
    """``personal_data``: what is looked for, and what becomes of it either way."""
    section = top.section("personal_data", ("detectors", "outbound", "inbound"))
    outbound = section.section("outbound", ("action", "keep_if"))
    inbound = section.section("inbound", ("retention_days", "dpo_log"), required=False)
    kept = [outbound.node("keep_if", required=False)]
    for word, node in outbound.listed("keep_if", str, required=False):
        if word != "attacker_controlled_asset":
            outbound.problems.add(
                node, outbound.below("keep_if"), f"{word[:60]!r} is unknown{near(word, ['attacker_controlled_asset'])}"
            )
    return terms.PersonalData(
        detectors=tuple(kind for kind, _ in section.listed("detectors", one_of(terms.PersonalKind))),
        outbound=outbound.choice("action", terms.Outbound),
        keeps_attackers_own=isinstance(kept[0], Listing) and bool(kept[0].nodes),
        inbound_retention_days=inbound.optional_integer("retention_days", 1, LONGEST_DAYS),
        dpo_log=inbound.flag("dpo_log"),
    )


def actor_attribution(top: Section) -> terms.ActorAttribution:
    """``actor_attribution``: an export never becomes diplomacy by accident."""
    section = top.section("actor_attribution", ("to_state",)).section("to_state", ("action", "approver"))
    return terms.ActorAttribution(section.choice("action", terms.Refusal), roles(section, "approver"))


def provider_credit(top: Section) -> terms.ProviderCredit | None:
    """``provider_credit``: the line that names whose information it is."""
    section = top.section("provider_credit", ("line", "only_if_iep"), required=False)
    if "provider_credit" not in top.entries:
        return None
    line = section.text("line")
    if "{" in line.replace("{originator}", "") or "}" in line.replace("{originator}", "") or not line.isprintable():
        section.error("line", "a credit is one line of text; {originator} is the only thing that is filled in")
    when = section.listed("only_if_iep", one_of(Attribution))
    for word, node in when:
        if word is Attribution.MUST_NOT:
            section.problems.add(
                node, section.below("only_if_iep"), "a credit never goes with an attribution of must-not"
            )
    return terms.ProviderCredit(line, frozenset(word.value for word, _ in when))


def marking(top: Section) -> None:
    """``marking`` and ``ambiguity``: the two rules that no agreement can soften, written down for people."""
    section = top.section("marking", ("downgrade", "derived"))
    section.constant("downgrade", "originator_only")
    section.constant("derived", "max_of_inputs")
    top.constant("ambiguity", "hold")


def false_positive(top: Section) -> terms.FalsePositive | None:
    """``false_positive``: how fast an error is taken back."""
    section = top.section("false_positive", ("retract_within", "propagate", "reciprocal_notice"), required=False)
    if "false_positive" not in top.entries:
        return None
    return terms.FalsePositive(
        section.hours("retract_within"), section.flag("propagate"), section.flag("reciprocal_notice")
    )


def shared_incident(top: Section) -> terms.SharedIncident | None:
    """``incident_affecting_shared_data``: who hears of it, what, and when."""
    word = "incident_affecting_shared_data"
    section = top.section(word, ("notify_within", "content"), required=False)
    if word not in top.entries:
        return None
    section.node("notify_within")
    return terms.SharedIncident(section.hours("notify_within") or 0, section.texts("content", required=False))


def audit(top: Section) -> terms.Audit | None:
    """``audit``: what is written down and for how long."""
    section = top.section("audit", ("log", "retain_days", "partner_access", "annual_review"), required=False)
    if "audit" not in top.entries:
        return None
    section.constant("log", "hash_chained")
    return terms.Audit(
        log="hash_chained",
        retain_days=section.integer("retain_days", 1, LONGEST_DAYS),
        partner_access=section.optional_matching("partner_access", "own_objects|none", "own_objects or none"),
        annual_review=section.flag("annual_review"),
    )


def reciprocity(top: Section) -> terms.Reciprocity | None:
    """``reciprocity``: counted, reported, never throttled."""
    section = top.section("reciprocity", ("metric", "floor_ratio", "action"), required=False)
    if "reciprocity" not in top.entries:
        return None
    section.constant("action", "report_only")
    return terms.Reciprocity(section.text("metric"), section.number("floor_ratio", 1000.0), "report_only")
