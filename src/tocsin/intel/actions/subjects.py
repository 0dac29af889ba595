"""Rows of ``PolicySubject``, and the marking definitions that a batch needs."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from tocsin.agreements.rules.subject import Subject
from tocsin.formats.stix.marked import Marks, marking_refs, marks_of
from tocsin.intel.models import PolicySubject, StixObject
from tocsin.intel.rules.objects import Prepared
from tocsin.intel.rules.subjects import read_subject

_CHUNK = 500


class SubjectRows:
    """The rows of these subjects: those that are missing are written, in the caller's transaction."""

    def __init__(self, subjects: Sequence[Mapping[str, Any]]) -> None:
        # many objects share a subject: what is alike is made canonical once
        self._digests: dict[bytes, bytes] = {}
        texts: dict[bytes, bytes] = {}
        kinds: dict[bytes, str] = {}
        for subject in subjects:
            key = _key(subject)
            if key not in self._digests:
                text = Subject.of(subject).canonical()
                digest = self._digests[key] = sha256(text).digest()
                texts[digest], kinds[digest] = text, str(subject["type"])
        self._ids = _rows(texts, kinds)

    def id_of(self, subject: Mapping[str, Any]) -> int:
        """The database id of one of them."""
        return self._ids[self._digests[_key(subject)]]


def _key(subject: Mapping[str, Any]) -> bytes:
    return orjson.dumps(subject, option=orjson.OPT_SORT_KEYS)


def _rows(texts: Mapping[bytes, bytes], kinds: Mapping[bytes, str]) -> dict[bytes, int]:
    digests = list(texts)
    PolicySubject.objects.bulk_create(
        [PolicySubject(digest=digest, text=texts[digest].decode(), type=kinds[digest]) for digest in digests],
        ignore_conflicts=True,
        batch_size=_CHUNK,
    )
    found: dict[bytes, int] = {}
    for start in range(0, len(digests), _CHUNK):
        rows = PolicySubject.objects.filter(digest__in=digests[start : start + _CHUNK])
        found |= {bytes(digest): number for digest, number in rows.values_list("digest", "id")}
    return found


def told(row: PolicySubject) -> dict[str, Any]:
    """The subject of a row."""
    return read_subject(row.text)


class Definitions:
    """The marking definitions that these objects refer to: those among them, and those stored before."""

    def __init__(self, objects: Sequence[Prepared]) -> None:
        own = {one.stix_id: one.found() for one in objects if one.type == "marking-definition"}
        # a definition is never changed (STIX 2.1 §7.2.1): what is stored counts, whatever comes later under its id
        self._known = own | stored_definitions(
            ref for one in objects if b"marking" in one.raw for ref in marking_refs(one.found())
        )

    def marks_of(self, found: Mapping[str, Any]) -> Marks:
        """The markings of an object."""
        return marks_of(found, self._known.get)


def stored_definitions(refs: Any) -> dict[str, dict[str, Any]]:
    """Marking definitions by id, as far as they are stored; of several under one id the one that was stored first."""
    wanted = list(dict.fromkeys(refs))
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = StixObject.objects.filter(stix_id__in=wanted[start : start + _CHUNK], type="marking-definition")
        for stix_id, raw in rows.order_by("-id").values_list("stix_id", "raw"):
            found[stix_id] = orjson.loads(bytes(raw))
    return found
