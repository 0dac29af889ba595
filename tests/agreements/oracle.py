"""A second answer to every question about an exit, written from ``docs/why/decisions.md`` alone and built another way on purpose.

Where the room's own function walks, this one looks up: a request and an agreement (plain dicts, as ``json`` and ``yaml.safe_load``
give them) become a flat record of facts, and ``TABLE`` has one row for everything that can be said against an exit, in the order of
the page. The first row that holds decides. Nothing is imported from the room.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

Answer = dict[str, Any]

STRICTEST_FIRST = ("deny", "hold", "transform", "allow", "out_of_scope")

# --- Labels, times, numbers: what is readable, and how it compares ------------------------------------------------------------

#: Stands for "said, but nobody can read it". Nothing said at all is None.
UNREADABLE: Any = type("Unreadable", (), {"__repr__": lambda _: "UNREADABLE", "__bool__": lambda _: False})()

_TLP_FORM = re.compile(r"\s*(?:tlp:\s*)?(clear|white|green|amber(?:[+_-]strict)?|red)\s*\Z", re.IGNORECASE | re.ASCII)
_PAP_FORM = re.compile(r"\s*(?:pap:\s*)?(clear|white|green|amber|red)\s*\Z", re.IGNORECASE | re.ASCII)
_TLP_RANK = {"clear": 0, "white": 0, "green": 1, "amber": 2, "amber+strict": 3, "red": 4}
_PAP_RANK = {"clear": 0, "white": 0, "green": 1, "amber": 2, "red": 3}
CLEAR, PAP_GREEN, PAP_AMBER = 0, 1, 2

_TIME_FORM = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)


@lru_cache(4096)
def _tlp_text(text: str) -> Any:
    found = _TLP_FORM.match(text)
    return _TLP_RANK[re.sub("[_-]", "+", found[1].lower())] if found else UNREADABLE


@lru_cache(4096)
def _pap_text(text: str) -> Any:
    found = _PAP_FORM.match(text)
    return _PAP_RANK[found[1].lower()] if found else UNREADABLE


def tlp(value: object) -> Any:
    """How strict a TLP label is, 0 (clear) to 4 (red); None where nothing is said."""
    return None if value is None else _tlp_text(value) if isinstance(value, str) else UNREADABLE


def pap(value: object) -> Any:
    """How strict a PAP label is, 0 (clear) to 3 (red); None where nothing is said."""
    return None if value is None else _pap_text(value) if isinstance(value, str) else UNREADABLE


@lru_cache(4096)
def _time_text(text: str) -> Any:
    if not _TIME_FORM.match(text):
        return UNREADABLE
    try:
        return dt.datetime.fromisoformat(text.upper()).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return UNREADABLE


def time(value: object) -> Any:
    """An instant, from RFC 3339 text or as YAML already read it."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return _time_text(value) if isinstance(value, str) else UNREADABLE


def _words(value: object) -> Any:
    """A list of words; one bare word is a list of one."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    return UNREADABLE


def _vouched(value: object) -> bool:
    """A claim that opens a door counts only where it is made without doubt."""
    return value is True or (type(value) in (int, float) and value == 1)


def _given(value: object) -> bool:
    """Whether what an agreement requires is there: approvals, consents and file numbers come as yes, a number or words."""
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, bool | int | float) and bool(value)


# --- IEP 2.0 ------------------------------------------------------------------------------------------------------------------

ACTIONS = (
    "none",
    "contact-for-instruction",
    "internally-visible-actions",
    "externally-visible-indirect-actions",
    "externally-visible-direct-actions",
)
_STATEMENTS = {
    "encrypt_in_transit": {"must", "may"},
    "permitted_actions": set(ACTIONS),
    "affected_party_notifications": {"may", "must-not"},
    "tlp": {"red", "amber", "green", "white"},
    "attribution": {"may", "must", "must-not"},
    "unmodified_resale": {"may", "must-not"},
}


def iep(value: object) -> Any:
    """A policy's statements, readable as a whole or not at all."""
    if value is None:
        return None
    if not isinstance(value, dict) or "id_ref" in value or value.get("iep_version", 2) not in (2, "2.0", "2"):
        return UNREADABLE
    policy = {key: said for key, said in value.items() if said is not None}
    if not any(key in policy for key in _STATEMENTS):
        return UNREADABLE  # a policy that says nothing at all is none
    for key, allowed in _STATEMENTS.items():
        if key in policy and not (isinstance(policy[key], str) and policy[key] in allowed):
            return UNREADABLE
    for key in ("start_date", "end_date"):
        policy[key] = time(policy.get(key))
        if policy[key] is UNREADABLE:
            return UNREADABLE
    return policy


