"""Seeded cases for the one decision: agreements as YAML text, and requests that reach every step, every result and every clause often.

A request begins as one that would be allowed under one of its agreements; then up to three twists are made, each aimed at one step of
``docs/why/decisions.md`` or at the border of one, and odd values where the table of that page expects something else.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import yaml

Request = dict[str, Any]
Terms = dict[str, Any]

LABELS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
PAPS = ("CLEAR", "GREEN", "AMBER", "RED")
IEP_TLP = ("white", "green", "amber", "red")
EXITS = ("taxii", "misp", "api", "portal", "mail", "notice", "block_list", "lookup", "export", "download")
PARTIES = ("alpha", "beta", "gamma", "delta")
CIRCLES = {"alpha_sectors": "alpha", "beta_customers": "beta", "gamma_members": "gamma", "alpha_press": "alpha"}
TYPES = {
    "indicators": ("indicator", "ipv4-addr", "domain-name", "url", "file"),
    "samples": ("malware", "artifact"),
    "reports": ("report", "campaign", "intrusion-set"),
    "telemetry": ("observed-data", "sighting"),
    "victims": ("identity", "incident", "x-victim"),
    "evidence": ("artifact", "x-evidence"),
}
PURPOSES = ("detection", "prevention", "incident_response", "research_aggregate", "commercial_resale", "ad_targeting")
DETECTORS = ("cnic", "pk_mobile", "pk_iban", "email_local_part", "passport_pk", "free_text_name")
CHANNELS = ("taxii21_mtls", "pgp_mail", "portal_mfa", "misp_sync", "api_v1", "smime_mail")
ACTIONS = (
    "none",
    "contact-for-instruction",
    "internally-visible-actions",
    "externally-visible-indirect-actions",
    "externally-visible-direct-actions",
)
#: Words whose personal data nobody can doubt; forms that are hard to find have a test of their own.
TEXTS = (
    "victim CNIC 35202-1234567-1",
    "called from 0300-1234567",
    "paid to PK36SCBL0000001123456702",
    "sent by someone@victim.example",
    "holder of passport AB1234567",
    "CNIC 35202-1234567-1 and phone 0333-7654321",
    "nothing of a person in here",
    "beacon to 198.18.7.9 port 443",
    "",
)
#: Values that no key of the table expects.
ODD: tuple[Any, ...] = (
    7,
    -1,
    0,
    1.5,
    True,
    False,
    "",
    " ",
    "no such thing",
    [],
    [1],
    [None],
    {},
    {"a": 1},
    ["x", 2],
    "\u0000",
    10**30,
)
#: TLP and PAP texts that are readable, though nobody writes them like that, and texts that must not be guessed.
ODD_LABELS = (
    "tlp:amber",
    "TLP:GREEN",
    "white",
    "TLP:WHITE",
    " red ",
    "amber_strict",
    "Amber-Strict",
    "TLP:AMBER+STRICT",
    "AMB3R",
    "АMBER",  # the first letter is Cyrillic
    "GRΕΕN",  # Greek epsilons
    "ＡＭＢＥＲ",
    "AMBER\u200b",
    "AMBER STRICT",
    "AMBER++STRICT",
    "TLP:TLP:RED",
    "PURPLE",
    "ſtrict",
    "CLEAR,RED",
    "3",
)
#: Not RFC 3339, though other readers take some of them.
ODD_TIMES: tuple[Any, ...] = (
    "2026-12-01",
    "2026-12-01T00:00:00",
    "20261201T000000Z",
    "2026-W49-2T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "soon",
    "",
    1764547200,
    [],
    True,
)
BASE = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


class _Dumper(yaml.SafeDumper):
    """Writes times as people write them in agreements."""

    def ignore_aliases(self, data: object) -> bool:
        """No anchors: an agreement is read by people."""
        return True


_Dumper.add_representer(
    dt.datetime,
    lambda dumper, at: dumper.represent_scalar("tag:yaml.org,2002:timestamp", stamp(at)),
)


def stamp(at: dt.datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


# --- Agreements ---------------------------------------------------------------------------------------------------------------


def _some(random: Random, values: Sequence[str], least: int = 1) -> list[str]:
    return random.sample(list(values), random.randint(min(least, len(values)), len(values)))


def _often(random: Random, share: float) -> bool:
    return random.random() < share


def _policy(random: Random, *, whole: bool) -> Terms:
    """IEP statements: all of a policy's, or some as an agreement's defaults have them."""
    said: Terms = {
        "encrypt_in_transit": random.choice(("must", "may")),
        "permitted_actions": random.choice((*ACTIONS, ACTIONS[-1], ACTIONS[-1])),
        "affected_party_notifications": random.choice(("may", "may", "must-not")),
        "attribution": random.choice(("may", "must", "must-not")),
        "unmodified_resale": random.choice(("may", "must-not")),
    }
    if whole:
        return said
    return {key: value for key, value in said.items() if _often(random, 0.8)}


def _category(random: Random, name: str, parties: Sequence[str], circles: Sequence[str]) -> Terms:
    pairs = [f"{one}>{other}" for one in parties for other in parties if one != other]
    category: Terms = {
        "directions": _some(random, pairs, least=max(1, len(pairs) // 2)),
        "stix": list(TYPES[name]) if _often(random, 0.7) else _some(random, TYPES[name]),
        "tlp_max": random.choice((*LABELS[1:], "AMBER", "RED")),
        "onward": {},
    }
    if _often(random, 0.7):
        category["retention_days"] = random.choice((1, 30, 90, 180, 365, 1825))
    if name == "telemetry" and _often(random, 0.8):
        category["k_anonymity"] = random.choice((2, 5, 10))
    if name == "evidence" and _often(random, 0.9):
        needed: Terms = {"approval": ["role--director"], "owner_consent": True, "case_id": True}
        category["requires"] = {key: needed[key] for key in _some(random, tuple(needed))}
    if name in ("reports", "samples") and _often(random, 0.5):
        category["embargo"] = {"max_days": 90}
    for circle in circles:
        if _often(random, 0.8):
            category["onward"][circle] = _onward(random) if _often(random, 0.85) else "deny"
    return category


def _onward(random: Random) -> Terms:
    rule: Terms = {}
    if _often(random, 0.65):
        rule["tlp_max"] = random.choice(LABELS[1:])
    if _often(random, 0.3):
        rule["delay_hours"] = random.choice((1, 6, 24, 72))
    if _often(random, 0.12):
        rule["only"] = "affected_party"
    return rule or {"tlp_max": "AMBER"}


def agreement(random: Random, number: int = 1) -> Terms:
    """An agreement as a plain dict, most of it permissive, so that what refuses is what a request was twisted towards."""
    parties = list(PARTIES[:2]) + [key for key in PARTIES[2:] if _often(random, 0.4)]
    circles = {key: of for key, of in CIRCLES.items() if of in parties and _often(random, 0.75)}
    law = random.choice(("PK", "PK", "DE"))
    begins = BASE - dt.timedelta(days=random.choice((1, 100, 300)), seconds=random.randrange(86400))
    ends = BASE + dt.timedelta(days=random.choice((1, 400, 1000)), seconds=random.randrange(86400))
    terms: Terms = {
        "schema": "tocsin-agreement/1",
        "id": f"agr--generated-{number}",
        "revision": random.randint(1, 9),
        "status": "in_force" if _often(random, 0.98) else random.choice(("draft", "suspended", "terminated")),
        "legal": {
            "instrument": "MoU",
            "signed": begins.date(),
            "effective": {"from": begins, "until": ends},
            "governing_law": law,
            "termination": {"notice_days": 90, "survives": ["retention", "onward"]},
            "review": {"every_months": 12, "board": ["role--director"]},
        },
        "parties": {
            key: {
                "name": f"The {key.title()} office",
                "kind": random.choice(("national_csirt", "vendor")),
                "country": random.choice((law, "PK", "INT", "DE") if key == "alpha" else ("INT", "INT", "DE", law)),
                "clearance_tlp": random.choice((*LABELS[1:], "RED", "RED")),
            }
            for key in parties
        },
        "communities": {
            key: {"of": of, "members": ["sector:*"], "tlp_max_in": random.choice(LABELS[1:])}
            for key, of in circles.items()
        },
        "contacts": [_contact(key) for key in parties],
        "transport": {
            "channels": _some(random, CHANNELS, least=2),
            "encrypt_at_or_above": random.choice(LABELS),
            "sign_everything": True,
            "clock_skew_max_s": random.choice((0, 30, 120)),
        },
        **_terms(random),
        "categories": {
            name: _category(random, name, parties, tuple(circles)) for name in _some(random, tuple(TYPES), least=3)
        },
        **_closing(random),
    }
    if any("retention_days" not in category for category in terms["categories"].values()):
        terms["defaults"].setdefault("retention_days", 180)
    return terms


def _contact(party: str) -> Terms:
    return {
        "party": party,
        "role": "duty_officer",
        "hours": "24x7",
        "tz": "UTC",
        "email": f"duty@{party}.example",
        "pgp_fpr": "0123456789ABCDEF0123456789ABCDEF01234567",
        "phone": "+92-51-0000000",
    }


def _terms(random: Random) -> Terms:
    purposes = random.sample(PURPOSES[:4], random.randint(2, 4))
    defaults: Terms = {"tlp": random.choice(LABELS), "pap": random.choice(PAPS), "iep": _policy(random, whole=False)}
    if _often(random, 0.8):
        defaults["retention_days"] = random.choice((30, 365))
    if _often(random, 0.2):
        del defaults["iep"]
    return {"purposes": purposes, "prohibited_purposes": list(PURPOSES[4:]), "defaults": defaults}


def _closing(random: Random) -> Terms:
    outbound = {
        "action": random.choice(("redact_or_hold",) * 6 + ("hold", "deny")),
        "keep_if": ["attacker_controlled_asset"],
    }
    found: Terms = {
        "third_party": {
            "default": random.choice(("deny", "deny", "hold")),
            "allow_if": random.choice(
                (["originator_consent", "tlp_clear_public"], ["originator_consent"], ["tlp_clear_public"], [])
            ),
            "originator_exclusions": "honour",
        },
        "personal_data": {
            "detectors": random.sample(DETECTORS, random.randint(3, 6)),
            "outbound": outbound,
            "inbound": {"retention_days": random.choice((7, 90)), "dpo_log": True},
        },
        "actor_attribution": {
            "to_state": {"action": random.choice(("hold", "hold", "deny")), "approver": ["role--director"]}
        },
        "provider_credit": {
            "line": "With information from {originator}",
            "only_if_iep": random.choice((["may", "must"], ["must"], ["may"])),
        },
        "marking": {"downgrade": "originator_only", "derived": "max_of_inputs"},
        "false_positive": {"retract_within": "4h", "propagate": True, "reciprocal_notice": True},
        "incident_affecting_shared_data": {"notify_within": "24h", "content": ["what", "when"]},
        "audit": {"log": "hash_chained", "retain_days": 2555, "partner_access": "own_objects", "annual_review": True},
        "reciprocity": {"metric": "useful_objects_90d", "floor_ratio": 0.1, "action": "report_only"},
        "ambiguity": "hold",
    }
    return found


def as_yaml(terms: Terms) -> str:
    """The agreement's text."""
    return yaml.dump(terms, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


# --- Requests -----------------------------------------------------------------------------------------------------------------


@dataclass
class Draft:
    """A request in the making, with the agreement at which it aims."""

    random: Random
    terms: Terms
    asked: Terms
    sender: str
    to: str
    at: dt.datetime
    exit: str | None

    @property
    def category(self) -> Terms:
        """The category of the agreement that is asked about, or an empty one."""
        name = self.asked.get("category")
        found: Terms = self.terms["categories"].get(name, {}) if isinstance(name, str) else {}
        return found

    def request(self) -> Request:
        """As a line of ``tocsin agreement decide`` has it."""
        return {"object": self.asked, "from": self.sender, "to": self.to, "at": stamp(self.at), "exit": self.exit}


def _to_party(random: Random, terms: Terms) -> tuple[str, str, str]:
    name = random.choice(list(terms["categories"]))
    sender, to = random.choice(terms["categories"][name]["directions"]).split(">")
    return name, sender, to


def _to_circle(random: Random, terms: Terms) -> tuple[str, str, str]:
    to = random.choice(list(terms["communities"]))
    open_ = [name for name, one in terms["categories"].items() if isinstance(one["onward"].get(to), dict)]
    return random.choice(open_ or list(terms["categories"])), terms["communities"][to]["of"], to


def _ceiling(terms: Terms, name: str, to: str) -> int:
    category = terms["categories"][name]
    if to in terms["communities"]:
        rule = category["onward"].get(to)
        label = rule.get("tlp_max") if isinstance(rule, dict) else None
        return LABELS.index(label or terms["communities"][to]["tlp_max_in"])
    return min(LABELS.index(category["tlp_max"]), LABELS.index(terms["parties"][to]["clearance_tlp"]))


def _allowed(random: Random, terms: Terms) -> Draft:
    """A request that nothing of this agreement speaks against, as far as that is easy to say."""
    circle = bool(terms["communities"]) and _often(random, 0.45)
    name, sender, to = (_to_circle if circle else _to_party)(random, terms)
    category = terms["categories"][name]
    asked: Terms = {"type": random.choice(category["stix"]), "category": name}
    if _often(random, 0.85):
        asked["tlp"] = LABELS[random.randint(0, _ceiling(terms, name, to))]
    if circle:
        others = [key for key in terms["parties"] if key != sender]
        asked["originator"] = random.choice(others) if _often(random, 0.8) else sender
    elif _often(random, 0.3):
        asked["originator"] = random.choice(list(terms["parties"]))
    if category.get("k_anonymity"):
        asked["cell_size"] = category["k_anonymity"] + random.choice((0, 1, 90))
    for key in category.get("requires", {}):
        asked[key] = random.choice((True, 1, "C-2026-7"))
    if _often(random, 0.15):
        asked["purpose"] = random.choice(terms["purposes"])
    if _often(random, 0.3):
        asked["recipient_is_victim"] = True
    exit_ = None if _often(random, 0.55) else random.choice(("export", "export", *EXITS))
    within = terms["legal"]["effective"]
    at = random.choice((BASE, BASE + dt.timedelta(hours=random.randint(-20, 20), microseconds=random.randrange(10**6))))
    return Draft(random, terms, asked, sender, to, min(max(at, within["from"]), within["until"]), exit_)


Twist = Callable[[Draft], None]


def _set(key: str, *values: object) -> Twist:
    def twist(draft: Draft) -> None:
        draft.asked[key] = draft.random.choice(values)

    return twist


def _drop(draft: Draft) -> None:
    draft.asked.pop(draft.random.choice(list(draft.asked) or [""]), None)


def _null(draft: Draft) -> None:
    draft.asked[draft.random.choice(KEYS)] = None


def _odd(draft: Draft) -> None:
    draft.asked[draft.random.choice(KEYS)] = draft.random.choice(ODD)


def _unknown_key(draft: Draft) -> None:
    draft.asked[draft.random.choice(("TLP", "tlp ", "x_note", "Category", "allow", ""))] = draft.random.choice(ODD)


def _at_border_of_term(draft: Draft) -> None:
    at = draft.terms["legal"]["effective"][draft.random.choice(("from", "until"))]
    draft.at = at + draft.random.choice((-1, 0, 0, 1)) * draft.random.choice((MICROSECOND, dt.timedelta(days=1)))


def _excluded(draft: Draft) -> None:
    names = [draft.to, draft.sender, *draft.terms["parties"], "stranger"]
    of = draft.terms["communities"].get(draft.to, {}).get("of")
    names += [of, of, draft.to] if of else [draft.to]
    chosen = draft.random.sample(names, draft.random.randint(1, 2))
    draft.asked["exclude"] = chosen if _often(draft.random, 0.95) else chosen[0]


def _near(draft: Draft, days: int) -> dt.timedelta:
    return dt.timedelta(days=days) + draft.random.choice(
        (MICROSECOND, -MICROSECOND, dt.timedelta(), dt.timedelta(hours=5))
    )


def _old(draft: Draft) -> None:
    days = draft.category.get("retention_days", draft.terms["defaults"].get("retention_days", 30))
    draft.asked["obtained_at"] = _spelled(draft, draft.at - _near(draft, days))


def _from_the_future(draft: Draft) -> None:
    skew = dt.timedelta(seconds=draft.terms["transport"]["clock_skew_max_s"])
    near = draft.random.choice((MICROSECOND, -MICROSECOND, dt.timedelta(), dt.timedelta(hours=5)))
    draft.asked["obtained_at"] = _spelled(draft, draft.at + skew + near)


def _embargoed(draft: Draft) -> None:
    draft.asked["embargo_until"] = _spelled(draft, draft.at + _near(draft, draft.random.choice((0, 0, 10))))


def _spelled(draft: Draft, at: dt.datetime) -> str:
    """The same instant in one of the ways in which RFC 3339 lets it be written."""
    way = draft.random.random()
    if way < 0.7:
        return stamp(at)
    if way < 0.8:
        return stamp(at).lower()
    return at.astimezone(dt.timezone(dt.timedelta(hours=draft.random.choice((5, -3)), minutes=30))).isoformat()


def _odd_time(draft: Draft) -> None:
    draft.asked[draft.random.choice(("embargo_until", "obtained_at"))] = draft.random.choice(ODD_TIMES)


def _policied(draft: Draft) -> None:
    random = draft.random
    policy: Terms = {
        "id": "01bc4353-4829-4d55-8d52-0ab7e0790df9",
        "name": "generated",
        "description": "",
        "iep_version": random.choice((2.0, "2.0", 2)),
        "start_date": stamp(draft.at + random.choice((-2, -2, -2, -1, 0, 1)) * MICROSECOND),
        "end_date": random.choice((None, None, stamp(draft.at + random.choice((-1, 0, 1, 5)) * MICROSECOND))),
        **_policy(random, whole=True),
        "tlp": random.choice(IEP_TLP[:3] + IEP_TLP),
        "external_references": [],
    }
    if _often(random, 0.05):
        del policy[random.choice(list(policy))]
    if _often(random, 0.05):
        policy[random.choice(("encrypt_in_transit", "permitted_actions", "attribution", "tlp"))] = random.choice(
            ODD[:-1]
        )
    draft.asked["iep"] = (
        policy if _often(random, 0.97) else random.choice(({}, "must", [policy], 2.0, {"id_ref": policy.get("id")}))
    )
    if _often(random, 0.5):
        draft.asked["originator"] = random.choice(list(draft.terms["parties"]))


def _worded(draft: Draft) -> None:
    draft.asked["text"] = draft.random.choice(TEXTS)
    _sent_abroad(draft)
    if _often(draft.random, 0.1):
        draft.asked["attacker_controlled"] = draft.random.choice((True, False, 1))


def _declared(draft: Draft) -> None:
    draft.asked["personal_data"] = _some(draft.random, (*DETECTORS, "shoe_size"))[: draft.random.randint(1, 3)]
    _sent_abroad(draft)
    if _often(draft.random, 0.1):
        draft.asked["attacker_controlled"] = True


def _unreadable_words(draft: Draft) -> None:
    key = draft.random.choice(("text", "personal_data"))
    draft.asked[key] = draft.random.choice((7, [None], {}, True, ["cnic", 1]))
    _sent_abroad(draft)


def _sent_abroad(draft: Draft) -> None:
    """Turns the request towards a party abroad, where one may have this category."""
    parties, law = draft.terms["parties"], draft.terms["legal"]["governing_law"]
    pairs = [pair.split(">") for pair in draft.category.get("directions", ())]
    abroad = [(sender, to) for sender, to in pairs if parties[to]["country"] != law]
    if abroad and draft.to in parties and _often(draft.random, 0.8):
        draft.sender, draft.to = draft.random.choice(abroad)
        draft.asked.pop("originator", None)


def _by_third_party(draft: Draft) -> None:
    draft.asked["originator"] = draft.random.choice(("cert-xx", "stranger", "Alpha", *CIRCLES))
    if _often(draft.random, 0.5):
        draft.asked["originator_consent"] = draft.random.choice((True, True, 1, False, "yes"))
    if _often(draft.random, 0.3):
        draft.asked["tlp"] = "CLEAR"


def _redirected(draft: Draft) -> None:
    everybody = (*PARTIES, *CIRCLES, "stranger", "", "Alpha")
    if _often(draft.random, 0.4):
        draft.sender = draft.random.choice(everybody)
    else:
        draft.to = draft.random.choice((*everybody, draft.sender))


def _of_record(draft: Draft) -> None:
    draft.asked["tlp_of_record"] = draft.random.choice((*LABELS, *LABELS, *ODD_LABELS))


def _derived(draft: Draft) -> None:
    draft.asked["derived_from_tlp"] = [draft.random.choice(LABELS) for _ in range(draft.random.randint(0, 3))]
    if _often(draft.random, 0.1):
        draft.asked["derived_from_tlp"].append(draft.random.choice(ODD_LABELS))


def _small_cell(draft: Draft) -> None:
    k = draft.category.get("k_anonymity", 5)
    draft.asked["cell_size"] = draft.random.choice((k - 1, k, 0, 1, -5))


def _own_circle(draft: Draft) -> None:
    draft.asked.pop("originator", None)


#: Twists with how often each is taken, in relation to the others.
TWISTS: tuple[tuple[int, Twist], ...] = (
    (3, _drop),
    (2, _null),
    (4, _odd),
    (1, _unknown_key),
    (3, _at_border_of_term),
    (5, _excluded),
    (5, _old),
    (4, _from_the_future),
    (6, _embargoed),
    (3, _odd_time),
    (12, _policied),
    (30, _worded),
    (16, _declared),
    (6, _by_third_party),
    (5, _redirected),
    (5, _of_record),
    (7, _derived),
    (5, _small_cell),
    (6, _own_circle),
    (1, _unreadable_words),
    (3, _set("tlp", *LABELS)),
    (3, _set("tlp", *ODD_LABELS)),
    (4, _set("pap", *PAPS)),
    (2, _set("pap", *ODD_LABELS)),
    (2, _set("category", *TYPES, "no_such")),
    (3, _set("type", *TYPES["indicators"], *TYPES["samples"], "x-unheard-of")),
    (3, _set("purpose", *PURPOSES, "hobby")),
    (4, _set("state_attribution", True, True, 1, False, "yes")),
    (3, _set("approval", False, 0, "", " ", True)),
    (3, _set("recipient_is_victim", False, 0, True, 1, "true")),
)
_WEIGHTS = [weight for weight, _ in TWISTS]
_TWISTS = [twist for _, twist in TWISTS]
KEYS = (
    "type",
    "category",
    "tlp",
    "pap",
    "iep",
    "originator",
    "originator_consent",
    "exclude",
    "tlp_of_record",
    "derived_from_tlp",
    "text",
    "personal_data",
    "attacker_controlled",
    "recipient_is_victim",
    "approval",
    "owner_consent",
    "case_id",
    "cell_size",
    "state_attribution",
    "purpose",
    "embargo_until",
    "obtained_at",
)


def requests(random: Random, together: Sequence[Terms], count: int) -> Iterator[Request]:
    """Requests under agreements that are asked together."""
    for _ in range(count):
        draft = _allowed(random, random.choice(together))
        aim = random.random()
        if aim < 0.26:
            _worded(draft)
        else:
            for twist in random.choices(_TWISTS, _WEIGHTS, k=random.choice((0, 1, 1, 1, 1, 2, 2, 3))):
                twist(draft)
        if aim > 0.9:
            draft.exit = random.choice(("block_list", "lookup", "notice"))
        yield draft.request()


def agreements(random: Random) -> list[Terms]:
    """One to three agreements that are asked together."""
    count = random.choices((1, 2, 3), (63, 24, 13))[0]
    return [agreement(random, number) for number in range(1, count + 1)]
