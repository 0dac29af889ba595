"""Which checks run: the version, the interoperability profile, and recommendations that are switched off or on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tocsin.formats.stix.check.found import GROUPS, ON_DEMAND, USUAL, Problem
from tocsin.vocab.errors import UnknownName

#: ``2.1`` also reads objects of 2.0, which have no ``spec_version``; ``2.0`` reads nothing else.
Version = Literal["2.1", "2.0"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of objects beyond the specification's MUST. ``disabled`` and ``enabled`` name checks or groups of them."""

    version: Version = "2.1"
    is_interop: bool = False
    disabled: frozenset[str] = frozenset()
    enabled: frozenset[str] = frozenset()
    running: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        disabled, enabled = _named(self.disabled), _named(self.enabled)
        running = USUAL - disabled | enabled
        if "extensions-use" in disabled - enabled:
            # Without extensions, a name that begins as the specification once asked is what tells custom things apart.
            running |= {"custom-prefix", "custom-prefix-lax"} - disabled
            running -= {"custom-prefix-lax"} if "custom-prefix" in running else set()
        object.__setattr__(self, "running", running)

    def sort(self, problems: Iterable[Problem]) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
        """Problems as errors and as warnings; what was not asked for is left out."""
        errors: list[Problem] = []
        warnings: list[Problem] = []
        for problem in problems:
            if problem.check is None:
                errors.append(problem)
            elif problem.check in self.running:
                # As the OASIS validator has it: a pattern with a custom name that is not told apart is refused.
                is_pattern = problem.path == ".pattern" and problem.check.startswith("custom-prefix")
                (errors if is_pattern else warnings).append(problem)
        return tuple(errors), tuple(warnings)


def _named(names: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        if name == "all":
            found |= USUAL | {"custom-prefix", "custom-prefix-lax"}
        elif name in GROUPS:
            found |= GROUPS[name]
        elif name in USUAL or name in ON_DEMAND:
            found.add(name)
        else:
            raise UnknownName(f"{name!r} is no check; there are: {', '.join(sorted({*GROUPS, *USUAL, *ON_DEMAND}))}")
    return frozenset(found)


USUAL_RULES = Rules()
