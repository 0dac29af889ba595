"""The names of our vocabulary's values in the reader's language: severities, states, kinds of observables, RSIT classes.

A marking reads the same in every language, as FIRST writes it. A value without a name here is shown as it is.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tocsin.vocab.markings import Pap, Tlp

_SEVERITIES: Mapping[str, str | Promise] = {
    "info": pgettext_lazy("severity", "info"),
    "low": pgettext_lazy("severity", "low"),
    "medium": pgettext_lazy("severity", "medium"),
    "high": pgettext_lazy("severity", "high"),
    "critical": pgettext_lazy("severity", "critical"),
}

_STATES: Mapping[str, str | Promise] = {
    "new": _("new"),
    "acknowledged": _("acknowledged"),
    "false-positive": _("false positive"),
    "accepted-risk": _("accepted risk"),
    "reopened": _("reopened"),
    "withdrawn": _("withdrawn"),
    "running": _("running"),
    "receiving": _("receiving"),
    "committed": _("committed"),
    "done": _("done"),
    "failed": _("failed"),
    "counted": _("counted"),
    "known-good": _("known good"),
    "valid": _("valid"),
    "expired": _("expired"),
    "not-yet-valid": _("not yet valid"),
    "revoked": _("revoked"),
    "active": _("active"),
    "inactive": _("inactive"),
    "nobody": _("nobody's"),
    "in_force": _("in force"),
    "draft": _("draft"),
    "suspended": _("suspended"),
    "terminated": _("terminated"),
    "open": _("waits"),
    "released": _("released"),
    "refused": _("refused"),
}

#: What is decided about something that would leave.
_DECISIONS: Mapping[str, str | Promise] = {
    "allow": _("may go"),
    "transform": _("may go, with duties"),
    "hold": _("held for a person"),
    "deny": _("may not go"),
    "out_of_scope": _("no agreement governs it"),
}

#: By which way something leaves.
_EXITS: Mapping[str, str | Promise] = {
    "taxii": "TAXII",
    "misp": "MISP",
    "api": "API",
    "portal": _("portal"),
    "mail": _("mail"),
    "notice": _("notice"),
    "block_list": _("block list"),
    "lookup": _("look-up"),
    "export": _("export"),
    "download": _("download"),
}

#: What an entry of the ledger is about.
_ENTRIES: Mapping[str, str | Promise] = {
    "exit": _("decision"),
    "released": _("hold released"),
    "refused": _("hold refused"),
    "imported": _("agreement taken in"),
    "suspended": _("agreement suspended"),
    "resumed": _("agreement resumed"),
    "terminated": _("agreement terminated"),
}

#: What a change of a clause does, and what another text would have done to an exit.
_EFFECTS: Mapping[str, str | Promise] = {
    "widens": _("widens"),
    "narrows": _("narrows"),
    "neither": _("neither"),
    "leaves": _("would have left"),
    "stays": _("would have stayed"),
    "held": _("would have been held"),
    "duties": _("other duties"),
    "same": _("as it was"),
}

_TYPES: Mapping[str, str | Promise] = {
    "domain-name": _("domain name"),
    "ipv4-addr": _("IPv4 address"),
    "ipv6-addr": _("IPv6 address"),
    "ip-port": _("address and port"),
    "url": "URL",
    "file": _("file hash"),
    "email-addr": _("e-mail address"),
    "x509-certificate": _("certificate"),
    "url-path": _("URL path"),
    "pattern": _("pattern"),
    "vulnerability": _("vulnerability"),
    "other": _("other"),
}

_GIVES: Mapping[str, str | Promise] = {
    "indicators": _("indicators"),
    "observations": _("observations"),
    "warning-list": _("warning list"),
}

_ROLES: Mapping[str, str | Promise] = {
    "analyst": _("analyst"),
    "lead": _("lead"),
    "partner-liaison": _("partner liaison"),
    "auditor": _("auditor"),
    "administrator": _("administrator"),
}

#: ENISA RSIT 1003, the words of ``vocab.classification``.
_CLASSES: Mapping[str, str | Promise] = {
    "abusive-content": _("Abusive content"),
    "abusive-content/spam": _("Spam"),
    "abusive-content/harmful-speech": _("Harmful speech"),
    "abusive-content/violence": _("Exploitative or violent content"),
    "malicious-code": _("Malicious code"),
    "malicious-code/infected-system": _("Infected system"),
    "malicious-code/c2-server": _("C2 server"),
    "malicious-code/malware-distribution": _("Malware distribution"),
    "malicious-code/malware-configuration": _("Malware configuration"),
    "information-gathering": _("Information gathering"),
    "information-gathering/scanner": _("Scanning"),
    "information-gathering/sniffing": _("Sniffing"),
    "information-gathering/social-engineering": _("Social engineering"),
    "intrusion-attempts": _("Intrusion attempts"),
    "intrusion-attempts/ids-alert": _("Exploitation of known vulnerabilities"),
    "intrusion-attempts/brute-force": _("Login attempts"),
    "intrusion-attempts/exploit": _("New attack signature"),
    "intrusions": _("Intrusions"),
    "intrusions/privileged-account-compromise": _("Privileged account compromise"),
    "intrusions/unprivileged-account-compromise": _("Unprivileged account compromise"),
    "intrusions/application-compromise": _("Application compromise"),
    "intrusions/system-compromise": _("System compromise"),
    "intrusions/burglary": _("Burglary"),
    "availability": _("Availability"),
    "availability/dos": _("Denial of service"),
    "availability/ddos": _("Distributed denial of service"),
    "availability/misconfiguration": _("Misconfiguration"),
    "availability/sabotage": _("Sabotage"),
    "availability/outage": _("Outage"),
    "information-content-security": _("Information content security"),
    "information-content-security/unauthorised-information-access": _("Unauthorised access to information"),
    "information-content-security/unauthorised-information-modification": _("Unauthorised modification of information"),
    "information-content-security/data-loss": _("Data loss"),
    "information-content-security/data-leak": _("Leak of confidential information"),
    "fraud": _("Fraud"),
    "fraud/unauthorised-use-of-resources": _("Unauthorised use of resources"),
    "fraud/copyright": _("Copyright"),
    "fraud/masquerade": _("Masquerade"),
    "fraud/phishing": _("Phishing"),
    "vulnerable": _("Vulnerable"),
    "vulnerable/weak-crypto": _("Weak cryptography"),
    "vulnerable/ddos-amplifier": _("DDoS amplifier"),
    "vulnerable/potentially-unwanted-accessible": _("Potentially unwanted accessible services"),
    "vulnerable/information-disclosure": _("Information disclosure"),
    "vulnerable/vulnerable-system": _("Vulnerable system"),
    "other/other": _("Uncategorised"),
    "other/undetermined": _("Undetermined"),
    "test": _("Test"),
    "test/test": _("Test"),
}

_WORDS: Mapping[str, Mapping[str, str | Promise]] = {
    "tlp": {label.value: label.shown for label in Tlp},
    "pap": {label.value: label.shown for label in Pap},
    "severity": _SEVERITIES,
    "state": _STATES,
    "type": _TYPES,
    "gives": _GIVES,
    "role": _ROLES,
    "class": _CLASSES,
    "decision": _DECISIONS,
    "exit": _EXITS,
    "entry": _ENTRIES,
    "effect": _EFFECTS,
}


def word(kind: str, value: str) -> str | Promise:
    """The name of ``value``; ``kind`` is a key of the tables above. An unknown value comes back as it is."""
    return _WORDS.get(kind, {}).get(value, value)


def choices(kind: str) -> list[tuple[str, str | Promise]]:
    """``(value, name)`` of every value of a kind, in the order of the tables above."""
    return list(_WORDS[kind].items())
