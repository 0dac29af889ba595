"""Message catalogues: one a room, in ``locale/<language>/LC_MESSAGES/django.po``; what web translates holds for all rooms.

``python -m tocsin.web.messages`` brings every catalogue up to date with the templates and the code of its room: new messages
appear empty, unused ones go. Set-up compiles them. Babel does both, since GNU gettext is not on every machine.
"""

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parents[1]
LANGUAGES = ("ur",)

#: ``(context, message, plural)`` of one translatable text.
Message = tuple[str | None, str, str | None]

_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
_STRING = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
#: What Django's ``templatize`` leaves of a template: calls with string literals between rows of X.
_CALL = re.compile(
    rf"\b(gettext|ngettext|pgettext|npgettext|_)\(\s*{_STRING}(?:\s*,\s*{_STRING})?(?:\s*,\s*{_STRING})?"
)


def rooms() -> list[Path]:
    """The folders of the rooms that speak to people."""
    return sorted(folder.parent for folder in PACKAGE.glob("*/locale"))


def messages_of(room: Path) -> dict[Message, str]:
    """Every translatable text of a room with the first file it stands in, relative to the package."""
    found: dict[Message, str] = {}
    for path in sorted([*room.rglob("*.html"), *room.rglob("*.txt"), *room.rglob("*.py")]):
        in_file = _in_python(path) if path.suffix == ".py" else _in_template(path)
        for message in in_file:
            found.setdefault(message, path.relative_to(PACKAGE).as_posix())
    return found


def _in_python(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _line, text, _comments, context in extract("python", file, keywords=_KEYWORDS):
            singular, plural = text if isinstance(text, tuple) else (text, None)
            yield context, singular, plural


def _in_template(path: Path) -> Iterator[Message]:
    for call in _CALL.finditer(templatize(path.read_text("utf-8"), origin=str(path))):
        name, *given = call.groups()
        strings = [ast.literal_eval(literal) for literal in given if literal]
        context = strings.pop(0) if name in {"pgettext", "npgettext"} else None
        yield context, strings[0], strings[1] if name in {"ngettext", "npgettext"} else None


def catalogue_path(room: Path, language: str) -> Path:
    """Where a room's catalogue of one language stands."""
    return room / "locale" / language / "LC_MESSAGES" / "django.po"


def read_catalogue(path: Path, language: str) -> Catalog:
    """A catalogue; an empty one where the file does not exist."""
    if not path.is_file():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def missing(room: Path, language: str) -> list[Message]:
    """The room's texts that neither its own catalogue nor that of web translates."""
    own, shared = (read_catalogue(catalogue_path(folder, language), language) for folder in (room, PACKAGE / "web"))
    return [
        message
        for message in messages_of(room)
        if not (_is_translated(own, message) or _is_translated(shared, message))
    ]


def _is_translated(catalogue: Catalog, message: Message) -> bool:
    context, text, plural = message
    entry = catalogue.get(text, context)
    if entry is None or entry.fuzzy:
        return False
    return all(entry.string) if plural and isinstance(entry.string, tuple) else bool(entry.string)


def update(room: Path, language: str) -> int:
    """Bring one catalogue up to date; how many messages still wait for a translation."""
    path = catalogue_path(room, language)
    before, shared = read_catalogue(path, language), read_catalogue(catalogue_path(PACKAGE / "web", language), language)
    after = Catalog(locale=language, charset="utf-8", project="Tocsin", fuzzy=False)
    for message, place in sorted(messages_of(room).items(), key=lambda pair: (pair[1], pair[0][1], pair[0][0] or "")):
        context, text, plural = message
        if room.name != "web" and _is_translated(shared, message):
            continue
        known = before.get(text, context)
        empty = ("",) * after.num_plurals if plural else ""
        string = known.string if known is not None and bool(plural) == isinstance(known.string, tuple) else empty
        after.add((text, plural) if plural else text, string, locations=[(place, 0)], context=context)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, after, width=0, omit_header=True, include_lineno=False)
    path.write_text(_head(after) + buffer.getvalue().decode("utf-8"), "utf-8")
    return sum(
        not entry.string or (isinstance(entry.string, tuple) and not all(entry.string)) for entry in after if entry.id
    )


def _head(catalogue: Catalog) -> str:
    """The header without dates and names, so that nothing changes when nothing was said anew."""
    return (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Language: {catalogue.locale}\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )


def compile_all() -> None:
    """Compile the catalogues that are newer than what they were compiled to."""
    for room in rooms():
        for language in LANGUAGES:
            source = catalogue_path(room, language)
            target = source.with_suffix(".mo")
            if source.is_file() and not (target.is_file() and target.stat().st_mtime >= source.stat().st_mtime):
                with target.open("wb") as file:
                    write_mo(file, read_catalogue(source, language))


if __name__ == "__main__":
    for _room in sorted(rooms(), key=lambda folder: folder.name != "web"):
        for _language in LANGUAGES:
            print(f"{_room.name}: {update(_room, _language)} messages wait for {_language}")