# --- Personal data in words ---------------------------------------------------------------------------------------------------

_PATTERNS = {
    "cnic": re.compile(r"(?<![\w-])\d{5}-\d{7}-\d(?![\w-])", re.ASCII),
    "pk_mobile": re.compile(r"(?<![\w-])(?:03\d\d-|\+92-3\d\d-)\d{7}(?![\w-])", re.ASCII),
    "pk_iban": re.compile(r"(?<!\w)PK\d\d[A-Z]{4}\d{16}(?!\w)", re.ASCII),
    "email_local_part": re.compile(r"(?<!\S)[a-z.]+@[a-z.]+\.[a-z]+(?!\S)", re.ASCII),
    "passport_pk": re.compile(r"(?<!\w)[A-Z]{2}\d{7}(?!\w)", re.ASCII),
}


@lru_cache(4096)
def _kinds_in(text: str) -> frozenset[str]:
    return frozenset(kind for kind, pattern in _PATTERNS.items() if pattern.search(text))


# --- An agreement, made ready -------------------------------------------------------------------------------------------------


def read(text: str | bytes) -> dict[str, Any]:
    """An agreement's text as a plain dict whose labels and times can be compared. It is not checked here."""
    agreement: dict[str, Any] = yaml.safe_load(text)
    for part in ("third_party", "personal_data", "transport", "defaults", "communities", "legal", "provider_credit"):
        agreement[part] = agreement.get(part) or {}
    agreement["effective"] = [time(agreement["legal"].get("effective", {}).get(end)) for end in ("from", "until")]
    agreement["encrypt_at"] = tlp(agreement["transport"].get("encrypt_at_or_above"))
    agreement["default_iep"] = iep(agreement["defaults"].get("iep") or None)
    agreement["outbound"] = agreement["personal_data"].get("outbound") or {}
    agreement["inbound"] = agreement["personal_data"].get("inbound") or {}
    for party in agreement["parties"].values():
        party["clearance"] = tlp(party.get("clearance_tlp"))
    for circle in agreement["communities"].values():
        circle["ceiling"] = tlp(circle.get("tlp_max_in"))
    for category in agreement["categories"].values():
        category["ceiling"] = tlp(category.get("tlp_max"))
        category["onward"] = category.get("onward") or {}
        for rule in category["onward"].values():
            if isinstance(rule, dict):
                rule["ceiling"] = tlp(rule.get("tlp_max"))
    return agreement


_BY_CHANNEL: dict[str, Callable[[str], bool]] = {
    "taxii": lambda name: name.startswith("taxii"),
    "misp": lambda name: name.startswith("misp"),
    "api": lambda name: name.startswith("api"),
    "portal": lambda name: name.startswith("portal"),
    "download": lambda name: name.startswith("portal"),
    "mail": lambda name: "mail" in name,
}


# --- Facts --------------------------------------------------------------------------------------------------------------------


