"""What a Kaspersky detection name says: ``[prefix:][method:]Behaviour.Platform.Family[.Modification]``.

The grammar and the behaviours are those of the vendor's public threat descriptions, read in 2026.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_VERDICT = re.compile(
    r"(?P<before>(?:[\w-]+:)*)(?P<behaviour>[\w&-]+)\.(?P<platform>[\w-]+)\.(?P<family>[^.\s]+)(?:\.(?P<modification>\S+))?"
)

#: Families that name no family.
_NAMELESS = frozenset({"generic", "gen", "agent", "agentb", "multi", "unknown", "heur", "general"})

#: Behaviour, lower case, by its beginning -> RSIT. The first that fits counts.
_CLASSES = (
    ("phish", "fraud/phishing"),
    ("fraud", "fraud/phishing"),
    ("hoax", "fraud/masquerade"),
    ("email-", "malicious-code/malware-distribution"),
    ("spam", "abusive-content/spam"),
    ("botnet", "malicious-code/c2-server"),
    ("c&c", "malicious-code/c2-server"),
    ("cnc", "malicious-code/c2-server"),
    ("c2", "malicious-code/c2-server"),
    ("intrusion", "intrusion-attempts/ids-alert"),
    ("bruteforce", "intrusion-attempts/brute-force"),
    ("scan", "information-gathering/scanner"),
    ("exploit", "intrusion-attempts/exploit"),
    ("ddos", "availability/ddos"),
    ("dos", "availability/dos"),
    ("adware", "other/other"),
    ("pornware", "other/other"),
    ("riskware", "other/other"),
)
_DISTRIBUTION = "malicious-code/malware-distribution"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A detection name taken apart. ``family`` is ``None`` where the name says only "something bad"."""

    name: str
    prefix: str | None
    behaviour: str
    platform: str
    family: str | None
    modification: str | None

    @property
    def classification(self) -> str:
        """The RSIT ``class/type`` of the behaviour: what is not malware at all (``not-a-virus``) is ``other/other``."""
        if self.prefix and "not-a-virus" in self.prefix.lower():
            return "other/other"
        behaviour = self.behaviour.lower()
        return next((kind for start, kind in _CLASSES if behaviour.startswith(start)), _DISTRIBUTION)


@lru_cache(maxsize=4096)
def read_verdict(name: str) -> Verdict | None:
    """The parts of a detection name, or ``None`` where the text follows another grammar."""
    found = _VERDICT.fullmatch(name.strip())
    if not found:
        return None
    family = found["family"]
    return Verdict(
        name=name.strip(),
        prefix=found["before"].rstrip(":") or None,
        behaviour=found["behaviour"],
        platform=found["platform"],
        family=None if family.lower() in _NAMELESS else family,
        modification=found["modification"],
    )


def confidence_of(threat_score: int | None, popularity: int | None) -> int | None:
    """How sure a record is, 0–100 (STIX 2.1).

    A threat score (0–100, IP Reputation) is taken as it is, cut to its range. Where there is only a popularity (0–5, how often
    the object was met by the vendor's users), the rule is ours: a listed object was judged malicious by the vendor, hence 70;
    each step of popularity adds 5, because an error about a widely met object is noticed sooner: 70 … 95. Neither: ``None``.
    """
    if threat_score is not None:
        return min(max(threat_score, 0), 100)
    if popularity is not None:
        return 70 + 5 * min(max(popularity, 0), 5)
    return None
