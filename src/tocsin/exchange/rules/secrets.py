"""Credentials of partners' clients: what is stored of them, and how what is shown is read.

Passwords are kept under Argon2id (RFC 9106, second recommended option scaled to 19 MiB as OWASP does); tokens are 256 random bits,
which need no slow hash. A certificate is known by the SHA-256 of its DER, or by its subject as RFC 4514 writes it.
"""

import base64
import binascii
import re
import secrets as random
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

TOKEN_PREFIX = "tocsin-taxii_"  # noqa: S105 (a mark by which people know it, not a secret)
_FINGERPRINT = re.compile(r"(?:sha-?256[:=])?((?:[0-9a-f]{2}:?){32})")
_LONGEST = 16_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows: at most one of a name with a password, or a token."""

    name: str = ""
    password: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the proxy says of a client's certificate: its fingerprint, its subject, or both."""

    fingerprint: str = ""
    subject: str = ""


def made_token() -> str:
    """A new token: 256 random bits behind a prefix that scanners for leaked secrets can know."""
    return TOKEN_PREFIX + random.token_urlsafe(32)


def made_password() -> str:
    """A new password of 192 random bits."""
    return random.token_urlsafe(24)


def hash_of_token(token: str) -> str:
    """What is stored of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def hash_of_password(password: str) -> str:
    """What is stored of a password: Argon2id in PHC form."""
    kdf = Argon2id(salt=random.token_bytes(16), length=32, iterations=2, lanes=1, memory_cost=19_456)
    return kdf.derive_phc_encoded(password.encode("utf-8", "surrogatepass"))


#: Compared with where there is no such client, so that a wrong name takes as long as a wrong password.
_NOBODYS = hash_of_password(random.token_hex(16))


def is_password(password: str, stored: str) -> bool:
    """Whether this is the password behind a stored hash; with an empty hash it takes as long and is not."""
    try:
        Argon2id.verify_phc_encoded(password.encode("utf-8", "surrogatepass"), stored or _NOBODYS)
    except (InvalidKey, ValueError):
        return False
    return bool(stored)


def read_authorization(header: str | None) -> Shown | None:
    """``Basic …`` (RFC 7617, UTF-8) or ``Bearer …`` (RFC 6750); ``None`` where the header is missing or says anything else."""
    scheme, _, rest = (header or "")[:_LONGEST].partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer" and rest:
        return Shown(token=rest)
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(rest, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return Shown(name=name, password=password) if colon and name and "\0" not in name else None


def read_certificate(header: str) -> Certificate | None:
    """What a proxy writes about a verified client certificate: a fingerprint in hex, the certificate itself (RFC 9440 between colons,
    bare base64, or PEM in URL escapes), or the subject's distinguished name.
    """
    text = header[:_LONGEST].strip()
    found = _FINGERPRINT.fullmatch(text.lower())
    if found:
        return Certificate(fingerprint=found[1].replace(":", ""))
    certificate = _decoded(text)
    if certificate is not None:
        fingerprint = certificate.fingerprint(SHA256()).hex()
        return Certificate(fingerprint, certificate.subject.rfc4514_string())
    return Certificate(subject=text) if "=" in text and len(text) <= 500 else None


def _decoded(text: str) -> x509.Certificate | None:
    try:
        if "BEGIN" in text:
            return x509.load_pem_x509_certificate(unquote(text).replace("\t", "\n").encode())
        return x509.load_der_x509_certificate(base64.b64decode(text.strip(":"), validate=True))
    except (ValueError, TypeError, binascii.Error):
        return None
