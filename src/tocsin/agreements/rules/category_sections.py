"""``categories`` of an agreement's file: each kind of information and what it may do."""

import re
from types import MappingProxyType

from tocsin.agreements.rules import terms
from tocsin.agreements.rules.fields import NAME, Section, near
from tocsin.agreements.rules.sections import LONGEST_DAYS, roles
from tocsin.agreements.rules.tree import Listing, Scalar

_STIX = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_SEVERITIES = ("critical", "high", "medium", "low")
_CATEGORY_KEYS = (
    "directions",
    "stix",
    "tlp_max",
    "retention_days",
    "onward",
    "sla",
    "requires",
    "k_anonymity",
    "embargo",
    "personal_data",
    "wrap",
)


def categories(
    top: Section, known: dict[str, terms.Party], circles: dict[str, terms.Community], default_days: int | None
) -> dict[str, terms.Category]:
    """``categories``: the kinds of information and what each may do."""
    found = {}
    for key, section in top.section("categories", None).sections(_CATEGORY_KEYS):
        found[key] = _category(key, section, known, circles)
        if found[key].retention_days is None and default_days is None and "retention_days" not in section.entries:
            section.warning(
                "retention_days", "neither the category nor defaults.retention_days ends it: it is kept for ever"
            )
    if not found and "categories" in top.entries:
        top.error("categories", "an agreement has at least one category")
    return found


def _category(
    key: str, section: Section, known: dict[str, terms.Party], circles: dict[str, terms.Community]
) -> terms.Category:
    embargo = section.section("embargo", ("max_days",), required=False)
    wrap = section.section("wrap", ("zip_aes_password",), required=False)
    sla = section.section("sla", _SEVERITIES, required=False)
    hours = {word: sla.hours(word) for word in _SEVERITIES}
    return terms.Category(
        key=key,
        stix=_types(section),
        directions=_directions(section, known),
        tlp_max=section.tlp("tlp_max"),
        retention_days=section.optional_integer("retention_days", 1, LONGEST_DAYS),
        onward=MappingProxyType(_onward(section, circles)),
        requires=_requires(section),
        k_anonymity=section.optional_integer("k_anonymity", 2, 1_000_000),
        has_embargo="embargo" in section.entries,
        embargo_max_days=embargo.optional_integer("max_days", 1, LONGEST_DAYS),
        personal_data=section.optional_matching("personal_data", "allowed_inbound", "'allowed_inbound', or left out"),
        wrap=MappingProxyType({"zip_aes_password": wrap.text("zip_aes_password")}) if wrap.entries else None,
        sla=MappingProxyType({word: said for word, said in hours.items() if said is not None}) if sla.entries else None,
    )


def _types(section: Section) -> tuple[str, ...]:
    found = section.listed("stix", str, least=1)
    for word, node in found:
        if not re.fullmatch(_STIX, word):
            section.problems.add(
                node, section.below("stix"), f"{word[:60]!r} is no STIX type such as indicator or x-victim"
            )
    return tuple(word for word, _ in found)


def _directions(section: Section, known: dict[str, terms.Party]) -> frozenset[tuple[str, str]]:
    found = set()
    for text, node in section.listed("directions", str):
        sender, sign, recipient = text.partition(">")
        message = None
        if not sign or not NAME.fullmatch(sender) or not NAME.fullmatch(recipient):
            message = f"{text[:60]!r} is no direction: write it sender>recipient"
        elif sender == recipient:
            message = f"{text[:60]!r} goes nowhere"
        elif unknown := next((name for name in (sender, recipient) if name not in known), None):
            message = f"{unknown!r} is no party{near(unknown, list(known))}"
        if message:
            section.problems.add(node, section.below("directions"), message)
        found.add((sender, recipient))
    return frozenset(found)


def _onward(category: Section, circles: dict[str, terms.Community]) -> dict[str, terms.Onward]:
    found = {}
    rules = category.section("onward", None, required=False)
    for key, (word, node) in rules.entries.items():
        if key not in circles:
            rules.problems.add(word, rules.below(key), f"{key[:60]!r} is no community{near(key, list(circles))}")
        if isinstance(node, Scalar):
            if node.text != "deny":
                rules.error(
                    key, f"{node.text[:60]!r} is no onward rule: 'deny', or a mapping such as {{tlp_max: GREEN}}"
                )
            found[key] = terms.Onward(is_allowed=False)
            continue
        rule = Section(rules.problems, node, rules.below(key), ("tlp_max", "delay_hours", "only"))
        found[key] = terms.Onward(
            is_allowed=True,
            tlp_max=rule.optional_tlp("tlp_max"),
            delay_hours=rule.optional_integer("delay_hours", 0, 8760) or 0,
            only=rule.optional_choice("only", terms.Only),
        )
        ceiling, circle = found[key].tlp_max, circles.get(key)
        is_wider = circle is not None and ceiling is not None and ceiling.strictness > circle.tlp_max_in.strictness
        if circle is not None and is_wider and found[key].only is None:
            rule.warning(
                "tlp_max",
                f"above {circle.tlp_max_in.shown}, the ceiling of the community, and limited to nobody ('only'): this rule wins",
            )
    return found


def _requires(category: Section) -> tuple[tuple[terms.Requirement, tuple[str, ...]], ...]:
    section = category.section("requires", tuple(terms.Requirement), required=False)
    found: list[tuple[terms.Requirement, tuple[str, ...]]] = []
    for word, (_, node) in section.entries.items():
        if word not in tuple(terms.Requirement):
            continue
        requirement = terms.Requirement(word)
        if requirement is terms.Requirement.APPROVAL and isinstance(node, Listing):
            found.append((requirement, roles(section, word)))
        elif section.flag(word):
            found.append((requirement, ()))
    return tuple(found)
