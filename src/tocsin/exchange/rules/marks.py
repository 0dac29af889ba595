"""``next``: where a client goes on. Opaque, sealed with our key, good for one client, one collection and one question.

A mark holds the date at which the page before ended, so it never grows old and needs no memory here: dates added are unique in a
feed and an entry that is committed later has a later date, so going on from a date neither skips nor repeats.
"""

import base64
import binascii
import hmac
from hashlib import sha256

from tocsin.exchange.rules.refusals import bad_request

_FORM = b"\x01"
_SEAL_BYTES = 16
_DATE_BYTES = 8


def mark(key: bytes, bound_to: bytes, date_added_us: int) -> str:
    """The mark after the entry added at that date, for whatever ``bound_to`` names."""
    body = _FORM + date_added_us.to_bytes(_DATE_BYTES, "big", signed=True)
    return base64.urlsafe_b64encode(body + _seal(key, bound_to, body)).decode().rstrip("=")


def read_mark(key: bytes, bound_to: bytes, text: str) -> int:
    """The date that a mark holds. A mark that is not ours, or was given for another question, is refused."""
    try:
        found = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        found = b""
    body, seal = found[:-_SEAL_BYTES], found[-_SEAL_BYTES:]
    is_ours = len(body) == 1 + _DATE_BYTES and body.startswith(_FORM)
    if not is_ours or not hmac.compare_digest(seal, _seal(key, bound_to, body)):
        bad_request("next is not a mark that was given for this question; ask again without it, with added_after.")
    return int.from_bytes(body[1:], "big", signed=True)


def _seal(key: bytes, bound_to: bytes, body: bytes) -> bytes:
    return hmac.new(key, bound_to + body, sha256).digest()[:_SEAL_BYTES]
