"""What became of what was sent to us."""

from uuid import UUID

from tocsin.constituency.access import Viewer
from tocsin.exchange.models import WriteStatus


def status_of(viewer: Viewer, client_id: int, uid: UUID) -> bytes | None:  # noqa: ARG001 (asked by the client itself)
    """The status resource of a request that this very client has made; ``None`` for anybody else's."""
    body = WriteStatus.objects.filter(uid=uid, client_id=client_id).values_list("body", flat=True).first()
    return None if body is None else bytes(body)
