"""Canonical forms of domain names and mail addresses."""

import re
import unicodedata

import idna

_PLAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z]{2,63}", re.ASCII)
_LONGEST = 253
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.ASCII)
# All top-level domains are letters only or punycode (RFC 3696 §2 asks for less: not all digits).
_TOP = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}", re.ASCII)
_LOCAL = re.compile(r"[^\s@<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,64}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_OTHER_DOTS = str.maketrans("。．｡․", "....")


def is_plain_domain(text: str) -> bool:
    """Whether ``text`` already is what :func:`domain` would make of it, letters only in its last label: nine names in ten are."""
    return len(text) <= _LONGEST and _PLAIN.fullmatch(text) is not None


def domain(text: str) -> str:
    """Lower case, international labels as punycode, without the trailing dot. Underscores are allowed: DNS has them.

    Whether it is more than a public suffix is the caller's question.
    """
    if is_plain_domain(text):
        return text
    labels = labels_of(text)
    if len(labels) < 2:
        raise ValueError("not a domain name: it has no dot")
    for label in labels:
        check_label(label)
    check_top_level(labels[-1])
    return _joined(labels)


def labels_of(text: str) -> list[str]:
    """The lower-case ASCII labels of a name in any spelling, unchecked but for its international ones."""
    name = text.strip().translate(_OTHER_DOTS).lower().removesuffix(".")
    if not name.isascii():
        if _SURROGATE.search(name):
            raise ValueError("not a domain name: it is not UTF-8")
        name = ".".join(_ascii(label) for label in name.split("."))
    return name.split(".")


def check_label(label: str) -> None:
    """Raise ``ValueError`` unless it is a label as DNS carries them."""
    if _LABEL.fullmatch(label):
        return
    if not label:
        raise ValueError("not a domain name: a label is empty")
    if len(label) > 63:
        raise ValueError("not a domain name: a label is longer than 63 characters")
    raise ValueError("not a domain name: a label has a character other than letters, digits, hyphen and underscore")


def check_top_level(label: str) -> None:
    """Raise ``ValueError`` unless a top-level domain can have that form."""
    if not _TOP.fullmatch(label):
        raise ValueError("not a domain name: the last label is no top-level domain")


def _joined(labels: list[str]) -> str:
    name = ".".join(labels)
    if len(name) > _LONGEST:
        raise ValueError("not a domain name: longer than 253 characters")
    return name


def _ascii(label: str) -> str:
    """A label as punycode (UTS 46); what IDNA 2008 forbids but registries sold (emoji) by bare RFC 3492."""
    if label.isascii():
        return label
    if len(label) > 63:
        raise ValueError("not a domain name: a label is longer than 63 characters")
    try:
        return idna.encode(label, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        plain = unicodedata.normalize("NFKC", label).lower()
    if plain.isascii():
        return plain
    try:
        return "xn--" + plain.encode("punycode").decode("ascii")
    except UnicodeError:
        raise ValueError("not a domain name: a label cannot be written in punycode") from None


def email(text: str) -> str:
    """``local@domain``, lower case: mail systems tell letters' case apart in theory only."""
    local, at, host = text.strip().rpartition("@")
    if not at:
        raise ValueError("not a mail address: there is no @")
    if not _LOCAL.fullmatch(local):
        raise ValueError("not a mail address: the part before the @ is empty, too long or has a character it may not")
    return f"{local.lower()}@{domain(host)}"
