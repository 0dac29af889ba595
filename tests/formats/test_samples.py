"""Golden samples: each feed's bytes in, our words out. ``pytest --bless`` rewrites ``out.json``; a person reads ``git diff``.

A sample is a folder ``tests/samples/feeds/<provider>/<feed>`` with ``in.<anything>`` (or a folder ``in``) and ``out.json``; a
``columns.yaml`` beside them is the column map, ``options.yaml`` the other options.
"""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
import yaml

from tocsin.formats import feeds as shelf
from tocsin.formats.exporters.jsonl import write
from tocsin.formats.feed import Feed, Options, classified, feeds, find_feed
from tocsin.formats.reading import Reading
from tocsin.vocab.classification import CLASSIFICATIONS

SHELF = Path(__file__).parents[1] / "samples" / "feeds"
FOLDERS = sorted(path for path in SHELF.glob("*/*") if path.is_dir())
MODULES = [importlib.import_module(f"{shelf.__name__}.{found.name}") for found in pkgutil.iter_modules(shelf.__path__)]


def delivery(folder: Path) -> Path:
    found = [path for path in folder.iterdir() if path.stem == "in"]
    assert len(found) == 1, f"{folder} needs exactly one in.* or folder in"
    return found[0]


def options(folder: Path) -> Options:
    columns, others = folder / "columns.yaml", folder / "options.yaml"
    return Options(
        columns=yaml.safe_load(columns.read_text("utf-8")) if columns.exists() else None,
        **(yaml.safe_load(others.read_text("utf-8")) if others.exists() else {}),
    )


def read(folder: Path) -> dict[str, Any]:
    feed = find_feed(folder.relative_to(SHELF).as_posix())
    reading = Reading(feed, [delivery(folder)], options(folder))
    records, rejected = [], []
    for member, row in reading:
        records += [classified(record, feed) for record in row.records]
        if row.problem is not None:
            rejected.append({"member": member, "line": row.line, "problem": row.problem, "raw": row.raw})
    assert reading.accounts.is_balanced
    lines = b"".join(write(records)).splitlines()
    return {
        "accounts": str(reading.accounts),
        "records": [orjson.loads(line) for line in lines],
        "rejected": rejected,
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(SHELF).as_posix())
def test_a_sample_gives_the_records_that_a_person_agreed_to(folder: Path, is_blessing: bool) -> None:
    found, golden = read(folder), folder / "out.json"
    if is_blessing:
        golden.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    assert found == orjson.loads(golden.read_bytes())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(SHELF).as_posix())
def test_a_sample_has_a_wrong_row_and_a_right_one(folder: Path) -> None:
    golden = orjson.loads((folder / "out.json").read_bytes())
    assert golden["rejected"]
    assert golden["records"]


def test_every_feed_has_a_sample_and_every_table_of_feeds_at_least_one() -> None:
    sampled = {folder.relative_to(SHELF).as_posix() for folder in FOLDERS}
    providers = {name.partition("/")[0] for name in sampled}
    lacking = [
        name
        for name, feed in feeds().items()
        if name not in sampled and not (is_of_a_table(feed) and feed.provider in providers)
    ]
    assert lacking == []


def test_every_sample_belongs_to_a_feed() -> None:
    assert [folder.name for folder in FOLDERS if folder.relative_to(SHELF).as_posix() not in feeds()] == []


def is_of_a_table(feed: Feed) -> bool:
    """A provider with dozens of feeds drives them by a table: one parser, so one sample shows it."""
    return sum(known.provider == feed.provider for known in feeds().values()) > 20


@pytest.mark.parametrize("feed", feeds().values(), ids=lambda feed: feed.name)
def test_a_feed_says_what_it_is(feed: Feed) -> None:
    assert feed.classification in CLASSIFICATIONS
    assert feed.about.endswith(".")
    assert feed.name.count("/") == 1
    assert feed.name == feed.name.lower()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_parser_explains_its_layout(module: ModuleType) -> None:
    assert len(module.__doc__ or "") > 80
    assert all(feed.name in feeds() for feed in module.FEEDS)
