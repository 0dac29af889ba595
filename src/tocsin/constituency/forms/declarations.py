"""Constituency files, YAML or CSV, as a declaration (``docs/how/constituency.md``). Every problem names its file and line."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from tocsin.constituency.forms.fields import FIELDS, read_fields
from tocsin.constituency.rules.declaration import Declaration, Kind, Place, entry_of
from tocsin.text.streams import Limits, members
from tocsin.vocab.errors import InputError, Unreadable

#: A nation fits many times; more is a slip or an attack. Larger constituencies are CSV, which is not held as a tree.
_LARGEST_YAML = 64 << 20
_LARGEST_CSV = 1 << 30
_DEEPEST = 12
_SHOWN = 20

_TOP = {"sectors": Kind.SECTOR, "provinces": Kind.PROVINCE, "organisations": Kind.ORGANISATION}
#: List below an organisation -> kind, and the field that a bare value is.
_BELOW = {
    "contacts": (Kind.CONTACT, ""),
    "networks": (Kind.NETWORK, "cidr"),
    "autonomous_systems": (Kind.AUTONOMOUS_SYSTEM, "asn"),
    "domains": (Kind.DOMAIN, "name"),
    "registry_ids": (Kind.REGISTRY_ID, ""),
}
#: The column that tells what a CSV file is about, the telling ones first.
_TELLING = (
    ("slug", Kind.ORGANISATION, "slug"),
    ("cidr", Kind.NETWORK, "cidr"),
    ("domain", Kind.DOMAIN, "name"),
    ("role", Kind.CONTACT, "role"),
    ("opaque_id", Kind.REGISTRY_ID, "opaque_id"),
    ("asn", Kind.AUTONOMOUS_SYSTEM, "asn"),
    ("sector", Kind.SECTOR, "slug"),
    ("province", Kind.PROVINCE, "slug"),
)


class DeclarationError(InputError):
    """Files that cannot be loaded as they are; ``problems`` has every reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        more = [f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        head = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n  ".join([f"nothing was loaded, {head}:", *problems[:_SHOWN], *more]))


def read_declaration(paths: Sequence[str | Path], limits: Limits | None = None) -> Declaration:
    """Everything that the files declare; a folder or archive counts as all its files. Problems are collected in it."""
    declaration = Declaration()
    for path in paths:
        for member in members(path, limits):
            name = f"{path}/{member.name}" if member.is_inside else str(path)
            content = _bounded(name, member.open().read(_LARGEST_CSV + 1))
            _read(name, content, declaration)
    return declaration


def _bounded(name: str, content: bytes) -> bytes:
    if len(content) > _LARGEST_CSV:
        raise Unreadable(f"{name}: larger than {_LARGEST_CSV >> 20} MiB, the most that is accepted of one file.")
    return content


def _read(name: str, content: bytes, declaration: Declaration) -> None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        declaration.problem(Place(name, line), "not UTF-8; save the file as UTF-8")
        return
    if _looks_like_csv(name, text):
        _read_csv(name, text, declaration)
    else:
        _read_yaml(name, text, declaration)


def _looks_like_csv(name: str, text: str) -> bool:
    if name.endswith((".yaml", ".yml")):
        return False
    if name.endswith(".csv"):
        return True
    head = next((line for line in text[:4096].splitlines() if line.strip() and not line.startswith("#")), "")
    return "," in head and ":" not in head


def _take(
    declaration: Declaration, kind: Kind, given: Mapping[str, str | None], places: Mapping[str, Place], at: Place
) -> None:
    """Read one entry's fields; take it in if nothing is wrong with it."""
    unknown = [name for name in given if name not in FIELDS[kind]]
    for name in unknown:
        known = ", ".join(FIELDS[kind])
        declaration.problem(places.get(name, at), f"{kind.one} has no field {name[:40]!r}; it has {known}")
    values, wrong = read_fields(kind, given)
    for name, reason in wrong:
        declaration.problem(places.get(name, at), reason)
    if not wrong and not unknown:
        declaration.add(entry_of(kind, values), at)


# CSV


def _read_csv(name: str, text: str, declaration: Declaration) -> None:
    rows = _csv_rows(name, text, declaration)
    place, header = next(rows, (Place(name, 1), []))
    header = [column.strip().lower() for column in header]
    told = next(((column, kind, field) for column, kind, field in _TELLING if column in header), None)
    if told is None:
        columns = ", ".join(column for column, _, _ in _TELLING)
        declaration.problem(
            place, f"the first line is no header that tells what the file is about: it needs one of {columns}"
        )
        return
    column, kind, field = told
    header = [field if title == column else title for title in header]
    for title in {title for title in header if header.count(title) > 1}:
        declaration.problem(place, f"the column {title!r} stands twice in the header")
        return
    for at, row in rows:
        if len(row) != len(header):
            declaration.problem(at, f"{len(row)} columns where the header has {len(header)}")
            continue
        _take(declaration, kind, dict(zip(header, row, strict=True)), {}, at)


def _csv_rows(name: str, text: str, declaration: Declaration) -> Iterator[tuple[Place, list[str]]]:
    """Rows with the line on which each begins; blank lines and lines that begin with ``#`` are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for row in reader:
            if row and any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#"):
                yield Place(name, begins), row
            begins = reader.line_num + 1
    except csv.Error as error:
        declaration.problem(Place(name, begins), f"not CSV: {error}")


# YAML


def _read_yaml(name: str, text: str, declaration: Declaration) -> None:
    if len(text) > _LARGEST_YAML:
        raise Unreadable(
            f"{name}: larger than {_LARGEST_YAML >> 20} MiB, the most that is accepted of YAML; use CSV for so much."
        )
    try:
        _check_shape(name, text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        declaration.problem(Place(name, mark.line + 1 if mark else 1), f"not YAML: {error.problem}")
        return
    except yaml.YAMLError as error:
        declaration.problem(Place(name, 1), f"not YAML: {str(error).splitlines()[0]}")
        return
    if root is None:
        return
    for key, node in _pairs(name, root, declaration):
        kind = _TOP.get(key)
        if kind is None:
            declaration.problem(_place(name, node), f"unknown list {key[:40]!r}; a file has {', '.join(_TOP)}")
            continue
        for one in _sequence(name, node, declaration):
            _read_entry(name, one, kind, "", declaration)


def _check_shape(name: str, text: str) -> None:
    """Refuse aliases (a few lines of them unfold to gigabytes) and depth, before a tree is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable(f"{name}:{_line(event)}: aliases (*name) are not accepted; write it out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise Unreadable(f"{name}:{_line(event)}: nested deeper than {_DEEPEST} levels.")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _read_entry(name: str, node: yaml.Node, kind: Kind, owner: str, declaration: Declaration, bare: str = "") -> None:
    if isinstance(node, yaml.ScalarNode) and bare:
        _take(declaration, kind, {"organisation": owner, bare: node.value}, {}, _place(name, node))
        return
    given: dict[str, str | None] = {"organisation": owner} if owner else {}
    places: dict[str, Place] = {}
    below: list[tuple[str, yaml.Node]] = []
    for key, value in _pairs(name, node, declaration):
        places[key] = _place(name, value)
        if key == "organisation":
            declaration.problem(
                places[key], "an entry belongs to the organisation under which it stands; leave this out"
            )
        elif kind is Kind.ORGANISATION and key in _BELOW:
            below.append((key, value))
        elif isinstance(value, yaml.ScalarNode):
            given[key] = None if value.tag == "tag:yaml.org,2002:null" else value.value
        else:
            declaration.problem(places[key], f"{key[:40]} is one value, not a list or table")
    if isinstance(node, yaml.MappingNode):
        _take(declaration, kind, given, places, _place(name, node))
    for key, value in below:
        child, field = _BELOW[key]
        for one in _sequence(name, value, declaration):
            _read_entry(name, one, child, (given.get("slug") or "").strip(), declaration, field)


def _pairs(name: str, node: yaml.Node, declaration: Declaration) -> Iterator[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        declaration.problem(_place(name, node), "a table of 'name: value' is expected here")
        return
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            declaration.problem(_place(name, key), "a name is expected before the colon")
        elif key.value in seen:
            declaration.problem(_place(name, key), f"{key.value[:40]!r} stands here twice")
        else:
            seen.add(key.value)
            yield key.value, value


def _sequence(name: str, node: yaml.Node, declaration: Declaration) -> Sequence[yaml.Node]:
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return []
    if not isinstance(node, yaml.SequenceNode):
        declaration.problem(_place(name, node), "a list is expected here: each entry on a line that begins with '- '")
        return []
    return list(node.value)


def _place(name: str, node: yaml.Node) -> Place:
    return Place(name, node.start_mark.line + 1)
