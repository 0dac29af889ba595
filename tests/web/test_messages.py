"""Every translatable text is translated, and what stands between the words survives translation."""

import re
from pathlib import Path

import pytest

from tocsin.web import messages

_PARTS = re.compile(r"%\(\w+\)s|<[^>]+>")


def _rooms() -> list[str]:
    return [room.name for room in messages.rooms()]


def _room(name: str) -> Path:
    return messages.PACKAGE / name


def test_the_rooms_with_pages_have_a_catalogue() -> None:
    assert {"web", "constituency", "intel", "detection", "findings"} <= set(_rooms())


@pytest.mark.parametrize("room", _rooms())
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nothing_is_left_untranslated(room: str, language: str) -> None:
    left = messages.missing(_room(room), language)
    assert not left, f"run 'python -m tocsin.web.messages' and translate in {room}/locale/{language}: {left}"


@pytest.mark.parametrize("room", _rooms())
def test_placeholders_and_tags_are_the_same_in_urdu(room: str) -> None:
    for entry in messages.read_catalogue(messages.catalogue_path(_room(room), "ur"), "ur"):
        if entry.id:
            wanted = entry.id[-1] if isinstance(entry.id, tuple) else entry.id
            given = entry.string if isinstance(entry.string, tuple) else (entry.string,)
            for text in given:
                assert sorted(_PARTS.findall(str(text))) == sorted(_PARTS.findall(str(wanted))), entry.id


@pytest.mark.parametrize("room", _rooms())
def test_no_catalogue_keeps_a_text_that_nobody_says_any_more(room: str) -> None:
    said = {(context, text) for context, text, _plural in messages.messages_of(_room(room))}
    for entry in messages.read_catalogue(messages.catalogue_path(_room(room), "ur"), "ur"):
        if entry.id:
            assert (entry.context, entry.id[0] if isinstance(entry.id, tuple) else entry.id) in said


def test_texts_of_templates_and_code_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "PACKAGE", tmp_path)
    (tmp_path / "page.html").write_text(
        '{% load i18n %}{% translate "One" %}{% blocktranslate trimmed count n=n %}{{ n }} row{% plural %}{{ n }} rows'
        '{% endblocktranslate %}{% empty title=_("It\'s two") %}',
        "utf-8",
    )
    (tmp_path / "code.py").write_text('x = _("Three")\ny = pgettext_lazy("severity", "high")\n', "utf-8")
    found = set(messages.messages_of(tmp_path))
    assert found == {
        (None, "One", None),
        (None, "%(n)s row", "%(n)s rows"),
        (None, "It's two", None),
        (None, "Three", None),
        ("severity", "high", None),
    }