class Facts:
    """What is known about one request under one agreement. Nothing is decided here."""

    def __init__(self, request: Mapping[str, Any], agreement: dict[str, Any]) -> None:
        asked = request["object"]
        self.asked = asked = {key: value for key, value in asked.items() if value is not None}
        self.agreement = a = agreement
        self.sender, self.to = request["from"], request["to"]
        self.at, self.exit = time(request["at"]), request.get("exit")
        self.party = a["parties"].get(self.to)
        self.circle = a["communities"].get(self.to)
        self.circle_of = self.circle["of"] if self.circle else None
        self.side = a["parties"].get(self.circle_of) if self.circle else self.party
        self.originator = asked.get("originator", self.sender)
        self.exclude = _words(asked.get("exclude"))
        self._marking()
        self._category()
        self.purpose = asked.get("purpose")
        self.embargo, self.obtained = time(asked.get("embargo_until")), time(asked.get("obtained_at"))
        self.outward = self.side is not None and self.side.get("country") != a["legal"].get("governing_law")
        self.kinds: tuple[str, ...] = ()
        self._personal()

    def _marking(self) -> None:
        asked, a = self.asked, self.agreement
        self.marked = any(key in asked for key in ("tlp", "pap", "iep"))
        own = asked.get("tlp", a["defaults"].get("tlp"))
        self.labels = [UNREADABLE if own is None else tlp(own)]
        origins = asked.get("derived_from_tlp", [])
        origins = [origins] if isinstance(origins, str) else origins
        self.origins = (
            [UNREADABLE if one is None else tlp(one) for one in origins] if isinstance(origins, list) else [UNREADABLE]
        )
        self.record = tlp(asked.get("tlp_of_record"))
        self.iep = iep(asked.get("iep")) if self.marked else a["default_iep"]
        self.iep_from = "object.iep" if self.marked else "defaults.iep"
        self.said: Mapping[str, Any] = self.iep or {}
        self.tlp_unknown = UNREADABLE in (*self.labels, *self.origins, self.record)
        self.raised, self.tlp = False, 99
        if not self.tlp_unknown:
            alone = max(self.labels[0], tlp(self.said.get("tlp")) or 0)
            self.tlp = max([alone, *self.origins])
            self.raised = self.tlp > alone
        self.pap = pap(asked["pap"] if "pap" in asked else a["defaults"].get("pap"))
        self.pap_from = "object.pap" if "pap" in asked else "defaults.pap"

    def _category(self) -> None:
        name = self.asked.get("category")
        self.c = name if isinstance(name, str) and name in self.agreement["categories"] else None
        self.category: dict[str, Any] = self.agreement["categories"][self.c] if self.c else {"onward": {}}
        rule = self.category["onward"].get(self.to)
        self.rule: Any = rule if isinstance(rule, dict) else None
        self.days = self.category.get("retention_days", self.agreement["defaults"].get("retention_days"))

    def _personal(self) -> None:
        self.text = self.asked.get("text", "")
        self.declared = _words(self.asked.get("personal_data"))
        found = _kinds_in(self.text) if isinstance(self.text, str) else frozenset()
        declared = self.asked.get("personal_data")
        readable = [one for one in declared if isinstance(one, str)] if isinstance(declared, list) else self.declared
        known = {*found, *(readable or ())}
        self.kinds = tuple(k for k in self.agreement["personal_data"].get("detectors") or () if k in known)
        keep_if = self.agreement["outbound"].get("keep_if") or ()
        kept = _vouched(self.asked.get("attacker_controlled")) and "attacker_controlled_asset" in keep_if
        self.guarded = self.outward and not kept

    # Questions that rows ask in several words.

    def missing_requirement(self) -> str | None:
        """The first thing that the category requires, in the order of the file, and that is not there."""
        for name, wanted in (self.category.get("requires") or {}).items():
            if wanted not in (False, None) and not _given(self.asked.get(name)):
                return str(name)
        return None

    def allowed_third_party(self) -> bool:
        """Whether information of somebody who is no party may ride on the agreement."""
        doors = self.agreement["third_party"].get("allow_if") or ()
        return ("originator_consent" in doors and _vouched(self.asked.get("originator_consent"))) or (
            "tlp_clear_public" in doors and self.tlp == CLEAR
        )

    def originator_is_party(self) -> bool:
        """Whether the information is a party's own."""
        return isinstance(self.originator, str) and self.originator in self.agreement["parties"]

    def carried(self) -> bool:
        """Whether a channel of the agreement carries this exit, or the exit needs none."""
        carries = _BY_CHANNEL.get(str(self.exit)) if self.exit else None
        return carries is None or any(carries(name) for name in self.agreement["transport"].get("channels") or ())

    def cell(self) -> Any:
        """Hosts in the smallest cell."""
        size: Any = self.asked.get("cell_size")
        return size if type(size) in (int, float) and math.isfinite(size) else UNREADABLE

    def skew(self) -> dt.timedelta:
        """How far the other side's clock may be ahead."""
        return dt.timedelta(seconds=self.agreement["transport"].get("clock_skew_max_s") or 0)

    def allows_action(self, needed: str) -> bool:
        """Whether the policy allows an action at least that visible; a policy that says nothing about it does not forbid."""
        said = self.said.get("permitted_actions")
        return said is None or ACTIONS.index(said) >= ACTIONS.index(needed)

    def names_state(self) -> bool:
        """Whether a state is named as the actor; a claim that closes a door counts in whatever form it is made."""
        said = self.asked.get("state_attribution")
        return said is not None and said is not False and not (type(said) in (int, float) and said == 0)

    def by_words_only(self) -> list[str]:
        """Kinds that no pattern finds, so that a person must look."""
        return [kind for kind in self.kinds if kind not in _PATTERNS]


