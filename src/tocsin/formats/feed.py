"""What a feed is to Tocsin, and where feeds are found.

A module ``formats/feeds/<provider>.py`` (or a folder of that name) declares ``FEEDS: tuple[Feed, ...]`` and is found by name;
nothing is registered. It may also declare:

- ``feed_for_member(name: str) -> str | None``: the name of the feed (without the provider) that a file of this name belongs to.
  With it the provider's name alone is a feed: each member of a delivery goes to the parser that its name asks for.
- ``feed_named(name: str) -> str | None``: our name of a feed that also goes by another (``event4_sinkhole`` → ``event_sinkhole``).
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import Any, Literal

from tocsin.formats import feeds as shelf
from tocsin.text.streams import Member
from tocsin.vocab.classification import UNDETERMINED
from tocsin.vocab.errors import UnknownName, Unreadable
from tocsin.vocab.records import IndicatorRecord, Record, Row

Gives = Literal["indicators", "observations", "warning-list"]


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator may say about a delivery; no parser needs any of it, except CSV its columns.

    ``columns`` is the declared column map of a CSV file as read from its YAML or JSON file. ``defanged`` says that values may
    be written ``hxxp://evil[.]example``. ``feed_arguments`` are words that one feed understands (``{"family": "mirai"}``).
    """

    columns: Mapping[str, Any] | None = None
    defanged: bool = False
    feed_arguments: Mapping[str, str] = field(default_factory=dict)


Parse = Callable[[Member, Options], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Feed:
    """One stream of one provider.

    ``name`` is ``provider/feed``. ``classification`` is the RSIT ``class/type`` of indicators whose record is silent.
    ``parse`` turns one member into rows, in the member's order. ``file_names`` recognises, in a folder or archive, the members
    that belong to the feed (``re.search`` on the member's name); without it every member does.
    """

    name: str
    about: str
    gives: Gives
    classification: str
    parse: Parse
    file_names: re.Pattern[str] | None = None

    @property
    def provider(self) -> str:
        """The part of the name before the stroke."""
        return self.name.partition("/")[0]


def classified(record: Record, feed: Feed) -> Record:
    """The record, or one with the feed's classification if it is an indicator that is silent about its own."""
    if isinstance(record, IndicatorRecord) and record.classification is None:
        return replace(record, classification=feed.classification)
    return record


@cache
def _providers() -> dict[str, ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(shelf.__path__))
    return {name: importlib.import_module(f"{shelf.__name__}.{name}") for name in names}


@cache
def _feeds() -> dict[str, Feed]:
    # Modules and packages may share helpers on this shelf: only those that declare FEEDS are providers.
    declared = [feed for module in _providers().values() for feed in getattr(module, "FEEDS", ())]
    return {feed.name: feed for feed in sorted(declared, key=lambda feed: feed.name)}


def feeds() -> dict[str, Feed]:
    """All feeds by name, in the order of their names."""
    return dict(_feeds())


def find_feed(name: str) -> Feed:
    """The feed of that name: ``provider/feed``, or ``provider`` alone where files' names tell the feed.

    Raises ``UnknownName`` with the nearest names.
    """
    known = _feeds()
    if name in known:
        return known[name]
    provider, stroke, rest = name.partition("/")
    module = next((found for found in _providers().values() if _answers_to(found, provider)), None)
    if module is not None and stroke and hasattr(module, "feed_named"):
        proper = module.feed_named(rest)
        if proper and f"{provider}/{proper}" in known:
            return known[f"{provider}/{proper}"]
    if module is not None and not stroke and hasattr(module, "feed_for_member"):
        return _by_file_name(provider, module.feed_for_member)
    own = [feed for feed in known.values() if feed.provider == name]
    if len(own) == 1:
        return own[0]
    raise UnknownName(_no_such_feed(name, known))


def _answers_to(module: ModuleType, provider: str) -> bool:
    declared: tuple[Feed, ...] = getattr(module, "FEEDS", ())
    return any(feed.provider == provider for feed in declared)


def _no_such_feed(name: str, known: Mapping[str, Feed]) -> str:
    own = [feed for feed in known if feed.partition("/")[0] == name]
    near = own or get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near[:8])}?" if near else "see `tocsin parse --list`"
    return f"there is no feed named {name!r}: {hint}"


def _by_file_name(provider: str, feed_for_member: Callable[[str], str | None]) -> Feed:
    """A feed whose members each go to the parser that their file's name asks for."""
    known = {name: feed for name, feed in _feeds().items() if feed.provider == provider}

    def parse(member: Member, options: Options) -> Iterator[Row]:
        name = feed_for_member(member.name)
        if name is None or f"{provider}/{name}" not in known:
            raise Unreadable(
                f"{member.name}: its name does not tell which {provider} feed it is; name the feed ({provider}/…) instead"
            )
        feed = known[f"{provider}/{name}"]
        return (
            replace(row, records=tuple(classified(record, feed) for record in row.records))
            for row in feed.parse(member, options)
        )

    first = next(iter(known.values()))
    about = f"Any {provider} file; the feed is read from the file's name."
    return Feed(provider, about, first.gives, UNDETERMINED, parse)
