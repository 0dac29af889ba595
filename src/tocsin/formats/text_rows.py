"""What feeds of one value a line have in common: lines, comments, text."""

import re
from collections.abc import Iterator

from tocsin.text.streams import Member

SHOWN = 500

_COMMENT = re.compile(r"[ \t]+(?:#|;|//)\s*|\t+")


def text_lines(member: Member) -> Iterator[tuple[int, str]]:
    """Line numbers and stripped lines as text, blank ones left out. Bytes that are not UTF-8 become lone surrogates."""
    for number, line in member.text_lines():
        text = line.strip()
        if text:
            yield number, text


def split_comment(text: str) -> tuple[str, str | None]:
    """A value and the comment behind it (`` # …``, `` ; …``, `` // …`` or a further column); a ``#`` inside a URL is none."""
    found = _COMMENT.search(text)
    if not found:
        return text, None
    return text[: found.start()], shown(text[found.end() :].strip()) or None


def shown(text: str) -> str:
    """Text that can be stored and printed: undecodable bytes replaced, at most 500 characters."""
    return text[:SHOWN].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
