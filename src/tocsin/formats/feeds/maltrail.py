r"""Maltrail's static trails by Miroslav Stampar: one file for each family, one trail a line.

    # Aliases: romeogolf, themeforestrat
    # Reference: https://example.com/report

    evil.example            # comment
    198.18.0.1:8080
    198.18.0.0/24
    evil.example/gate.php
    /gate.php?id=           (a path on any host)
    ih[0-9]{7}\.evil\.example

Layout of 2014–2026: ``trails/static/{malware,malicious,suspicious}/<family>.txt`` and ``mass_scanner*.txt``. A row is a line that is
neither blank nor comment. ``# Reference:`` lines speak of the rows below them (the first sixteen are kept), ``# Aliases:`` of the
file: up to eighty names, which are not repeated in each of its thousands of records. Host-less paths and regular expressions are
kept, but nothing looks for them in logs.

The folder tells the classification, because Maltrail says no more: ``malware`` is what infected machines talk to
(``malicious-code/c2-server``); ``malicious`` is attackers' other infrastructure (``malicious-code/malware-distribution``);
``suspicious`` is what one may or may not want on a network (``other/undetermined``). A family's name may know better:
``*_c2``, ``*phish*``, ``*scanner*``, ``crypto_mining``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tocsin.formats.feed import Feed, Options
from tocsin.formats.text_rows import shown, split_comment, text_lines
from tocsin.text import normal
from tocsin.text.names import is_plain_domain
from tocsin.text.streams import Member
from tocsin.text.suffixes import is_public_suffix
from tocsin.vocab.classification import UNDETERMINED
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Row

_C2 = "malicious-code/c2-server"
_BY_FOLDER = {"malware": _C2, "malicious": "malicious-code/malware-distribution", "suspicious": UNDETERMINED}
_BY_FAMILY = (
    (re.compile(r"_c2$"), _C2),
    (re.compile(r"phish"), "fraud/phishing"),
    (re.compile(r"scanner"), "information-gathering/scanner"),
    (re.compile(r"^crypto_mining$"), "fraud/unauthorised-use-of-resources"),
)

_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(:\d+)?", re.ASCII)

# What Maltrail's own sensor takes for a regular expression, and an escaped dot.
_EXPRESSION = re.compile(r"[\].][*+]|\[[a-zA-Z0-9_.\-]+\]|\\\.")
_IPV6_PORT = re.compile(r"\[[0-9a-fA-F:.]+\](?::\d+)?", re.ASCII)
# A long family is cut into numbered files: cobaltstrike.txt, cobaltstrike-1.txt, cobaltstrike-2.txt.
_PART = re.compile(r"(?:-\d{1,2})?\.txt$", re.IGNORECASE)
_LONGEST_EXPRESSION = 4096
# Each row below carries them all.
_MOST_REFERENCES = 16

Observable = tuple[ObservableType, str]


def _parse(member: Member, options: Options) -> Iterator[Row]:
    family = _PART.sub("", member.name.rpartition("/")[2])
    classification = _classification(member.name, family)
    notes = _Notes()
    for number, line in text_lines(member):
        if line[0] == "#":
            notes.read(line)
            continue
        notes.is_over = True
        given, comment = _uncommented(line) if "#" in line else (line, None)
        try:
            kind, value = _observable(normal.refang(given) if options.defanged else given)
        except ValueError as error:
            yield Row(number, problem=str(error), raw=shown(line))
            continue
        record = IndicatorRecord(
            kind,
            value,
            None if value == given else shown(given),
            classification,
            family,
            description=comment,
            references=notes.references,
        )
        yield Row(number, (record,))


def _observable(text: str) -> Observable:
    # Nine of ten rows end here or at the next test: the pair decides the speed of the whole.
    if is_plain_domain(text):
        if is_public_suffix(text):
            raise ValueError("a public suffix: as an indicator it would stand for every name registered below it")
        return ObservableType.DOMAIN, text
    found = _IPV4.fullmatch(text)
    if found:
        return (ObservableType.IP_PORT, normal.ip_port(text)) if found[1] else (ObservableType.IPV4, text)
    if _EXPRESSION.search(text) and not _IPV6_PORT.fullmatch(text):
        return ObservableType.PATTERN, _expression(text)
    return (ObservableType.URL_PATH, _path(text)) if text[0] == "/" else normal.observable(text)


def _path(text: str) -> str:
    path = normal.url_path(text)
    if path in ("", "/"):
        raise ValueError("not a usable path: it stands for every page of every site")
    return path


def _expression(text: str) -> str:
    if len(text) > _LONGEST_EXPRESSION:
        raise ValueError(f"not a usable regular expression: longer than {_LONGEST_EXPRESSION} characters")
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"not a usable regular expression: {error}") from None
    return text


def _classification(path: str, family: str) -> str:
    for pattern, classification in _BY_FAMILY:
        if pattern.search(family):
            return classification
    folders = path.split("/")[:-1]
    return next((_BY_FOLDER[folder] for folder in reversed(folders) if folder in _BY_FOLDER), UNDETERMINED)


def _uncommented(line: str) -> tuple[str, str | None]:
    """A trail and its comment. In paths ``#`` may belong to the value, elsewhere it never does."""
    given, comment = split_comment(line)
    if "#" in given and "/" not in given:
        given, _, rest = given.partition("#")
        comment = shown(rest.strip()) or None
    return given.rstrip(), comment


@dataclass(slots=True)
class _Notes:
    """What the comment lines above a row say about it."""

    references: tuple[str, ...] = ()
    is_over: bool = field(default=True)

    def read(self, line: str) -> None:
        """Take a comment line in. The first one after rows begins a new paragraph."""
        if self.is_over:
            self.references, self.is_over = (), False
        key, _, value = shown(line).lstrip("# ").partition(":")
        is_reference = key.strip().lower().startswith("refer") and "://" in value
        if is_reference and len(self.references) < _MOST_REFERENCES:
            self.references += (value.strip(),)


FEEDS = (
    Feed(
        "maltrail/trails",
        "Maltrail's static trails: domains, addresses, URLs and paths by malware family.",
        "indicators",
        _C2,
        _parse,
        file_names=re.compile(r"\.txt$", re.IGNORECASE),
    ),
)
