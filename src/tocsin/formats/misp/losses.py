"""What a conversion gives: the converted things, and every field of the input that did not come along, by path and reason."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

#: Keys and positions from the root of the input to one of its leaves.
Path = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[^\s.\[\]\"]+")
_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Loss:
    """One leaf of the input (or everything below ``keys``) that is not in the output, and why."""

    keys: Path
    reason: str

    @property
    def path(self) -> str:
        """``Attribute[3].ShadowAttribute``; an empty path is the whole input."""
        return shown_path(self.keys)

    def as_json(self) -> dict[str, str]:
        """The loss as one line of a report."""
        return {"path": self.path, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Converted:
    """The outcome of a conversion. ``objects`` are STIX objects, ``event`` is a MISP event; the other one is empty.

    ``losses`` name every leaf that was not carried. ``tightened`` names what was marked stricter than it said itself, and why:
    nothing was lost there, but less may be done with the output than a reader of the input might think.
    """

    objects: tuple[dict[str, Any], ...] = ()
    event: dict[str, Any] | None = None
    losses: tuple[Loss, ...] = ()
    tightened: tuple[Loss, ...] = ()


def shown_path(keys: Path) -> str:
    """A path as people write it."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            text += f"[{orjson.dumps(key, option=orjson.OPT_NON_STR_KEYS).decode()}]"
    return text


def leaves(value: Any, keys: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar of a JSON value, and every empty object or list, with its path."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from leaves(part, (*keys, key))
    elif isinstance(value, list | tuple) and value:
        for at, part in enumerate(value):
            yield from leaves(part, (*keys, at))
    else:
        yield keys, value


def without(value: Any, losses: Iterable[Loss]) -> Any:
    """The input less what the report says is lost; objects and lists that become empty by that go too.

    A conversion is honest when this equals what the way back gives: nothing is missing that was not named.
    """
    gone: set[Path] = {loss.keys for loss in losses}
    kept = _without(value, (), gone)
    return {} if kept is _NOTHING and isinstance(value, Mapping) else kept


_NOTHING = object()


def _without(value: Any, keys: Path, gone: set[Path]) -> Any:
    if keys in gone:
        return _NOTHING
    if isinstance(value, Mapping):
        inner = {key: _without(part, (*keys, key), gone) for key, part in value.items()}
        return {key: part for key, part in inner.items() if part is not _NOTHING} or _NOTHING
    if isinstance(value, list | tuple):
        parts = [_without(part, (*keys, at), gone) for at, part in enumerate(value)]
        return [part for part in parts if part is not _NOTHING] or _NOTHING
    return value


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: ``true`` is not 1, and 1 is not 1.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)


def condensed(losses: Sequence[Loss]) -> list[str]:
    """The report for a person: equal losses at different positions in one line, with their number and first places."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], list[str]] = {}
    for loss in losses:
        pattern = shown_path(tuple("[*]" if isinstance(key, int) else key for key in loss.keys)).replace(
            '["[*]"]', "[*]"
        )
        group = (pattern, loss.reason)
        counts[group] += 1
        places = first.setdefault(group, [])
        if len(places) < _MOST_SHOWN:
            places.append(loss.path)
    return [
        f"{places[0]}: {reason}"
        if count == 1
        else f"{pattern}: {reason} ({count} times: {', '.join(places)}{', …' if count > len(places) else ''})"
        for (pattern, reason), count in counts.items()
        for places in (first[pattern, reason],)
    ]
