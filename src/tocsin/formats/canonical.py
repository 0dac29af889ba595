"""Values of records as typed, canonical observables, where the record's kind leaves more than one type open."""

import re

from tocsin.text import normal
from tocsin.vocab.observables import ObservableType

Observable = tuple[ObservableType, str]

#: A mask with fewer fixed characters than this would describe half of the Internet; it is an error in the feed.
_LEAST_FIXED = 4


def address_observable(text: str) -> Observable:
    """An address or a network of either family. Raises ``ValueError``."""
    return normal.typed(ObservableType.IPV4, text)


def host_observable(text: str) -> Observable:
    """A domain name or an address, as feeds mix them in one column. Raises ``ValueError``."""
    bare = text.strip()
    if ":" in bare or not bare.strip(".0123456789"):
        return address_observable(bare)
    return ObservableType.DOMAIN, normal.domain(bare)


def mask_observable(text: str) -> Observable:
    """A URL or a URL mask. What the matcher cannot follow (a star in the middle) is a ``PATTERN``: kept, not looked for.

    Raises ``ValueError`` if it is no URL at all, or a mask of next to nothing.
    """
    if "*" not in text:
        return ObservableType.URL, normal.url(text)
    if len(text.replace("*", "").strip("./ ")) < _LEAST_FIXED or re.search(r"\s", text.strip()):
        raise ValueError("not a usable URL mask: it says next to nothing")
    try:
        value = normal.url_mask(text)
    except ValueError:
        return ObservableType.PATTERN, text.strip()
    is_followed = "*" not in value.removeprefix("*.").removesuffix("/*")
    return (ObservableType.URL, value) if is_followed else (ObservableType.PATTERN, text.strip())
