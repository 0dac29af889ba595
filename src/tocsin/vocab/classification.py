"""ENISA/TF-CSIRT Reference Security Incident Taxonomy, version 1003: 11 classes, 39 types.

A slug is not its name: ``ids-alert`` means *exploitation of known vulnerabilities*, ``exploit`` *new attack signature*.
A classification is stored as ``class/type``; pinned by version because classes change their types between versions.
"""

RSIT_VERSION = 1003

#: class slug -> (English name, {type slug: English name})
RSIT: dict[str, tuple[str, dict[str, str]]] = {
    "abusive-content": (
        "Abusive Content",
        {
            "spam": "Spam",
            "harmful-speech": "Harmful Speech",
            "violence": "(Child) Sexual Exploitation/Sexual/Violent Content",
        },
    ),
    "malicious-code": (
        "Malicious Code",
        {
            "infected-system": "Infected System",
            "c2-server": "C2 Server",
            "malware-distribution": "Malware Distribution",
            "malware-configuration": "Malware Configuration",
        },
    ),
    "information-gathering": (
        "Information Gathering",
        {"scanner": "Scanning", "sniffing": "Sniffing", "social-engineering": "Social Engineering"},
    ),
    "intrusion-attempts": (
        "Intrusion Attempts",
        {
            "ids-alert": "Exploitation of Known Vulnerabilities",
            "brute-force": "Login Attempts",
            "exploit": "New Attack Signature",
        },
    ),
    "intrusions": (
        "Intrusions",
        {
            "privileged-account-compromise": "Privileged Account Compromise",
            "unprivileged-account-compromise": "Unprivileged Account Compromise",
            "application-compromise": "Application Compromise",
            "system-compromise": "System Compromise",
            "burglary": "Burglary",
        },
    ),
    "availability": (
        "Availability",
        {
            "dos": "Denial of Service",
            "ddos": "Distributed Denial of Service",
            "misconfiguration": "Misconfiguration",
            "sabotage": "Sabotage",
            "outage": "Outage",
        },
    ),
    "information-content-security": (
        "Information Content Security",
        {
            "unauthorised-information-access": "Unauthorised Access to Information",
            "unauthorised-information-modification": "Unauthorised Modification of Information",
            "data-loss": "Data Loss",
            "data-leak": "Leak of Confidential Information",
        },
    ),
    "fraud": (
        "Fraud",
        {
            "unauthorised-use-of-resources": "Unauthorised Use of Resources",
            "copyright": "Copyright",
            "masquerade": "Masquerade",
            "phishing": "Phishing",
        },
    ),
    "vulnerable": (
        "Vulnerable",
        {
            "weak-crypto": "Weak Cryptography",
            "ddos-amplifier": "DDoS Amplifier",
            "potentially-unwanted-accessible": "Potentially Unwanted Accessible Services",
            "information-disclosure": "Information Disclosure",
            "vulnerable-system": "Vulnerable System",
        },
    ),
    "other": ("Other", {"other": "Uncategorised", "undetermined": "Undetermined"}),
    "test": ("Test", {"test": "Test"}),
}

UNDETERMINED = "other/undetermined"

CLASSIFICATIONS: frozenset[str] = frozenset(f"{group}/{kind}" for group, (_, kinds) in RSIT.items() for kind in kinds)


def is_classification(text: str) -> bool:
    """Whether ``text`` is a known ``class/type``."""
    return text in CLASSIFICATIONS


def classification_name(classification: str) -> str:
    """The English name of a ``class/type``; the slug itself where it is unknown (an older or newer version)."""
    group, _, kind = classification.partition("/")
    return RSIT[group][1].get(kind, classification) if group in RSIT else classification


_CLASS_OF = {kind: group for group, (_, kinds) in RSIT.items() for kind in kinds}


def classification_of(kind: str) -> str | None:
    """The ``class/type`` of a bare type slug, or ``None``."""
    group = _CLASS_OF.get(kind)
    return f"{group}/{kind}" if group else None