# --- The table ----------------------------------------------------------------------------------------------------------------

Said = str | Sequence[str]
Row = tuple[
    str,  # for: "any", "circle", "party"
    str | Callable[[Facts], str],  # result
    str | Callable[[Facts], Said],  # clause; {c} category, {to} recipient
    Callable[[Facts], object],  # holds when
]


def _outbound(result: str) -> Callable[[Facts], object]:
    return lambda f: f.guarded and f.kinds and f.agreement["outbound"].get("action") == result


def _clauses_of(kinds: Iterable[str]) -> list[str]:
    return [f"personal_data.outbound:{kind}" for kind in kinds]


TABLE: tuple[Row, ...] = (
    ("any", "deny", "status", lambda f: f.agreement["status"] != "in_force"),
    (
        "any",
        "deny",
        "legal.effective",
        lambda f: not f.agreement["effective"][0] <= f.at <= f.agreement["effective"][1],
    ),
    ("any", "hold", "ambiguity:exclude", lambda f: f.exclude is UNREADABLE),
    ("any", "deny", "third_party.originator_exclusions", lambda f: f.to in f.exclude),
    (
        "circle",
        "deny",
        "third_party.originator_exclusions",
        lambda f: f.circle_of in f.exclude and f.circle_of != f.sender,
    ),
    ("any", "hold", "ambiguity:tlp", lambda f: f.tlp_unknown),
    ("circle", "out_of_scope", "communities.{to}.of", lambda f: f.originator == f.sender == f.circle_of),
    ("any", "deny", "marking.downgrade", lambda f: f.record is not None and f.tlp < f.record),
    (
        "any",
        lambda f: f.agreement["third_party"].get("default", "deny"),
        "third_party.default",
        lambda f: not f.originator_is_party() and not f.allowed_third_party(),
    ),
    (
        "any",
        "deny",
        "prohibited_purposes",
        lambda f: isinstance(f.purpose, str) and f.purpose in (f.agreement.get("prohibited_purposes") or ()),
    ),
    (
        "any",
        "hold",
        "ambiguity:purpose",
        lambda f: f.purpose is not None and f.purpose not in (f.agreement.get("purposes") or ()),
    ),
    ("any", "hold", "ambiguity:category", lambda f: f.c is None),
    ("any", "hold", "ambiguity:type", lambda f: f.asked.get("type") not in f.category["stix"]),
    # To a community.
    ("circle", "deny", "categories.{c}.onward.{to}", lambda f: f.rule is None),
    (
        "circle",
        "deny",
        "categories.{c}.onward.{to}.tlp_max",
        lambda f: f.rule["ceiling"] is not None and f.tlp > f.rule["ceiling"],
    ),
    (
        "circle",
        "deny",
        "communities.{to}.tlp_max_in",
        lambda f: f.rule["ceiling"] is None and f.circle["ceiling"] is not None and f.tlp > f.circle["ceiling"],
    ),
    (
        "circle",
        "deny",
        "categories.{c}.onward.{to}.only",
        lambda f: (
            f.rule.get("only") is not None
            and not (f.rule["only"] == "affected_party" and _vouched(f.asked.get("recipient_is_victim")))
        ),
    ),
    (
        "circle",
        lambda f: "deny" if "embargo" in f.category else "hold",
        lambda f: f"categories.{f.c}.embargo" if "embargo" in f.category else "ambiguity:embargo",
        lambda f: f.embargo and f.at < f.embargo,
    ),
    # To a party.
    (
        "party",
        "deny",
        "categories.{c}.directions",
        lambda f: f"{f.sender}>{f.to}" not in (f.category.get("directions") or ()),
    ),
    (
        "party",
        "deny",
        "categories.{c}.tlp_max",
        lambda f: f.category["ceiling"] is not None and f.tlp > f.category["ceiling"],
    ),
    (
        "party",
        "deny",
        "parties.{to}.clearance_tlp",
        lambda f: f.party["clearance"] is not None and f.tlp > f.party["clearance"],
    ),
    (
        "party",
        "hold",
        lambda f: f"categories.{f.c}.requires.{f.missing_requirement()}",
        lambda f: f.missing_requirement(),
    ),
    (
        "party",
        "hold",
        "ambiguity:cell_size",
        lambda f: f.category.get("k_anonymity") is not None and f.cell() is UNREADABLE,
    ),
    (
        "party",
        "deny",
        "categories.{c}.k_anonymity",
        lambda f: f.category.get("k_anonymity") is not None and f.cell() < f.category["k_anonymity"],
    ),
    ("party", "deny", "transport.channels", lambda f: not f.carried()),
    # To anybody else.
    ("else", "hold", "ambiguity:party", lambda f: True),
    # To either.
    ("any", "hold", "ambiguity:embargo", lambda f: f.embargo is UNREADABLE),
    ("any", "hold", "ambiguity:obtained_at", lambda f: f.obtained is UNREADABLE),
    (
        "any",
        "deny",
        lambda f: f"categories.{f.c}.retention_days" if "retention_days" in f.category else "defaults.retention_days",
        lambda f: f.obtained and f.days is not None and f.at - f.obtained >= dt.timedelta(days=f.days),
    ),
    ("any", "hold", "transport.clock_skew_max_s", lambda f: f.obtained and f.obtained - f.at > f.skew()),
    ("any", "hold", "ambiguity:pap", lambda f: f.pap is UNREADABLE),
    ("any", "hold", "ambiguity:iep", lambda f: f.iep is UNREADABLE),
    (
        "any",
        "hold",
        lambda f: f"{f.iep_from}.start_date",
        lambda f: f.said.get("start_date") and f.at < f.said["start_date"],
    ),
    ("any", "hold", lambda f: f"{f.iep_from}.end_date", lambda f: f.said.get("end_date") and f.at > f.said["end_date"]),
    (
        "any",
        "deny",
        lambda f: f.pap_from,
        lambda f: f.exit == "block_list" and f.pap is not None and f.pap > PAP_GREEN,
    ),
    (
        "any",
        "deny",
        lambda f: f"{f.iep_from}.permitted_actions",
        lambda f: f.exit == "block_list" and not f.allows_action("externally-visible-direct-actions"),
    ),
    ("any", "deny", lambda f: f.pap_from, lambda f: f.exit == "lookup" and f.pap is not None and f.pap > PAP_AMBER),
    (
        "any",
        "deny",
        lambda f: f"{f.iep_from}.permitted_actions",
        lambda f: f.exit == "lookup" and not f.allows_action("externally-visible-indirect-actions"),
    ),
    (
        "any",
        "deny",
        lambda f: f"{f.iep_from}.affected_party_notifications",
        lambda f: f.exit == "notice" and f.said.get("affected_party_notifications") == "must-not",
    ),
    (
        "any",
        lambda f: f.agreement["actor_attribution"]["to_state"]["action"],
        "actor_attribution.to_state",
        lambda f: f.names_state() and f.agreement.get("actor_attribution"),
    ),
    # Personal data that goes outward.
    ("any", "hold", "ambiguity:text", lambda f: f.guarded and not isinstance(f.text, str)),
    ("any", "hold", "ambiguity:personal_data", lambda f: f.guarded and f.declared is UNREADABLE),
    ("any", "deny", lambda f: _clauses_of(f.kinds), _outbound("deny")),
    ("any", "hold", lambda f: _clauses_of(f.kinds), _outbound("hold")),
    (
        "any",
        "hold",
        lambda f: _clauses_of(f.by_words_only()),
        lambda f: _outbound("redact_or_hold")(f) and f.by_words_only(),
    ),
    ("any", "transform", lambda f: _clauses_of(f.kinds), _outbound("redact_or_hold")),
    ("any", "allow", "categories.{c}", lambda f: True),
)

