"""Documents of any size: bundles, bare objects, arrays and JSON lines, one object in memory at a time.

A document that begins with ``{`` may be a bundle or an object, and only ``type``, which may come last, says which. Its members are cut
out one by one; the elements of a list named ``objects`` are checked as they come once ``type`` says bundle, and wait (up to
``MOST_WAITING`` bytes, then they are taken for a bundle's) as long as it has said nothing.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from tocsin.formats.json_values import JsonSlice, Path, records
from tocsin.formats.stix.check.answers import answer, check_object
from tocsin.formats.stix.check.bundles import Company, problems_of_envelope
from tocsin.formats.stix.check.found import Checked, Problem, must
from tocsin.formats.stix.check.objects import problems_of
from tocsin.formats.stix.check.rules import USUAL_RULES, Rules
from tocsin.formats.stix.check.strict_json import read_strictly
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable

MOST_WAITING = 16 << 20
_OBJECTS = "objects"


def check_document(member: Member, rules: Rules = USUAL_RULES) -> Iterator[Checked]:
    """Every object of a member, in its order; a bundle's own line comes behind its objects, and only if there is anything to say of it.

    Raises ``Unreadable`` where the brackets of the text break off, or if there is no document at all.
    """
    reading = _Reading(rules)
    is_empty = True
    for piece in records(member, reading.wanted):
        is_empty = False
        yield from reading.finished()
        yield from reading.take(piece)
    yield from reading.finished()
    last = list(reading.end())
    yield from last
    if is_empty and not last:
        raise Unreadable(f"{member.name} holds no STIX object: it is empty.")


@dataclass(slots=True)
class _Document:
    """One document that began with ``{``: its members so far, and those of ``objects`` that wait or were counted."""

    company: Company
    members: list[tuple[str, JsonSlice]] = field(default_factory=list)
    is_bundle: bool | None = None
    has_list: bool = False
    count: int = 0
    waiting: list[JsonSlice] = field(default_factory=list)
    waiting_bytes: int = 0


class _Reading:
    """Follows the walk over a text: ``wanted`` is asked at every value, ``take`` gets each one that was cut out."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._document: _Document | None = None
        self._ended: deque[_Document] = deque()

    def wanted(self, path: Path, first: bytes) -> bool:
        """Which values are cut out: elements of an array, members of an object, elements of the list ``objects``."""
        if not path:
            self._turn(is_object=first == b"{")
            return first not in (b"{", b"[")
        if self._document is None or path[0] is None:
            return True
        document = self._document
        if path == (_OBJECTS,) and first == b"[" and document.is_bundle is not False and not document.has_list:
            document.has_list = True
            return False
        return True

    def _turn(self, *, is_object: bool) -> None:
        if self._document is not None:
            self._ended.append(self._document)
        self._document = _Document(Company(self._rules)) if is_object else None

    def finished(self) -> Iterator[Checked]:
        """What there is to say of documents that ended before the value that comes next."""
        while self._ended:
            yield from self._close(self._ended.popleft())

    def end(self) -> Iterator[Checked]:
        """What there is to say of the last document."""
        self._turn(is_object=False)
        yield from self.finished()

    def take(self, piece: JsonSlice) -> Iterator[Checked]:
        """One value that was cut out."""
        document = self._document
        if document is None or not piece.path or piece.path[0] is None:
            yield from self._whole(piece)
        elif piece.path == (_OBJECTS, None):
            yield from self._element(document, piece)
        else:
            name = str(piece.path[0])
            document.members.append((name, piece))
            if name == "type" and document.is_bundle is None:
                document.is_bundle = piece.raw == b'"bundle"'
                yield from self._release(document)

    def _whole(self, piece: JsonSlice) -> Iterator[Checked]:
        """A line, or an element of an array: an object, or a bundle in memory."""
        if piece.problem:
            yield _refused(f"cannot be read: {piece.problem}")
            return
        value: Any = None
        if b'"bundle"' in piece.raw:
            try:
                value = read_strictly(piece.raw)
            except ValueError:
                value = None
        if isinstance(value, dict) and value.get("type") == "bundle":
            yield from self._bundle(value)
        else:
            yield check_object(piece.raw, self._rules)

    def _bundle(self, value: dict[str, Any]) -> Iterator[Checked]:
        company, objects = Company(self._rules), value.get(_OBJECTS)
        for element in objects if isinstance(objects, list) else ():
            yield self._member(element, company)
        yield from self._envelope(value, company, [], has_objects=bool(objects))

    def _element(self, document: _Document, piece: JsonSlice) -> Iterator[Checked]:
        document.count += 1
        if document.is_bundle is None:
            document.waiting.append(piece)
            document.waiting_bytes += len(piece.raw)
            if document.waiting_bytes <= MOST_WAITING:
                return
            document.is_bundle = True
            yield from self._release(document)
        else:
            yield self._cut_out(document, piece)

    def _release(self, document: _Document) -> Iterator[Checked]:
        """Objects of a bundle that waited to be known as such."""
        if document.is_bundle:
            for piece in document.waiting:
                yield self._cut_out(document, piece)
            document.waiting.clear()

    def _cut_out(self, document: _Document, piece: JsonSlice) -> Checked:
        if piece.problem:
            return _refused(f"cannot be read: {piece.problem}")
        try:
            value = read_strictly(piece.raw)
        except ValueError as error:
            return _refused(f"cannot be read: {error}")
        return self._member(value, document.company)

    def _member(self, value: Any, company: Company) -> Checked:
        """One object of a bundle."""
        if not isinstance(value, dict):
            return check_object(value, self._rules)
        if value.get("type") == "bundle":
            return answer(value, must("must not be a bundle inside a bundle", ".type"), self._rules)
        return answer(value, problems_of(value, self._rules) + company.join(value), self._rules)

    def _close(self, document: _Document) -> Iterator[Checked]:
        if not document.is_bundle:
            yield self._bare(document)
            return
        envelope: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, piece in document.members:
            if name in envelope or (name == _OBJECTS and document.has_list):
                problems += must(f"the key {name!r} stands twice")
            try:
                if piece.problem:
                    raise ValueError(piece.problem)
                envelope[name] = read_strictly(piece.raw)
            except ValueError as error:
                problems += must(f"cannot be read: {error}", f".{name}")
        if document.has_list and not document.count:
            envelope[_OBJECTS] = []
        yield from self._envelope(envelope, document.company, problems, has_objects=document.count > 0)

    def _envelope(
        self, envelope: dict[str, Any], company: Company, problems: list[Problem], *, has_objects: bool
    ) -> Iterator[Checked]:
        found = answer(
            envelope, problems + problems_of_envelope(envelope, self._rules) + company.verdict(), self._rules
        )
        if not has_objects or found.errors or found.warnings:
            yield found

    def _bare(self, document: _Document) -> Checked:
        """A bare object, put together again from its members."""
        parts = [(name, piece) for name, piece in document.members]
        if document.has_list:
            raw = b"[" + b",".join(piece.raw for piece in document.waiting) + b"]"
            worst = next((piece.problem for piece in document.waiting if piece.problem), None)
            parts.append((_OBJECTS, JsonSlice((_OBJECTS,), raw, worst)))
        for name, piece in parts:
            if piece.problem:
                return _refused(f"cannot be read: {piece.problem}", f".{name}", _known(document))
        text = b"{" + b",".join(orjson.dumps(name) + b":" + piece.raw for name, piece in parts) + b"}"
        return check_object(text, self._rules)


def _known(document: _Document) -> dict[str, str]:
    """``id`` and ``type`` of an object that as a whole cannot be read."""
    known = {}
    for name, piece in document.members:
        if name in ("id", "type") and not piece.problem:
            try:
                value = orjson.loads(piece.raw)
            except ValueError:
                continue
            if isinstance(value, str):
                known[name] = value
    return known


def _refused(reason: str, path: str = "", known: dict[str, str] | None = None) -> Checked:
    known = known or {}
    return Checked(known.get("id"), known.get("type"), False, tuple(must(reason, path)))
