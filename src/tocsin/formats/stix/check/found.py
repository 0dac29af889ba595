"""What is found wrong with an object: where, why, and whether it is refused (MUST) or only worth a word (SHOULD)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

#: Checks of the specification's recommendations, as the OASIS validator names them, in the groups that can be named at once.
GROUPS: dict[str, frozenset[str]] = {
    "format-checks": frozenset(
        {
            "uuid-check",
            "open-vocab-format",
            "kill-chain-names",
            "observable-object-keys",
            "observable-dictionary-keys",
            "malware-analysis-product",
            "windows-process-priority-format",
            "hash-length",
            "custom-prefix",
            "custom-prefix-lax",
        }
    ),
    "all-vocabs": frozenset(
        {
            "account-type",
            "attack-motivation",
            "attack-resource-level",
            "grouping-context",
            "hash-algo",
            "identity-class",
            "implementation-languages",
            "indicator-pattern-types",
            "indicator-types",
            "industry-sector",
            "infrastructure-types",
            "malware-capabilities",
            "malware-result",
            "malware-types",
            "processor-architecture",
            "region",
            "report-types",
            "threat-actor-role",
            "threat-actor-sophistication",
            "threat-actor-types",
            "tool-types",
            "windows-pebinary-type",
        }
    ),
    "all-external-sources": frozenset(
        {"countries", "http-request-headers", "ipfix", "mime-type", "pdf-doc-info", "protocols", "socket-options"}
    ),
}
GROUPS["approved-values"] = frozenset(
    {"marking-definition-type", "relationship-types", "duplicate-ids"},
).union(GROUPS["all-vocabs"], GROUPS["all-external-sources"])

#: Checks that run unless they are switched off. The custom prefix takes the place of ``extensions-use`` where that is off.
USUAL: frozenset[str] = GROUPS["format-checks"].union(
    GROUPS["approved-values"],
    {
        "deprecated-properties",
        "extension-description",
        "extension-properties",
        "extensions-use",
        "extref-hashes",
        "indicator-properties",
        "name-length",
        "language-tag",
        "network-traffic-ports",
        "observable-references",
        "spec-version",
    },
) - {"custom-prefix", "custom-prefix-lax"}
#: Checks that run only when they are asked for.
ON_DEMAND: frozenset[str] = frozenset(
    {"custom-prefix", "custom-prefix-lax", "deterministic-id", "strict-properties", "strict-types"}
)


class Problem(NamedTuple):
    """One thing that is wrong. ``path`` is a JSON path without its ``$``; ``check`` names a recommendation, ``None`` is a MUST."""

    path: str
    reason: str
    check: str | None = None

    @property
    def place(self) -> str:
        """The JSON path, from the object itself (``$``)."""
        return "$" + self.path

    def as_json(self) -> dict[str, str]:
        """How it is written in a line of output."""
        said = {"path": self.place, "reason": self.reason}
        return said if self.check is None else {**said, "check": self.check}

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


Found = list[Problem] | None


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer about one object. ``errors`` break a MUST and alone decide ``valid``; ``warnings`` break a SHOULD."""

    id: str | None
    type: str | None
    valid: bool
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """One line of ``tocsin stix check``."""
        return {
            "id": self.id,
            "type": self.type,
            "valid": self.valid,
            "errors": [problem.as_json() for problem in self.errors],
            "warnings": [problem.as_json() for problem in self.warnings],
        }


def must(reason: str, path: str = "") -> list[Problem]:
    """One broken MUST."""
    return [Problem(path, reason)]


def should(check: str, reason: str, path: str = "") -> list[Problem]:
    """One recommendation that was not followed."""
    return [Problem(path, reason, check)]


def under(step: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of a part, seen from the whole."""
    return [Problem(step + path, reason, check) for path, reason, check in problems]


def step(key: str) -> str:
    """The step of a JSON path to a property."""
    return "." + key if key.isidentifier() else f"[{shown(key)}]"


def shown(value: Any) -> str:
    """A value in a sentence: one line, not long."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…" + text[-1]


def kind_of(value: Any) -> str:
    """What JSON calls a value, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "a list"
