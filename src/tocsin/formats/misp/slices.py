"""The events of a MISP document as bytes: one event, ``{"Event": …}``, an array, a search answer, lines of any of these."""

import io
import re
from collections.abc import Iterator

import orjson

from tocsin.formats.json_values import JsonSlice, Path, records, walk
from tocsin.formats.outcome import MOST_SHOWN
from tocsin.text.streams import Member

#: The most bytes of one event: it is read whole, because what holds for all its attributes may stand behind them.
MOST_EVENT_BYTES = 64 << 20
#: What lies in the folder of a feed beside its events.
_BESIDE = re.compile(r"(?:^|/)(?:manifest\.json|hashes\.csv|[^/]*\.asc)$", re.IGNORECASE)


def is_beside(name: str) -> bool:
    """Whether a file of this name is a feed's manifest, its list of hashes or a signature: no event."""
    return _BESIDE.search(name) is not None


def slices(member: Member) -> Iterator[JsonSlice]:
    """Every event of a member, unwrapped; of what cannot be one its beginning with a ``problem``.

    Raises ``Unreadable`` where the brackets of the text break off.
    """
    root: list[bytes] = []
    size = 0
    for piece in records(member, _wanted, limit=MOST_EVENT_BYTES):
        if piece.path == ("Event",):
            yield piece
        elif len(piece.path) == 1 and piece.path[0] is not None:
            size += len(piece.raw)
            if size > MOST_EVENT_BYTES or piece.problem:
                yield JsonSlice(
                    (), piece.raw[:MOST_SHOWN], piece.problem or f"the event is longer than {MOST_EVENT_BYTES} bytes"
                )
                return
            root.append(orjson.dumps(piece.path[0]) + b":" + piece.raw)
        elif piece.problem or not piece.raw.startswith(b"{"):
            yield piece
        else:
            yield from list(walk(io.BytesIO(piece.raw), member.name, _wrapped, limit=MOST_EVENT_BYTES)) or (piece,)
    if root:
        yield JsonSlice((), b"{" + b",".join(root) + b"}")


def _wanted(path: Path, first: bytes) -> bool:
    """Events in an array, in ``{"response": […]}`` or as ``{"Event": …}``; else the members of the root, which may be an event."""
    if path in ((None,), ("response", None)):
        return True
    return len(path) == 1 and not (path[0] == "response" and first == b"[")


def _wrapped(path: Path, _first: bytes) -> bool | None:
    return path == ("Event",) or (None if path else False)