#: Clauses that are said before anybody asks how strict the information is.
_BEFORE_EFFECTIVE_TLP = 7  # rows of TABLE

_ROWS = {
    kind: [(number, *row[1:]) for number, row in enumerate(TABLE) if row[0] in ("any", kind)]
    for kind in ("circle", "party", "else")
}


def under_one(facts: Facts) -> tuple[str, list[str]]:
    """Result and clauses under one agreement."""
    kind = "circle" if facts.circle else "party" if facts.party else "else"
    number, result, clause = next((n, r, c) for n, r, c, holds in _ROWS[kind] if holds(facts))
    said = clause(facts) if callable(clause) else clause.format(c=facts.c, to=facts.to)
    clauses = [said] if isinstance(said, str) else list(said)
    if facts.raised and number >= _BEFORE_EFFECTIVE_TLP:
        clauses.insert(0, "marking.derived")
    return (result(facts) if callable(result) else result), clauses


# --- Obligations --------------------------------------------------------------------------------------------------------------


def _owed(facts: Facts, result: str) -> Answer:
    """What goes with the information, part by part, not yet written down."""
    a, said = facts.agreement, facts.said
    differ = facts.originator != facts.sender
    days = [facts.days]
    if facts.kinds and not facts.outward:
        days.append(a["inbound"].get("retention_days"))
    attribution = said.get("attribution")
    line = a["provider_credit"].get("line")
    name = facts.originator if isinstance(facts.originator, str) else ""
    name = a["parties"].get(name, {}).get("name", name)
    return {
        "redact": list(facts.kinds) if result == "transform" else [],
        "delay": (facts.rule or {}).get("delay_hours") or 0 if facts.circle else 0,
        "embargo": facts.embargo if facts.party and facts.embargo and facts.at < facts.embargo else None,
        "encrypt": (a["encrypt_at"] is not None and facts.tlp >= a["encrypt_at"])
        or said.get("encrypt_in_transit") == "must",
        "days": min((number for number in days if number is not None), default=None),
        "credit": [line.replace("{originator}", name)]
        if line
        and differ
        and attribution is not None
        and attribution in (a["provider_credit"].get("only_if_iep") or ())
        else [],
        "no_credit": differ and attribution == "must-not" and facts.marked,
    }


