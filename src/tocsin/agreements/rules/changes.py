"""Two revisions of an agreement beside each other: clause by clause, with lines, and whether a change widens or narrows.

*Widens* means that something may leave that was refused, held or bound before. Where it cannot be told from the clause alone (another
governing law, another owner of a community) a change counts as widening: a person looks at those first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tocsin.agreements.rules.document import Reading
from tocsin.agreements.rules.iep import Actions
from tocsin.agreements.rules.times import read_time
from tocsin.agreements.rules.tree import Listing, Node, Scalar, Table
from tocsin.vocab.markings import Pap, Tlp


class Effect(StrEnum):
    """What a change does to what may leave."""

    WIDENS = "widens"
    NARROWS = "narrows"
    NEITHER = "neither"

    @property
    def reversed(self) -> "Effect":
        """The effect of taking it back."""
        return _REVERSED[self]


_REVERSED = {Effect.WIDENS: Effect.NARROWS, Effect.NARROWS: Effect.WIDENS, Effect.NEITHER: Effect.NEITHER}


@dataclass(frozen=True, slots=True)
class Change:
    """One clause that differs. ``None`` where a side does not have it; lines count from 1."""

    path: str
    old: str | None
    new: str | None
    old_line: int | None
    new_line: int | None
    effect: Effect


def differences(old: Reading, new: Reading) -> tuple[Change, ...]:
    """Every clause that differs, in the order of the new file, what is gone at its place in the old one.

    The readings may have errors; they need to be YAML. Order within a list and comments are no difference.
    """
    return tuple(_between(old.tree, new.tree, "")) if old.tree and new.tree else ()


def _between(old: Node | None, new: Node | None, path: str) -> list[Change]:
    if isinstance(old, Table) and isinstance(new, Table):
        keys = list(new.entries) + [key for key in old.entries if key not in new.entries]
        below = [
            _between(_entry(old, key), _entry(new, key), f"{path}.{key}" if path else key)
            for key in sorted(keys, key=lambda key: _line_of(new, old, key))
        ]
        return [change for changes in below for change in changes]
    if isinstance(old, Listing) and isinstance(new, Listing) and not (_is_flat(old) and _is_flat(new)):
        pairs = max(len(old.nodes), len(new.nodes))
        below = [_between(_at(old, place), _at(new, place), f"{path}[{place}]") for place in range(pairs)]
        return [change for changes in below for change in changes]
    if _meaning(old) == _meaning(new):
        return []
    effect = _effect(path, old, new)
    return [Change(path, _shown(old), _shown(new), old.line if old else None, new.line if new else None, effect)]


def _line_of(new: Table, old: Table, key: str) -> tuple[int, int]:
    if key in new.entries:
        return new.entries[key][0].line, new.entries[key][0].column
    return old.entries[key][0].line, old.entries[key][0].column


def _entry(table: Table, key: str) -> Node | None:
    found = table.entries.get(key)
    return None if found is None or (isinstance(found[1], Scalar) and found[1].is_null) else found[1]


def _at(listing: Listing, place: int) -> Node | None:
    return listing.nodes[place] if place < len(listing.nodes) else None


def _is_flat(listing: Listing) -> bool:
    return all(isinstance(node, Scalar) for node in listing.nodes)


def _meaning(node: Node | None) -> object:
    """What a node says, whatever its layout. A flat list says which words are in it."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listing):
        found = [_meaning(one) for one in node.nodes]
        return frozenset(found) if _is_flat(node) else tuple(found)
    return None if node is None else {key: _meaning(value) for key, (_, value) in node.entries.items()}


