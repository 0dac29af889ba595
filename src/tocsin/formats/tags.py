"""Machine tags (``namespace:predicate="value"``) as MISP writes them and STIX labels repeat them: markings, classes, families.

Only taxonomies whose meaning is fixed elsewhere are read; every tag is also kept as it stands.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.vocab.classification import classification_of, is_classification
from tocsin.vocab.markings import Pap, Tlp

_MACHINE = re.compile(r'(?P<namespace>[^:="]+):(?P<predicate>[^="]+)(?:="(?P<value>.*)")?')

#: Galaxies whose clusters are families of malware.
_FAMILIES = frozenset(
    {
        "malpedia",
        "mitre-malware",
        "mitre-enterprise-attack-malware",
        "ransomware",
        "rat",
        "banker",
        "botnet",
        "stealer",
        "backdoor",
    }
    | {"cryptominers", "exploit-kit", "android", "tds"}
)

#: STIX 2.1 appendix A: the confidence that a word of another scale stands for.
_CONFIDENCE = {
    ("admiralty-scale", "information-credibility"): {"1": 90, "2": 70, "3": 50, "4": 30, "5": 10},
    ("estimative-language", "confidence-in-analytic-judgment"): {"high": 85, "moderate": 50, "low": 15},
    ("misp", "confidence-level"): {
        "completely-confident": 95,
        "usually-confident": 75,
        "fairly-confident": 50,
        "rarely-confident": 25,
        "unconfident": 5,
    },
}

#: Classes of taxonomies that were RSIT's parents, where the slug differs.
_ECSIRT = {
    "c&c": "malicious-code/c2-server",
    "c2-server": "malicious-code/c2-server",
    "malware": "malicious-code/malware-distribution",
    "malware-distribution": "malicious-code/malware-distribution",
    "malware-configuration": "malicious-code/malware-configuration",
    "ransomware": "malicious-code/infected-system",
    "botnet-drone": "malicious-code/infected-system",
    "phishing": "fraud/phishing",
    "spam": "abusive-content/spam",
    "scanner": "information-gathering/scanner",
    "brute-force": "intrusion-attempts/brute-force",
    "exploit": "intrusion-attempts/exploit",
    "ids-alert": "intrusion-attempts/ids-alert",
    "ddos": "availability/ddos",
    "dos": "availability/dos",
    "defacement": "intrusions/application-compromise",
}
_CLASSES = {("ecsirt", None): _ECSIRT, ("circl", "incident-classification"): _ECSIRT}


@dataclass(frozen=True, slots=True)
class Tags:
    """What a set of tags says. ``tlp`` and ``pap`` are the strictest named."""

    tlp: Tlp | None = None
    pap: Pap | None = None
    classification: str | None = None
    malware: str | None = None
    confidence: int | None = None


def read_tags(tags: Iterable[str]) -> Tags:
    """The meaning of tags. An unknown TLP or PAP label raises no error here: it is kept as a tag and decides nothing."""
    tlps: list[Tlp] = []
    paps: list[Pap] = []
    classes: list[str] = []
    families: list[tuple[str, str]] = []
    degrees: list[int] = []
    for tag in tags:
        found = _MACHINE.fullmatch(tag.strip())
        if not found:
            continue
        namespace, predicate, value = (
            found["namespace"].strip().lower(),
            found["predicate"].strip(),
            found["value"] or "",
        )
        if namespace in ("tlp", "pap") and predicate.lower() != "ex":
            _mark(namespace, predicate, tlps, paps)
        elif namespace == "misp-galaxy" and predicate.lower() in _FAMILIES and value:
            families.append((predicate.lower(), re.sub(r"\s+-\s+S\d{4}$", "", value)))
        elif kind := _class_of(namespace, predicate.lower(), value.lower()):
            classes.append(kind)
        elif (namespace, predicate.lower()) in _CONFIDENCE:
            degrees += [
                number for word, number in _CONFIDENCE[namespace, predicate.lower()].items() if word == value.lower()
            ]
    return Tags(
        tlp=Tlp.strictest(*tlps) if tlps else None,
        pap=Pap.strictest(*paps) if paps else None,
        classification=classes[0] if classes else None,
        malware=_family(families),
        confidence=min(degrees) if degrees else None,
    )


def _family(named: list[tuple[str, str]]) -> str | None:
    """The one family that the galaxies name; Malpedia's name of it counts first. Of several families none can be said."""
    for names in ({name for galaxy, name in named if galaxy == "malpedia"}, {name for _, name in named}):
        if len(names) == 1:
            return names.pop()
    return None


def _mark(namespace: str, label: str, tlps: list[Tlp], paps: list[Pap]) -> None:
    try:
        if namespace == "tlp":
            tlps.append(Tlp.read(label))
        else:
            paps.append(Pap.read(label))
    except ValueError:
        return


def _class_of(namespace: str, predicate: str, value: str) -> str | None:
    if namespace == "rsit":
        whole = f"{predicate}/{value}"
        return whole if is_classification(whole) else classification_of(value)
    table = _CLASSES.get((namespace, predicate)) or _CLASSES.get((namespace, None))
    return table.get(value) if table else None
