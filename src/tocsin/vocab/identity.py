"""Identities: the same thing gets the same id on every machine, whoever reports it (``docs/why/identities.md``)."""

from hashlib import blake2b, sha1
from uuid import UUID

#: Our own namespace, drawn once; changing it would rename every indicator ever stored.
INDICATOR_NAMESPACE = UUID("6d3f1a52-0f0e-5d4b-9a37-7c1e5b8a2f10")

_NAMESPACE_BYTES = INDICATOR_NAMESPACE.bytes


def indicator_id(kind: str, value: str) -> UUID:
    """UUIDv5 (RFC 9562 §5.5) of an indicator's type and canonical value, joined by a tab."""
    return UUID(bytes=indicator_id_bytes(kind, value))


def indicator_id_bytes(kind: str, value: str) -> bytes:
    """The 16 bytes of :func:`indicator_id`: a national list has millions, and ``uuid.UUID`` costs more than the hash."""
    digest = bytearray(
        sha1(_NAMESPACE_BYTES + f"{kind}\t{value}".encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()[
            :16
        ]
    )
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def observation_id(*parts: object) -> bytes:
    """16 bytes of BLAKE2b over the parts, each preceded by its length so that neighbours cannot run together.

    The parts of an observation: source, feed, observed_at (ISO 8601, UTC), asset, port, protocol, class, identifier, malware.
    """
    hasher = blake2b(digest_size=16)
    for part in parts:
        text = b"" if part is None else str(part).encode("utf-8", "surrogatepass")
        hasher.update(len(text).to_bytes(4, "big") + text)
    return hasher.digest()
