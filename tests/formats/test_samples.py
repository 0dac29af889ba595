"""What stands on the shelf of feeds: every parser says what it is and has a golden sample (see ``golden.py``).

Beside ``in.*`` a ``columns.yaml`` is the column map and ``options.yaml`` the other options of the sample.
"""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from tests.formats.golden import check_sample

from tocsin.formats import feeds as shelf
from tocsin.formats.commands import read_column_map
from tocsin.formats.feed import Feed, Options, feeds
from tocsin.vocab.classification import CLASSIFICATIONS

SHELF = Path(__file__).parents[1] / "samples" / "feeds"
SAMPLES = sorted(path.relative_to(SHELF).as_posix() for path in SHELF.glob("*/*") if path.is_dir())
MODULES = [importlib.import_module(f"{shelf.__name__}.{found.name}") for found in pkgutil.iter_modules(shelf.__path__)]


def options(folder: Path) -> Options:
    columns, others = folder / "columns.yaml", folder / "options.yaml"
    return Options(
        columns=read_column_map(columns) if columns.exists() else None,
        **(yaml.safe_load(others.read_text("utf-8")) if others.exists() else {}),
    )


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_gives_the_rows_that_a_person_agreed_to(sample: str, samples: Path, is_blessing: bool) -> None:
    check_sample(sample, samples, is_blessing=is_blessing, options=options(SHELF / sample))


def test_every_feed_has_a_sample_and_every_table_of_feeds_at_least_one() -> None:
    providers = {sample.partition("/")[0] for sample in SAMPLES}
    lacking = [
        name
        for name, feed in feeds().items()
        if name not in SAMPLES and not (is_of_a_table(feed) and feed.provider in providers)
    ]
    assert lacking == []


def test_every_sample_belongs_to_a_feed() -> None:
    assert [sample for sample in SAMPLES if sample not in feeds()] == []


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
