"""Checkpoints of the ledger, and the key that signs them."""

import os
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tocsin.agreements.models import Checkpoint as CheckpointRow
from tocsin.agreements.models import LedgerEntry
from tocsin.agreements.queries.checkpoints import KEY_NAME, as_checkpoint
from tocsin.agreements.rules.checkpoints import Checkpoint, key_id, signed, written_key
from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.jobs.durability import durable
from tocsin.lake.durable import make_folder, sync_folder
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict

_OTHERS = 0o077


def make_checkpoint(*, actor: Actor, at: datetime | None = None) -> Checkpoint:
    """Sign what the ledger's last entry is. If it is the last checkpoint's still, that one. Raises :class:`Conflict` on an empty ledger.

    Partners get it with their receipts: from then on nobody rewrites what is before it unnoticed, not even we.
    """
    require(actor, Permission.LEDGER_READ)
    key = _node_key()
    with durable():
        last = LedgerEntry.objects.order_by("-number").values_list("number", "hash").first()
        if last is None:
            raise Conflict("The ledger is empty: nothing has left yet, and there is nothing to vouch for.")
        kept = CheckpointRow.objects.filter(entry=last[0], hash=last[1], key=key_id(key.public_key())).first()
        if kept is not None:
            return as_checkpoint(kept)
        made = signed(settings.TOCSIN.nation.party, *last, at or clock.now(), key)
        CheckpointRow(
            entry=made.entry, hash=made.hash, node=made.node, at=made.at, key=made.key, signature=made.signature
        ).save()
        record(actor, AuditAction.CHECKPOINT_MADE, f"entry {made.entry}", {"hash": made.hash, "key": made.key})
    return made


def public_key(*, actor: Actor) -> str:
    """The public key that our checkpoints are verified with, as PEM; the pair is made at first use."""
    require(actor, Permission.LEDGER_READ)
    return written_key(_node_key().public_key())


def _node_key() -> Ed25519PrivateKey:
    """This node's key, from the storage folder; made there at first use, readable by the owner alone."""
    path = Path(settings.TOCSIN.storage.folder) / KEY_NAME
    if not path.exists():
        _make(path)
    if path.stat().st_mode & _OTHERS:
        raise Conflict(f"{path} can be read by others than its owner, so it vouches for nothing: chmod 600 it.")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise Conflict(f"{path} is no private key: put back the one that was there.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Conflict(f"{path} is no Ed25519 key: put back the one that was there.")
    return key


def _make(path: Path) -> None:
    """Whoever comes first makes it, whole or not at all."""
    make_folder(path.parent)
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        temporary.unlink()
