"""Media types in ``Accept`` and ``Content-Type`` (TAXII 2.1 §1.6.8, RFC 9110 §12.5.1). Each function raises ``Refusal``."""

from tocsin.exchange.rules.refusals import Refusal
from tocsin.formats.taxii import MEDIA_TYPE

VERSION = "2.1"
_TYPE = "application/taxii+json"
_LONGEST = 4_000


def check_accept(header: str | None) -> None:
    """Whether the client takes what we serve: ``application/taxii+json`` of version 2.1 or of no version, or a wider range.

    Without the header there is no TAXII media range in it either: 406. A range with ``q=0`` is one that the client refuses.
    """
    ranges = [] if header is None else [_parsed(part) for part in header[:_LONGEST].split(",")]
    if not any(_takes(media, parameters) for media, parameters in ranges):
        raise Refusal(
            406, "Not acceptable", f"This server answers in {MEDIA_TYPE} only; ask for it in the Accept header."
        )


def check_content_type(header: str | None, encoding: str | None = None) -> None:
    """Whether a body is what it must be: TAXII of version 2.1, in UTF-8, not compressed; else 415."""
    media, parameters = _parsed((header or "")[:_LONGEST])
    is_ours = media == _TYPE and parameters.get("version", VERSION) == VERSION
    is_utf8 = parameters.get("charset", "utf-8").lower() == "utf-8"
    is_plain = (encoding or "identity").strip().lower() == "identity"
    if not (is_ours and is_utf8 and is_plain):
        raise Refusal(415, "Unsupported media type", f"Send bodies as {MEDIA_TYPE}, in UTF-8 and not compressed.")


def _takes(media: str, parameters: dict[str, str]) -> bool:
    if media not in (_TYPE, "application/*", "*/*") or _quality(parameters) <= 0:
        return False
    return media != _TYPE or parameters.get("version", VERSION) == VERSION


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    """``application/taxii+json; version=2.1`` as a type and its parameters, both in lower case but for the values."""
    media, *rest = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest)
    return media.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
