"""Checkpoints as they are kept, and whether the ledger still fits them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db.models import Q

from tocsin.agreements.models import Checkpoint as CheckpointRow
from tocsin.agreements.models import LedgerEntry
from tocsin.agreements.queries.entries import LARGEST_PAGE, page_mark, stored_entries
from tocsin.agreements.rules.checkpoints import Checkpoint, key_id
from tocsin.agreements.rules.verification import Verdict, Verification, in_order
from tocsin.constituency.access import Permission, Viewer, require
from tocsin.vocab.errors import Conflict, InputError

#: The file of the node's private key in the storage folder.
KEY_NAME = "ledger.key"
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying found. ``strangers`` are stored checkpoints whose key nobody gave, so that they say nothing."""

    verdict: Verdict
    strangers: int

    @property
    def said(self) -> str:
        """One or two sentences."""
        if not self.strangers:
            return self.verdict.said
        return (
            f"{self.verdict.said} {self.strangers:,} checkpoints are signed by other keys: give them with --public-key."
        )


def last_checkpoint(viewer: Viewer) -> Checkpoint | None:
    """The newest that was made here."""
    require(viewer, Permission.LEDGER_READ)
    row = CheckpointRow.objects.order_by("-entry", "-pk").first()
    return None if row is None else as_checkpoint(row)


@dataclass(frozen=True, slots=True)
class CheckpointPage:
    """Some checkpoints, newest first; hand ``next`` in as ``after`` for those that follow, ``None`` at the end."""

    rows: tuple[Checkpoint, ...]
    next: str | None


def checkpoints(viewer: Viewer, *, after: str | None = None, size: int = 50) -> CheckpointPage:
    """A page of those that were made here."""
    require(viewer, Permission.LEDGER_READ)
    rows = CheckpointRow.objects.order_by("-pk")
    if after is not None:
        rows = rows.filter(pk__lt=page_mark(after))
    size = min(max(size, 1), LARGEST_PAGE)
    found = list(rows[: size + 1])
    return CheckpointPage(
        tuple(map(as_checkpoint, found[:size])), str(found[size - 1].pk) if len(found) > size else None
    )


def ledger_size(viewer: Viewer) -> int:
    """How many entries there are."""
    require(viewer, Permission.LEDGER_READ)
    return LedgerEntry.objects.order_by("-number").values_list("number", flat=True).first() or 0


def verify_ledger(
    viewer: Viewer,
    checkpoints: Sequence[Checkpoint] = (),
    keys: Sequence[Ed25519PublicKey] = (),
    advance: Callable[[int], None] = lambda _count: None,
) -> Verified:
    """Go through the whole ledger, in constant memory, and hold it against our own checkpoints and those given (a partner's copies).

    ``keys`` are public keys to believe beside our own. ``advance`` is told how many more entries were read. Raises
    :class:`InputError` for a given checkpoint that none of the keys signed.
    """
    require(viewer, Permission.LEDGER_READ)
    known = {key_id(key): key for key in (*keys, *_own_key())}
    for one in checkpoints:
        _check_signed(one, known)
    strangers = CheckpointRow.objects.exclude(key__in=list(known)).count()
    own = _own(known)
    try:
        verdict = Verification(in_order(sorted(checkpoints, key=lambda one: one.entry), own)).verdict(
            stored_entries(), advance
        )
    except _Forged as forged:
        first = forged.checkpoint.entry
        verdict = Verdict(
            0, "", 0, 0, f"The stored checkpoint of entry {first:,} is not as it was signed.", first, first
        )
    return Verified(verdict, strangers)


class _Forged(Exception):
    """A stored checkpoint that bears a known key's id and not its signature."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.checkpoint = checkpoint


def _own(known: dict[str, Ed25519PublicKey]) -> Iterator[Checkpoint]:
    """Those stored here whose keys we have, in the order of their entries."""
    after = (0, 0)
    rows = CheckpointRow.objects.filter(key__in=list(known)).order_by("entry", "pk")
    while True:
        batch = list(rows.filter(Q(entry__gt=after[0]) | Q(entry=after[0], pk__gt=after[1]))[:_CHUNK])
        if not batch:
            return
        for row in batch:
            checkpoint = as_checkpoint(row)
            if not checkpoint.is_signed_by(known[checkpoint.key]):
                raise _Forged(checkpoint)
            yield checkpoint
        after = batch[-1].entry, batch[-1].pk


def _check_signed(checkpoint: Checkpoint, known: dict[str, Ed25519PublicKey]) -> None:
    key = known.get(checkpoint.key)
    if key is None:
        raise InputError(
            f"The checkpoint of entry {checkpoint.entry:,} is signed by a key that is not here ({checkpoint.key[:16]}…):"
            " give it with --public-key."
        )
    if not checkpoint.is_signed_by(key):
        raise InputError(
            f"The signature of the checkpoint of entry {checkpoint.entry:,} is wrong: somebody changed it."
        )


def _own_key() -> Iterable[Ed25519PublicKey]:
    """Our own public key, if there is one yet."""
    path = Path(settings.TOCSIN.storage.folder) / KEY_NAME
    if not path.is_file():
        return []
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise Conflict(f"{path} is no private key: put back the one that was there.") from error
    return [key.public_key()] if isinstance(key, Ed25519PrivateKey) else []


def as_checkpoint(row: CheckpointRow) -> Checkpoint:
    """A stored checkpoint as a value."""
    return Checkpoint(row.node, row.entry, row.hash, row.at, row.key, row.signature)
