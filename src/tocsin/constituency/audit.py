"""The audit log: who did what to what, when. Append-only: rows are never changed or deleted, and the database refuses it too."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tocsin.constituency.access import Actor
from tocsin.constituency.models import AuditEntry


class AuditAction(StrEnum):
    """Everything that is worth a line, ``room.what-happened``. A room adds its own here."""

    PERSON_ADDED = "constituency.person-added"
    PERSON_CHANGED = "constituency.person-changed"
    SIGN_IN_LINK_MADE = "constituency.sign-in-link-made"
    SIGNED_IN = "constituency.signed-in"
    SIGNED_OUT = "constituency.signed-out"
    SIGN_IN_REFUSED = "constituency.sign-in-refused"
    TOKEN_MADE = "constituency.token-made"  # noqa: S105 (a word, not a secret)
    TOKEN_REVOKED = "constituency.token-revoked"  # noqa: S105
    CONSTITUENCY_LOADED = "constituency.loaded"
    REGISTRY_LOADED = "constituency.registry-loaded"

    AGREEMENT_IMPORTED = "agreements.imported"
    AGREEMENT_SUSPENDED = "agreements.suspended"
    AGREEMENT_RESUMED = "agreements.resumed"
    AGREEMENT_TERMINATED = "agreements.terminated"
    APPROVER_APPOINTED = "agreements.approver-appointed"
    APPROVER_DISMISSED = "agreements.approver-dismissed"
    HOLD_RELEASED = "agreements.hold-released"
    HOLD_REFUSED = "agreements.hold-refused"
    CHECKPOINT_MADE = "agreements.checkpoint-made"

    SOURCE_ADDED = "intel.source-added"
    SOURCE_CHANGED = "intel.source-changed"
    DELIVERY_INGESTED = "intel.delivery-ingested"
    DELIVERY_REFUSED = "intel.delivery-refused"
    DELIVERY_BURIED = "intel.delivery-buried"
    WARNING_LIST_LOADED = "intel.warning-list-loaded"
    WARNING_LIST_CHANGED = "intel.warning-list-changed"
    RELEASED = "intel.released"
    OBJECTS_KEPT = "intel.objects-kept"
    OBJECT_SIGHTED = "intel.object-sighted"
    OBJECT_RETRACTED = "intel.object-retracted"
    OBJECT_VOUCHED = "intel.object-vouched"
    FALSE_POSITIVE_REPORTED = "intel.false-positive-reported"
    OBJECTS_MERGED = "intel.objects-merged"
    MERGE_UNDONE = "intel.merge-undone"
    PARTY_IDENTIFIED = "intel.party-identified"
    INDICATORS_PUBLISHED = "intel.indicators-published"

    RUN_STARTED = "detection.run-started"
    RUN_FINISHED = "detection.run-finished"
    RUN_FAILED = "detection.run-failed"
    HIT_TRIAGED = "detection.hit-triaged"

    FINDINGS_UPDATED = "findings.updated"
    FINDING_TRIAGED = "findings.triaged"

    PARTNER_ADDED = "exchange.partner-added"
    PARTNER_CHANGED = "exchange.partner-changed"
    CLIENT_MADE = "exchange.client-made"
    CLIENT_CHANGED = "exchange.client-changed"
    FEED_MADE = "exchange.feed-made"
    COLLECTION_MADE = "exchange.collection-made"
    COLLECTION_GRANTED = "exchange.collection-granted"
    OBJECTS_OFFERED = "exchange.objects-offered"
    OBJECTS_RECEIVED = "exchange.objects-received"
    ENTRIES_REMOVED = "exchange.entries-removed"
    STANDING_CLOSED = "exchange.standing-closed"

    BACKUP_MADE = "jobs.backup-made"
    BACKUP_RESTORED = "jobs.backup-restored"


def record(actor: Actor, action: AuditAction, subject: str, detail: Mapping[str, Any] | None = None) -> None:
    """Append one line in the caller's transaction. ``detail`` is what JSON can say; never a secret, never a token."""
    AuditEntry.objects.create(
        actor_name=actor.name[:200],
        actor_kind=actor.kind,
        person_id=actor.person_id,
        action=action.value,
        subject=subject[:200],
        detail=dict(detail or {}),
    )
