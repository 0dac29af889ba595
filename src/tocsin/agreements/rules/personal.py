"""Personal data in free text: which kinds stand in it, and the text without them.

Patterns are those of Pakistan's identifiers (CNIC, mobile number, IBAN, passport) and of mail addresses. They are looked for in a
skeleton of the text in which digits of any script are ASCII digits, hyphens of all kinds are one, and marks that nobody sees (bidi,
zero width, soft hyphens, combining) are gone, so that neither a line break nor an Urdu keyboard hides anything. Every pattern takes
time in proportion to the text: gaps are possessive and bounded, and nothing is nested without a bound.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from string import hexdigits

from tocsin.agreements.rules.terms import PersonalKind

#: Between two digits of one group: nothing, or a line break with what surrounds it.
_BREAK = r"(?:-?+[ \t]{0,8}+\n\s{0,8}+)?+"
#: Between two groups: a few separators.
_GAP = r"[\s\-._]{0,12}+"
_WIDE_GAP = r"[\s\-._/()]{0,12}+"


def _digits(count: int) -> str:
    """``count`` digits that a line may break."""
    return rf"[0-9]{_BREAK}" * (count - 1) + "[0-9]"


# Each pattern begins with the sign that it consumes first, and only then looks behind it: so the search leaps from one such sign to the
# next instead of trying every place.
_FIRST_DIGIT = "[0-9](?<![0-9][0-9])"
_NO_DIGIT_BEHIND, _NO_WORD_BEHIND = "(?![0-9])", "(?![0-9A-Za-z])"
_PK = "[Pp](?<![0-9A-Za-z].)[Kk]"
_TRUNK = rf"{_WIDE_GAP}(?:0{_WIDE_GAP})?+"

_CNIC = re.compile(f"{_FIRST_DIGIT}{_BREAK}{_digits(4)}{_GAP}{_digits(7)}{_GAP}[0-9]{_NO_DIGIT_BEHIND}")
_MOBILE = re.compile(
    f"[09](?<![0-9].)(?:(?<=9){_BREAK}2{_TRUNK}|(?<=0)(?:{_BREAK}0{_WIDE_GAP}9{_BREAK}2{_TRUNK}|{_WIDE_GAP}))"
    f"3{_BREAK}{_digits(2)}{_WIDE_GAP}{_digits(3)}{_GAP}{_digits(4)}{_NO_DIGIT_BEHIND}"
)
_IBAN = re.compile(rf"{_PK}{_GAP}{_digits(2)}{_GAP}(?:[A-Za-z]{_GAP}){{4}}(?:[0-9]{_GAP}){{15}}[0-9]{_NO_DIGIT_BEHIND}")
#: The account's part may hold letters; then the check digits have to be right, or any sentence might look like one.
_IBAN_WITH_LETTERS = re.compile(rf"{_PK}[0-9]{{2}}(?:[ \-]?[A-Za-z0-9]{{4}}){{5}}{_NO_WORD_BEHIND}")
_SEVEN_DIGITS = re.compile(f"{_FIRST_DIGIT}{_BREAK}{_digits(6)}{_NO_WORD_BEHIND}")
_ASCII_WORD = re.compile(r"[0-9A-Za-z]\Z")
_TWO_LETTERS = re.compile(r"(?:[A-Z]{2}[ \-]?|[A-Za-z]{2})\Z")
_LABEL = r"[^\W_][\w\-]{0,62}+"
_AT_DOMAIN = re.compile(
    rf"[@\[({{](?:(?<=@){_BREAK}|\s?(?:at|@)\s?[\])}}]\s{{0,4}}+)"
    rf"{_LABEL}(?:\s?[\[({{]\s?(?:\.|dot)\s?[\])}}]\s?|\.){_LABEL}",
    re.IGNORECASE,
)
#: What may stand between a local part and its sign: a line break, or the blanks around a bracket.
_BEFORE_AT = re.compile(r"(?:[ \t]{0,8}\n\s{0,8})\Z")
_LOCAL_SIGNS = frozenset("._%+-!#$&'*=?^`|~")
_LONGEST_LOCAL = 256
#: A token of hexadecimal digits this long is a hash, and what looks like a number inside it is none.
_HASH_LENGTH = 32

_Spans = Iterator[tuple[int, int]]


def _outside_hashes(pattern: re.Pattern[str]) -> Callable[[str], _Spans]:
    def spans(skeleton: str) -> _Spans:
        for found in pattern.finditer(skeleton):
            start, end = found.span()
            if not _is_in_hash(skeleton, start, end):
                yield start - (skeleton[start - 1 : start] == "+"), end

    return spans


def _is_in_hash(skeleton: str, start: int, end: int) -> bool:
    if not skeleton[start:end].isdigit():
        return False
    before = skeleton[max(0, start - 128) : start]
    behind = skeleton[end : end + 128]
    left = len(before) - len(before.rstrip(hexdigits))
    right = len(behind) - len(behind.lstrip(hexdigits))
    return left + right > 0 and left + right + end - start >= _HASH_LENGTH


def _ibans(skeleton: str) -> _Spans:
    for found in _IBAN.finditer(skeleton):
        yield found.span()
    for found in _IBAN_WITH_LETTERS.finditer(skeleton):
        signs = found[0].replace(" ", "").replace("-", "").upper()
        if int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1:  # ISO 13616
            yield found.span()


def _passports(skeleton: str) -> _Spans:
    for found in _SEVEN_DIGITS.finditer(skeleton):
        before = skeleton[max(0, found.start() - 4) : found.start()]
        letters = _TWO_LETTERS.search(before)
        if letters and not _ASCII_WORD.search(before, 0, letters.start()):
            yield found.start() - len(letters[0]), found.end()


def _local_parts(skeleton: str) -> _Spans:
    """What stands before an ``@`` and a domain. Looked for from there backwards: time grows with the text alone."""
    for found in _AT_DOMAIN.finditer(skeleton):
        end = found.start()
        lowest = max(0, end - _LONGEST_LOCAL)
        if found[0][0] == "@":
            between = _BEFORE_AT.search(skeleton, max(0, end - 20), end)
            end = between.start() if between else end
        else:
            end -= len(skeleton[lowest:end]) - len(skeleton[lowest:end].rstrip())
        start = end
        while start > lowest and (skeleton[start - 1].isalnum() or skeleton[start - 1] in _LOCAL_SIGNS):
            start -= 1
        if start < end:
            yield start, end


_FINDERS: dict[str, Callable[[str], _Spans]] = {
    PersonalKind.CNIC: _outside_hashes(_CNIC),
    PersonalKind.PK_MOBILE: _outside_hashes(_MOBILE),
    PersonalKind.PK_IBAN: _ibans,
    PersonalKind.PASSPORT_PK: _passports,
    PersonalKind.EMAIL_LOCAL_PART: _local_parts,
}
#: Every kind that has a pattern, in one order.
FOUND_BY_PATTERN = tuple(_FINDERS)

#: Cyrillic and Greek capitals that look like the Latin letters of an IBAN or a passport number.
_LOOK_ALIKES = dict(zip("АВЕКМНОРСТУХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXISJABEZHIKMNOPTYX", strict=True))
_MINUS_SIGNS = frozenset("\u2212\u2043\u02d7\u0640\u30fc\uff70")


class _Signs(dict[int, str | None]):
    """What a sign becomes in the skeleton: one sign, or nothing. Filled as signs are met."""

    def __missing__(self, point: int) -> str | None:
        sign = chr(point)
        self[point] = shown = _plain(sign)
        return shown


def _plain(sign: str) -> str | None:
    if (digit := unicodedata.digit(sign, None)) is not None:
        return str(digit)
    if "\uff01" <= sign <= "\uff5e":
        return _plain(chr(ord(sign) - 0xFEE0)) or sign
    if sign in _LOOK_ALIKES:
        return _LOOK_ALIKES[sign]
    if sign in "\t\n\r\x0b\x0c\x85\u2028\u2029":
        return " " if sign == "\t" else "\n"
    kind = unicodedata.category(sign)
    if kind == "Pd" or sign in _MINUS_SIGNS:
        return "-"
    if kind == "Zs":
        return " "
    return None if kind in {"Cf", "Cc", "Mn", "Me"} else sign


_SIGNS = _Signs()


def _skeleton(text: str) -> tuple[str, list[int] | None]:
    """The text to search, and where each of its signs stood (``None`` where nothing was left out)."""
    skeleton = text.translate(_SIGNS)
    if len(skeleton) == len(text):
        return skeleton, None
    return skeleton, [place for place, sign in enumerate(text) if _SIGNS[ord(sign)] is not None]


def found_kinds(text: str, kinds: Iterable[str] = FOUND_BY_PATTERN) -> tuple[str, ...]:
    """Those of the kinds that stand in the text, in the order asked. A kind without a pattern is never found."""
    skeleton, _ = _skeleton(text)
    return tuple(str(kind) for kind in kinds if kind in _FINDERS and next(_FINDERS[kind](skeleton), None) is not None)


def redact(text: str, kinds: Iterable[str] = FOUND_BY_PATTERN) -> str:
    """The text with ``[redacted KIND]`` in place of each find. Redacting what is redacted changes nothing."""
    asked = [kind for kind in kinds if kind in _FINDERS]
    while True:
        skeleton, places = _skeleton(text)
        spans = sorted((*span, str(kind)) for kind in asked for span in _FINDERS[kind](skeleton))
        if not spans:
            return text
        pieces, done = [], 0
        for start, end, kind in spans:
            if start >= done:  # else it overlaps what is gone already; what is left of it is looked for once more
                first, last = (start, end - 1) if places is None else (places[start], places[end - 1])
                before = done if places is None else (places[done - 1] + 1 if done else 0)
                pieces += [text[before:first], f"[redacted {kind}]"]
                done = end
                rest = last + 1
        text = "".join(pieces) + text[rest:]
