"""Checkpoints: a signed sentence "at this time entry N had this hash". Whoever holds one can tell whether the ledger was rewritten.

Ed25519 (RFC 8032) over canonical JSON without the signature. Verifying needs the public key and nothing else; partners get both with
their receipts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tocsin.agreements.rules.chain import written_time
from tocsin.agreements.rules.times import read_time
from tocsin.vocab.errors import InputError

SCHEMA = "tocsin-checkpoint/1"
_LONGEST = 4096
_FIELDS = ("schema", "node", "entry", "hash", "at", "key", "signature")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``entry`` is the number of the entry whose ``hash`` is vouched for, ``node`` our party key, ``key`` the id of the public key."""

    node: str
    entry: int
    hash: str
    at: datetime
    key: str
    signature: str = ""

    def told(self) -> bytes:
        """The bytes that are signed."""
        return orjson.dumps(self._fields(), option=orjson.OPT_SORT_KEYS)

    def written(self) -> str:
        """One line of JSON: what a partner keeps."""
        return orjson.dumps(self._fields() | {"signature": self.signature}, option=orjson.OPT_SORT_KEYS).decode()

    def _fields(self) -> dict[str, str | int]:
        return {
            "schema": SCHEMA,
            "node": self.node,
            "entry": self.entry,
            "hash": self.hash,
            "at": written_time(self.at),
            "key": self.key,
        }

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether this key made the signature."""
        try:
            key.verify(bytes.fromhex(self.signature), self.told())
        except (InvalidSignature, ValueError):
            return False
        return True


def signed(node: str, entry: int, digest: str, at: datetime, key: Ed25519PrivateKey) -> Checkpoint:
    """A checkpoint about an entry, signed."""
    public = key.public_key()
    bare = Checkpoint(node, entry, digest, at, key_id(public))
    return Checkpoint(node, entry, digest, at, bare.key, key.sign(bare.told()).hex())


def key_id(key: Ed25519PublicKey) -> str:
    """Hex SHA-256 of the raw public key."""
    return sha256(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)).hexdigest()


def written_key(key: Ed25519PublicKey) -> str:
    """The public key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def read_key(text: bytes, name: str) -> Ed25519PublicKey:
    """A public key from PEM. Raises :class:`InputError` naming the file."""
    try:
        key = serialization.load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{name} is no public key in PEM; 'tocsin ledger key' prints one.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{name} is no Ed25519 key; 'tocsin ledger key' prints one.")
    return key


def read_checkpoints(lines: Iterable[bytes], name: str) -> list[Checkpoint]:
    """Checkpoints from JSON lines. Raises :class:`InputError` naming file and line."""
    return [_read(line, f"{name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def _read(line: bytes, place: str) -> Checkpoint:
    said = None
    if len(line) <= _LONGEST:
        try:
            said = orjson.loads(line)
        except ValueError:
            said = None
    if not isinstance(said, dict) or not set(_FIELDS) <= set(said) or said["schema"] != SCHEMA:
        raise InputError(f"{place} is no checkpoint; 'tocsin ledger checkpoint' writes one.")
    entry, texts = said["entry"], [said[name] for name in ("node", "hash", "at", "key", "signature")]
    if isinstance(entry, bool) or not isinstance(entry, int) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{place} is no checkpoint; 'tocsin ledger checkpoint' writes one.")
    try:
        at = read_time(said["at"])
    except ValueError as error:
        raise InputError(f"{place}: {error}.") from error
    return Checkpoint(said["node"], entry, said["hash"], at, said["key"], said["signature"])