def _shown(node: Node | None) -> str | None:
    """A node on one line, as flow YAML would write it."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listing):
        return f"[{', '.join(str(_shown(one)) for one in node.nodes)}]"
    return f"{{{', '.join(f'{key}: {_shown(value)}' for key, (_, value) in node.entries.items())}}}"


_Judge = Callable[[Node | None, Node | None], Effect]


def _text(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) else None


def _words(node: Node | None) -> frozenset[str]:
    return (
        frozenset(one.text for one in node.nodes if isinstance(one, Scalar))
        if isinstance(node, Listing)
        else frozenset()
    )


def _ranked(rank: Callable[[str], float], missing: float) -> _Judge:
    """A value whose larger rank lets more go. ``missing`` is the rank of silence."""

    def judge(old: Node | None, new: Node | None) -> Effect:
        try:
            before, after = (missing if _text(node) is None else rank(str(_text(node))) for node in (old, new))
        except ValueError:
            return Effect.WIDENS
        return Effect.WIDENS if after > before else Effect.NARROWS if after < before else Effect.NEITHER

    return judge


def _reversed(judge: _Judge) -> _Judge:
    return lambda old, new: judge(old, new).reversed


def _listed(old: Node | None, new: Node | None) -> Effect:
    """A list whose every word lets more go."""
    before, after = _words(old), _words(new)
    return Effect.WIDENS if after - before else Effect.NARROWS


def _listed_against(old: Node | None, new: Node | None) -> Effect:
    """A list whose every word refuses more."""
    before, after = _words(old), _words(new)
    return Effect.WIDENS if before - after else Effect.NARROWS


def _opens(_: Node | None, new: Node | None) -> Effect:
    """Something whose being there lets more go; a change of it that cannot be judged counts as widening."""
    return Effect.NARROWS if new is None else Effect.WIDENS


def _onward(old: Node | None, new: Node | None) -> Effect:
    """An onward rule as a whole: nothing and ``deny`` are the same."""
    before, after = isinstance(old, Table), isinstance(new, Table)
    return Effect.NEITHER if before == after else Effect.WIDENS if after else Effect.NARROWS


def _or_unclear(judge: _Judge) -> _Judge:
    """Where silence means that another clause holds, only two values can be compared."""
    return lambda old, new: judge(old, new) if old is not None and new is not None else Effect.WIDENS


def _unclear(_: Node | None, __: Node | None) -> Effect:
    return Effect.WIDENS


def _harmless(_: Node | None, __: Node | None) -> Effect:
    return Effect.NEITHER


def _tlp(text: str) -> float:
    return Tlp.read(text).strictness


def _pap(text: str) -> float:
    return Pap.read(text).strictness


def _order(*words: str) -> Callable[[str], float]:
    return lambda text: float(words.index(text))


_FOR_EVER = float("inf")
_HIGHER_LABEL = _ranked(_tlp, -1)
_MORE = _ranked(float, _FOR_EVER)
_MUST_NOT = _ranked(_order("must-not", "may"), 1)

#: The first pattern that matches a path judges it; what none matches says nothing about what may leave.
_JUDGES: tuple[tuple[re.Pattern[str], _Judge], ...] = tuple(
    (re.compile(pattern), judge)
    for pattern, judge in (
        ("status", _ranked(lambda text: float(text == "in_force"), 0)),
        (r"legal\.effective\.from", _reversed(_ranked(lambda text: read_time(text).timestamp(), _FOR_EVER))),
        (r"legal\.effective\.until", _ranked(lambda text: read_time(text).timestamp(), _FOR_EVER)),
        (r"legal\.(effective|governing_law)|legal", _unclear),
        (r"parties\.[^.]+\.clearance_tlp", _HIGHER_LABEL),
        (r"parties\.[^.]+\.country", _unclear),
        (r"parties(\.[^.]+)?", _opens),
        (r"communities\.[^.]+\.tlp_max_in", _HIGHER_LABEL),
        (r"communities\.[^.]+\.members", _listed),
        (r"communities\.[^.]+\.of", _unclear),
        (r"communities(\.[^.]+)?", _opens),
        (r"transport\.channels", _listed),
        (r"transport\.encrypt_at_or_above", _ranked(_tlp, 9)),
        (r"transport\.clock_skew_max_s", _MORE),
        (r"transport\.sign_everything", _ranked(_order("true", "false"), 1)),
        ("purposes", _listed),
        ("prohibited_purposes", _listed_against),
        (r"defaults\.tlp|defaults\.iep\.tlp", _reversed(_ranked(_tlp, -1))),
        (r"defaults\.pap", _reversed(_ranked(_pap, -1))),
        (r"defaults\.retention_days", _MORE),
        (r"defaults\.iep\.permitted_actions", _ranked(_order(*Actions), len(Actions))),
        (r"defaults\.iep\.encrypt_in_transit", _ranked(_order("must", "may"), 1)),
        (r"defaults\.iep\.(affected_party_notifications|unmodified_resale)", _MUST_NOT),
        (r"defaults\.iep", lambda old, new: _opens(old, new).reversed),
        (r"categories\.[^.]+\.(directions|stix)", _listed),
        (r"categories\.[^.]+\.tlp_max", _HIGHER_LABEL),
        (r"categories\.[^.]+\.retention_days", _or_unclear(_MORE)),
        (r"categories\.[^.]+\.k_anonymity", _reversed(_ranked(float, 0))),
        (r"categories\.[^.]+\.requires(\.\w+)?", lambda old, new: _presence(old, new).reversed),
        (r"categories\.[^.]+\.embargo", lambda old, new: _presence(old, new).reversed),
        (r"categories\.[^.]+\.onward\.[^.]+\.tlp_max", _or_unclear(_HIGHER_LABEL)),
        (r"categories\.[^.]+\.onward\.[^.]+\.delay_hours", _reversed(_ranked(float, 0))),
        (r"categories\.[^.]+\.onward\.[^.]+\.only", lambda old, new: _presence(old, new).reversed),
        (r"categories\.[^.]+\.onward\.[^.]+", _onward),
        (r"categories(\.[^.]+(\.onward)?)?", _opens),
        (r"third_party\.default", _ranked(_order("deny", "hold"), 0)),
        (r"third_party\.allow_if", _listed),
        (r"personal_data\.detectors", _listed_against),
        (r"personal_data\.outbound\.action", _ranked(_order("deny", "hold", "redact_or_hold"), 2)),
        (r"personal_data\.outbound\.keep_if", _listed),
        (r"personal_data\.inbound\.retention_days", _MORE),
        (r"personal_data\.inbound", lambda old, new: _presence(old, new).reversed),
        (r"actor_attribution\.to_state\.action", _ranked(_order("deny", "hold"), 1)),
    )
)


def _presence(old: Node | None, new: Node | None) -> Effect:
    """Being there at all lets more go; ``false`` is not being there, another value changes nothing."""
    before, after = (node is not None and _text(node) != "false" for node in (old, new))
    return Effect.NEITHER if before == after else Effect.WIDENS if after else Effect.NARROWS


def _effect(path: str, old: Node | None, new: Node | None) -> Effect:
    judge = next((judge for pattern, judge in _JUDGES if pattern.fullmatch(path)), _harmless)
    return judge(old, new)