def _joined(owed: Sequence[Answer]) -> Answer:
    """The strictest of each part."""
    if len(owed) == 1:
        return owed[0]
    redacted = [one["redact"] for one in owed if one["redact"]]
    return {
        "redact": redacted[0] if len(redacted) == 1 else sorted({kind for kinds in redacted for kind in kinds}),
        "delay": max(one["delay"] for one in owed),
        "embargo": max((one["embargo"] for one in owed if one["embargo"]), default=None),
        "encrypt": any(one["encrypt"] for one in owed),
        "days": min((one["days"] for one in owed if one["days"] is not None), default=None),
        "credit": sorted({line for one in owed for line in one["credit"]}),
        "no_credit": any(one["no_credit"] for one in owed),
    }


def _written(owed: Answer) -> list[str]:
    """Obligations as they are said, in the page's order."""
    said = [f"redact {kind}" for kind in owed["redact"]]
    said += [f"delay {owed['delay']}h"] if owed["delay"] else []
    said += [f"embargo {owed['embargo'].isoformat().replace('+00:00', 'Z')}"] if owed["embargo"] else []
    said += ["encrypt"] if owed["encrypt"] else []
    said += [f"delete_after {owed['days']}d"] if owed["days"] is not None else []
    said += [f"credit {line}" for line in owed["credit"]]
    return said + (["no_credit"] if owed["no_credit"] else [])


# --- Several agreements -------------------------------------------------------------------------------------------------------


def judge(request: Mapping[str, Any], agreements: Sequence[dict[str, Any]]) -> Answer:
    """The answer to one request ``{object, from, to, at, exit}`` under agreements that ``read`` gave."""
    if not agreements:
        return {"result": "deny", "clauses": ["agreements"], "obligations": []}
    answers = [(facts, *under_one(facts)) for facts in (Facts(request, agreement) for agreement in agreements)]
    strictest = min((result for _, result, _ in answers), key=STRICTEST_FIRST.index)
    speakers = [clauses for _, result, clauses in answers if result == strictest]
    clauses = speakers[0] if len(speakers) == 1 else sorted({clause for one in speakers for clause in one})
    if strictest not in ("allow", "transform"):
        return {"result": strictest, "clauses": clauses, "obligations": []}
    owed = _joined([_owed(facts, result) for facts, result, _ in answers if result in ("allow", "transform")])
    if owed["credit"] and owed["no_credit"]:
        return {"result": "hold", "clauses": ["object.iep.attribution"], "obligations": []}
    return {"result": strictest, "clauses": clauses, "obligations": _written(owed)}
