"""Language tags (RFC 5646): well formed, and made of subtags that are registered."""

import re
from functools import lru_cache
from typing import Any

from tocsin.formats.stix.check.found import Found, kind_of, must, should, shown
from tocsin.formats.stix.check.registries import registered

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?P<extlang>(?:-[a-z]{3}){0,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?P<variant>(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*)(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+",
    re.IGNORECASE | re.ASCII,
)
_LONGEST = 100
#: What ISO 639-2 calls the languages for which RFC 5646 has two letters; bibliographic and terminological codes.
_THREE_LETTERS = (
    "aar abk afr aka alb amh ara arg arm asm ava ave aym aze bak bam baq bel ben bih bis bod bos bre bul bur cat ces cha che chi chu "
    "chv cor cos cre cym cze dan deu div dut dzo ell eng epo est eus ewe fao fas fij fin fra fre fry ful geo ger gla gle glg glv gre "
    "grn guj hat hau heb her hin hmo hrv hun hye ibo ice ido iii iku ile ina ind ipk isl ita jav jpn kal kan kas kat kau kaz khm kik "
    "kin kir kom kon kor kua kur lao lat lav lim lin lit ltz lub lug mac mah mal mao mar may mkd mlg mlt mon mri msa mya nau nav nbl "
    "nde ndo nep nld nno nob nor nya oci oji ori orm oss pan per pli pol por pus que roh ron rum run rus sag san sin slk slo slv sme "
    "smo sna snd som sot spa sqi srd srp ssw sun swa swe tah tam tat tel tgk tgl tha tib tir ton tsn tso tuk tur twi uig ukr urd uzb "
    "ven vie vol wel wln wol xho yid yor zha zho zul"
)


@lru_cache(maxsize=1 << 10)
def is_language(tag: str) -> bool:
    """Whether a tag is well formed and its language, script, region and variants are registered. Case is no matter."""
    known = registered("languages")
    if tag.lower() in known["grandfathered"]:
        return True
    found = _TAG.fullmatch(tag) if len(tag) <= _LONGEST else None
    if not found:
        return False
    if found["language"] is None:
        return True
    language, script, region = (found[part] or "" for part in ("language", "script", "region"))
    return (
        (language.lower() in known["language"] or "qaa" <= language.lower() <= "qtz")
        and all(part.lower() in known["extlang"] for part in found["extlang"].split("-") if part)
        and (not script or script.title() in {s.title() for s in known["script"]} or "Qaaa" <= script.title() <= "Qabx")
        and (not region or region.upper() in {r.upper() for r in known["region"]} or _is_private_region(region.upper()))
        and all(part.lower() in known["variant"] for part in found["variant"].split("-") if part)
    )


def _is_private_region(region: str) -> bool:
    return "QM" <= region <= "QZ" or "XA" <= region <= "XZ"


def language(value: Any) -> Found:
    """A language tag (§3.2, ``lang``)."""
    if type(value) is not str:
        return must(f"must be a language tag, not {kind_of(value)}")
    return None if is_language(value) else must(f"must be a registered language tag (RFC 5646), not {shown(value)}")


def software_language(value: Any) -> Found:
    """A language of a software's; codes of ISO 639-2, which STIX 2.0 had here, are still understood."""
    if type(value) is str and len(value) == 3 and value in _THREE_LETTERS.split() and not is_language(value):
        return should("language-tag", "should be a language tag (RFC 5646), which has two letters for this language")
    return language(value)
