"""One short word for a whole collection, so that two ends can tell whether they hold the same before either says "complete".

The digest of a set of versions is the sum, modulo 2**256, of the SHA-256 of each (Bellare and Micciancio's additive set hash, AdHash):
it does not depend on order, grows by one addition for each new version and shrinks by one subtraction for a removed one, so both ends
keep it up to date without reading a million rows again. It tells accidents apart (a lost page, a doubled batch); it is no proof
against a partner who makes up versions on purpose, which is what the ledger's signatures are for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True)
class SetDigest:
    """``count`` versions and the sum of their hashes. The empty set is ``SetDigest()``."""

    count: int = 0
    total: int = 0

    def with_versions(self, versions: Iterable[tuple[str, str]]) -> "SetDigest":
        """This set and more (id, version) pairs, none of which is in it yet."""
        return self._changed(versions, 1)

    def without_versions(self, versions: Iterable[tuple[str, str]]) -> "SetDigest":
        """This set without pairs that are in it."""
        return self._changed(versions, -1)

    def _changed(self, versions: Iterable[tuple[str, str]], sign: int) -> "SetDigest":
        count, total = self.count, self.total
        for stix_id, version in versions:
            count += sign
            total += sign * _hash_of(stix_id, version)
        return SetDigest(count, total % _MODULUS)

    def __str__(self) -> str:
        """``100000:9f2c…``: the count and 64 hexadecimal digits."""
        return f"{self.count}:{self.total:064x}"

    @classmethod
    def read(cls, text: str) -> "SetDigest":
        """A digest from its text. Raises ``ValueError`` for anything else."""
        count, colon, total = text.partition(":")
        if not colon or not count.isdecimal() or len(count) > 18 or len(total) != 64:
            raise ValueError(f"{text[:80]!r} is no digest of a collection")
        return cls(int(count), int(total, 16) % _MODULUS)


def digest_of(versions: Iterable[tuple[str, str]]) -> SetDigest:
    """The digest of (id, version) pairs, each given once; versions are texts as TAXII writes them (six digits of a second)."""
    return SetDigest().with_versions(versions)


def _hash_of(stix_id: str, version: str) -> int:
    return int.from_bytes(sha256(f"{stix_id}\0{version}".encode("utf-8", "surrogatepass")).digest(), "big")
