"""Personal data that hides: what was put into a text is found, whatever digits, dashes and lines it is written with.

The text is made from what is known to be in it; the answer is never computed by looking.
"""

from random import Random

import pytest

from tocsin.agreements.rules.personal import found_kinds, redact

KINDS = ("cnic", "pk_mobile", "pk_iban", "email_local_part", "passport_pk")
_ZEROS = ("0", "۰", "٠", "０", "०")  # ASCII, Urdu, Arabic, full width, Devanagari
_DASHES = ("-", " ", "–", "—", "‑", "−", "\n", "-\n", "\r\n", " - ", "\u00a0", "\u200b-", "\u00ad")
_HIDDEN = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad")
_WORDS = ("victim of", "شناختی کارڈ", "see", "(file", "نمبر", "named:", "beacon")
#: Numbers that look like it and are not.
_OTHER = (
    "352021234567",
    "35202123456712",
    "198.18.7.9",
    "2026-11-23T00:00:00Z",
    "c912705b4bbb14ec7e78fa8b370532c9",
    "CVE-2026-12345",
    "0200-1234567",
    "0300-123456",
    "TLP:AMBER",
    "AS64500",
    "@handle",
    "203.0.113.5:443",
)


def _digits(random: Random, text: str) -> str:
    zero = random.choice(_ZEROS)
    return "".join(chr(ord(zero) + int(letter)) if letter.isascii() and letter.isdigit() else letter for letter in text)


def _number(random: Random, count: int) -> str:
    return "".join(random.choice("123456789") for _ in range(count))


def _broken(random: Random, text: str) -> str:
    """Sometimes a line ends within a group, or a letter that nobody sees stands there."""
    if random.random() < 0.3:
        at = random.randint(1, len(text) - 1)
        return text[:at] + random.choice(("\n", *_HIDDEN)) + text[at:]
    return text


def cnic(random: Random) -> str:
    """An identity card number: 5, 7 and 1 digits, of which the first names the province."""
    groups = [random.choice("1234567") + _number(random, 4), _broken(random, _number(random, 7)), _number(random, 1)]
    return _digits(random, random.choice(_DASHES).join(groups))


def pk_mobile(random: Random) -> str:
    """A mobile number, in the country's form or with +92."""
    first = random.choice(("03", "+923", "00923", "+92 3")) + _number(random, 2)
    return _digits(random, first + random.choice((*_DASHES, "")) + _broken(random, _number(random, 7)))


def pk_iban(random: Random) -> str:
    """An IBAN with the check digits that it must have (ISO 13616)."""
    bank, account = random.choice(("SCBL", "HABB", "MEZN")), _number(random, 16)
    number = int("".join(str(int(letter, 36)) for letter in f"{bank}{account}PK00"))
    whole = f"PK{98 - number % 97:02}{bank}{account}"
    if random.random() < 0.5:
        whole = " ".join(whole[index : index + 4] for index in range(0, 24, 4))
    return _digits(random, whole)


def email_local_part(random: Random) -> str:
    """An address of a person."""
    return random.choice(("a.khan", "Some.One+list", "x_1")) + "@" + random.choice(("mail.example", "post.example.pk"))


def passport_pk(random: Random) -> str:
    """A passport number: two letters and seven digits."""
    return "passport " + random.choice(("AB", "KX")) + _digits(random, _number(random, 7))


_MAKERS = {maker.__name__: maker for maker in (cnic, pk_mobile, pk_iban, email_local_part, passport_pk)}


def _text(random: Random, kinds: list[str]) -> str:
    parts = [_MAKERS[kind](random) for kind in kinds] + random.sample(_OTHER, random.randint(0, 3))
    random.shuffle(parts)
    said = [random.choice(_WORDS)]
    for part in parts:
        said += [part, random.choice(_WORDS)]
    return " ; ".join(said)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_put_into_a_text_is_found_however_it_hides(seed: int) -> None:
    """A number that a line end breaks may look like one of another kind too; that it is then redacted as both does no harm."""
    random = Random(seed)  # noqa: S311
    missed = []
    for _ in range(2000):
        kinds = random.sample(KINDS, random.randint(0, 2))
        text = _text(random, kinds)
        found = found_kinds(text, KINDS)
        if not set(found) >= set(kinds):
            missed.append((text, sorted(kinds), sorted(found)))
    assert missed[:5] == []


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_found_that_was_not_put_into_a_text(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "_broken", lambda _, text: text)
    random = Random(seed)  # noqa: S311
    wrong = []
    for _ in range(2000):
        kinds = random.sample(KINDS, random.randint(0, 2))
        text = _text(random, kinds)
        found = found_kinds(text, KINDS)
        if set(found) != set(kinds):
            wrong.append((text, sorted(kinds), sorted(found)))
    assert wrong[:5] == []


@pytest.mark.parametrize("seed", range(2))
def test_what_was_redacted_is_no_longer_found(seed: int) -> None:
    random = Random(f"redacted {seed}")  # noqa: S311
    for _ in range(1000):
        kinds = random.sample(KINDS, random.randint(1, 3))
        text = _text(random, kinds)
        clean = redact(text, tuple(kinds))
        assert not set(found_kinds(clean, KINDS)) & set(kinds), (text, clean)
        assert redact(clean, tuple(kinds)) == clean
