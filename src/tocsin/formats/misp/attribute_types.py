"""MISP's attribute types in STIX: one row a type, from which patterns, observables and the way back are all made.

A row lists terms in the order in which the pattern compares them: a path of the STIX pattern language, and where its constant comes
from: a number (that part of the value, which ``|`` divides), ``DATA`` (the attached bytes, base64) or a fixed text. Types without
a row are kept as ``x-misp-attribute``. Source of the pairs: the MISP core format, and the examples of the misp-stix project; where
we differ from those, the test of the examples says why.
"""

from dataclasses import dataclass

DATA = "data"
#: Stands for ``ipv4-addr`` or ``ipv6-addr``, whichever the value is.
ADDRESS = "{address}"
INFECTED = "infected"


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison: ``path = part`` (a position in the value), ``path = DATA``, or ``path = 'fixed'``."""

    path: str
    part: int | None = None
    fixed: str | None = None
    is_data: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """How one attribute type is said in STIX. ``category`` is MISP's default for it.

    ``is_seen``: whether observables can be made of it; otherwise an attribute that is not for detection stays a custom object.
    ``splits_last``: whether a file name, which may itself hold ``|``, is the first part.
    """

    terms: tuple[Term, ...]
    category: str = "Network activity"
    is_seen: bool = True
    splits_last: bool = False

    @property
    def parts(self) -> int:
        """How many parts the value has."""
        return max((term.part for term in self.terms if term.part is not None), default=0) + 1


#: MISP's hash types -> STIX names of the algorithms (§10.7 and, for the others, the names that tools use).
HASHES = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha224": "SHA-224",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "sha512/224": "SHA-512-224",
    "sha512/256": "SHA-512-256",
    "sha3-224": "SHA3-224",
    "sha3-256": "SHA3-256",
    "sha3-384": "SHA3-384",
    "sha3-512": "SHA3-512",
    "ssdeep": "SSDEEP",
    "tlsh": "TLSH",
    "authentihash": "AUTHENTIHASH",
    "imphash": "IMPHASH",
    "impfuzzy": "IMPFUZZY",
    "pehash": "PEHASH",
    "telfhash": "TELFHASH",
    "vhash": "VHASH",
    "cdhash": "CDHASH",
}

#: Digits of the algorithms whose length is known: a value of another length is no such hash.
HASH_DIGITS = {
    "MD5": 32,
    "SHA-1": 40,
    "SHA-224": 56,
    "SHA-256": 64,
    "SHA-384": 96,
    "SHA-512": 128,
    "SHA-512-224": 56,
    "SHA-512-256": 64,
    "SHA3-224": 56,
    "SHA3-256": 64,
    "SHA3-384": 96,
    "SHA3-512": 128,
}

#: Paths whose constants are integers.
NUMBERS = frozenset(
    {
        "autonomous-system:number",
        "network-traffic:dst_port",
        "network-traffic:src_port",
        "file:size",
        "process:pid",
    }
)


def hash_path(kind: str, algorithm: str) -> str:
    """``file:hashes.MD5``, ``file:hashes.'SHA-256'``: a key that is no plain word stands in quotes."""
    return f"{kind}:hashes.{algorithm}" if algorithm.isalnum() else f"{kind}:hashes.'{algorithm}'"


def _one(path: str, category: str = "Network activity", *, is_seen: bool = True) -> Shape:
    return Shape((Term(path, 0),), category, is_seen)


def _traffic(end: str, *, port: bool) -> Shape:
    terms = (
        Term(f"network-traffic:{end}_ref.type", fixed=ADDRESS),
        Term(f"network-traffic:{end}_ref.value", 0),
    )
    return Shape((*terms, Term(f"network-traffic:{end}_port", 1)) if port else terms)


def _file(algorithm: str) -> Shape:
    return Shape((Term("file:name", 0), Term(hash_path("file", algorithm), 1)), "Payload delivery", splits_last=True)


_DELIVERY = "Payload delivery"
_MESSAGE = "email-message:"

SHAPES: dict[str, Shape] = {
    "AS": _one("autonomous-system:number"),
    "domain": _one("domain-name:value"),
    "hostname": _one("domain-name:value"),
    "domain|ip": Shape((Term("domain-name:value", 0), Term("domain-name:resolves_to_refs[*].value", 1))),
    "hostname|port": Shape(
        (
            Term("network-traffic:dst_ref.type", fixed="domain-name"),
            Term("network-traffic:dst_ref.value", 0),
            Term("network-traffic:dst_port", 1),
        )
    ),
    "ip-src": _traffic("src", port=False),
    "ip-dst": _traffic("dst", port=False),
    "ip-src|port": _traffic("src", port=True),
    "ip-dst|port": _traffic("dst", port=True),
    "port": _one("network-traffic:dst_port", is_seen=False),
    "mac-address": _one("mac-addr:value"),
    "url": _one("url:value"),
    "uri": _one("url:value"),
    "link": _one("url:value", "External analysis"),
    "user-agent": _one("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'", is_seen=False),
    "http-method": _one("network-traffic:extensions.'http-request-ext'.request_method", is_seen=False),
    "email": _one("email-addr:value", "Social network"),
    "email-src": _one(_MESSAGE + "from_ref.value", _DELIVERY),
    "email-dst": _one(_MESSAGE + "to_refs[*].value"),
    "email-subject": _one(_MESSAGE + "subject", _DELIVERY),
    "email-body": _one(_MESSAGE + "body", _DELIVERY),
    "email-header": _one(_MESSAGE + "received_lines[*]", _DELIVERY),
    "email-message-id": _one(_MESSAGE + "message_id", _DELIVERY),
    "email-reply-to": _one(_MESSAGE + "additional_header_fields.'Reply-To'", _DELIVERY),
    "email-x-mailer": _one(_MESSAGE + "additional_header_fields.'X-Mailer'", _DELIVERY),
    "email-attachment": _one(_MESSAGE + "body_multipart[*].body_raw_ref.name", _DELIVERY),
    "email-src-display-name": _one(_MESSAGE + "from_ref.display_name", _DELIVERY, is_seen=False),
    "email-dst-display-name": _one(_MESSAGE + "to_refs[*].display_name", _DELIVERY, is_seen=False),
    "filename": _one("file:name", _DELIVERY),
    "size-in-bytes": _one("file:size", "Other", is_seen=False),
    "mime-type": _one("file:mime_type", _DELIVERY, is_seen=False),
    "mutex": _one("mutex:name", "Artifacts dropped"),
    "regkey": _one("windows-registry-key:key", "Persistence mechanism"),
    "regkey|value": Shape(
        (Term("windows-registry-key:key", 0), Term("windows-registry-key:values[*].data", 1)), "Persistence mechanism"
    ),
    "github-username": Shape(
        (Term("user-account:account_type", fixed="github"), Term("user-account:account_login", 0)), "Social network"
    ),
    "attachment": Shape((Term("file:name", 0), Term("file:content_ref.payload_bin", is_data=True)), _DELIVERY),
    "malware-sample": Shape(
        (
            Term("file:content_ref.payload_bin", is_data=True),
            Term("file:name", 0),
            Term("file:hashes.MD5", 1),
            Term("file:content_ref.mime_type", fixed="application/zip"),
            Term("file:content_ref.encryption_algorithm", fixed="mime-type-indicated"),
            Term("file:content_ref.decryption_key", fixed=INFECTED),
        ),
        _DELIVERY,
        splits_last=True,
    ),
    **{kind: _one(hash_path("file", name), _DELIVERY) for kind, name in HASHES.items()},
    **{f"filename|{kind}": _file(name) for kind, name in HASHES.items()},
    **{
        f"x509-fingerprint-{kind}": _one(hash_path("x509-certificate", HASHES[kind]))
        for kind in ("md5", "sha1", "sha256")
    },
}

#: Attribute types that are rules in another language: an indicator with that type of pattern (vocabulary §10.19).
RULES = {
    "yara": ("yara", "Payload installation"),
    "sigma": ("sigma", "Payload installation"),
    "snort": ("snort", "Network activity"),
    "suricata": ("suricata", "Network activity"),
    "zeek": ("zeek", "Network activity"),
    "bro": ("bro", "Network activity"),
}
PATTERN = "stix2-pattern"

#: Attribute types that name a thing which STIX has an object for: type -> (STIX type, MISP's default category).
THINGS = {"vulnerability": ("vulnerability", "External analysis"), "campaign-name": ("campaign", "Attribution")}


def is_data_only(term: Term) -> bool:
    """Whether a term only makes sense beside attached bytes."""
    return term.is_data or term.path.startswith("file:content_ref.")
