"""Loading constituency files: all of it or nothing, and the same files twice change nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.actions.revising import revise
from tocsin.constituency.actions.stored import Writer, stored_state
from tocsin.constituency.audit import AuditAction, record
from tocsin.constituency.forms.declarations import DeclarationError, read_declaration
from tocsin.constituency.rules.declaration import Declaration, Difference, Kind, check_references, difference
from tocsin.text.streams import Limits
from tocsin.vocab import clock


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading changed, or with ``dry_run`` would change. ``revision`` is the new one, or ``None`` if nothing changed."""

    difference: Difference
    revision: int | None


def load(
    *,
    actor: Actor,
    paths: Sequence[str | Path],
    replaces: bool = False,
    dry_run: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> LoadReport:
    """Store what the files declare. With ``replaces`` what they leave out ends now; nothing is ever removed.

    Raises :class:`DeclarationError` with every problem. ``on_progress`` is told (stored, to be stored).
    """
    require(actor, Permission.CONSTITUENCY_WRITE)
    declaration = read_declaration(paths, Limits.of(settings.TOCSIN.intake))
    if declaration.problems:
        raise DeclarationError(declaration.problems)
    if dry_run:
        return LoadReport(_difference(declaration, replaces=replaces), None)
    names = ", ".join(Path(str(path)).name for path in paths)
    return _store(actor=actor, declaration=declaration, replaces=replaces, names=names, on_progress=on_progress)


@transaction.atomic
def _store(
    *,
    actor: Actor,
    declaration: Declaration,
    replaces: bool,
    names: str,
    on_progress: Callable[[int, int], None] | None,
) -> LoadReport:
    found = _difference(declaration, replaces=replaces)
    if found.is_empty:
        return LoadReport(found, None)
    changes = [*found.added, *found.changed, *found.ended]
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if on_progress:
            on_progress(done, len(changes))

    Writer(names, advance).write(changes)
    number = revise(actor=actor, why=f"loaded {names}: {found}")
    counts = {kind.value: found.count(kind) for kind in Kind if any(found.count(kind))}
    detail = {"files": names, "replaces": replaces, "added, changed, ended": counts}
    record(actor, AuditAction.CONSTITUENCY_LOADED, f"revision {number}", detail)
    return LoadReport(found, number)


def _difference(declaration: Declaration, *, replaces: bool) -> Difference:
    stored = stored_state()
    check_references(declaration, stored)
    if declaration.problems:
        raise DeclarationError(declaration.problems)
    return difference(stored, declaration, replaces=replaces, at=clock.now())
