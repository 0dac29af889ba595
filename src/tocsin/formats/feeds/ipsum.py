"""ipsum by Miroslav Stampar: addresses that stand on several public block lists, and on how many.

Layout of ``ipsum.txt`` (2016 on): comments, then address and number of lists with a tab between; ``levels/<n>.txt`` are the
addresses alone. The lists behind it report scanning, brute force, spam and command servers alike, so nothing finer can be said
than that the address is suspect. Confidence is 10 for each list, 90 at most; a level file is silent about it.
"""

from collections.abc import Iterator

from tocsin.formats.feed import Feed, Options
from tocsin.formats.text_rows import shown, text_lines
from tocsin.text import normal
from tocsin.text.streams import Member
from tocsin.vocab.classification import UNDETERMINED
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Row

_EACH_LIST, _MOST_CONFIDENCE = 10, 90


def _parse(member: Member, options: Options) -> Iterator[Row]:
    for number, line in text_lines(member):
        if line.startswith("#"):
            continue
        try:
            yield Row(number, (_record(line, options),))
        except ValueError as error:
            yield Row(number, problem=str(error), raw=shown(line))


def _record(line: str, options: Options) -> IndicatorRecord:
    given, *rest = line.split()
    value = normal.address(normal.refang(given) if options.defanged else given)
    kind = ObservableType.IPV6 if ":" in value else ObservableType.IPV4
    if not rest:
        return IndicatorRecord(kind, value, classification=UNDETERMINED)
    if len(rest) > 1 or not (rest[0].isascii() and rest[0].isdigit()):
        raise ValueError("not address and number of lists")
    lists = int(rest[0][:6])
    confidence = min(lists * _EACH_LIST, _MOST_CONFIDENCE)
    return IndicatorRecord(kind, value, classification=UNDETERMINED, confidence=confidence, details={"lists": lists})


FEEDS = (
    Feed(
        "ipsum/ipsum",
        "Addresses on several public block lists, with their number.",
        "indicators",
        UNDETERMINED,
        _parse,
    ),
)
