"""Whether everything that counts is there and agrees: database, parts, raw bytes, and what each room says of itself.

A room that can judge its own tables has in its ``jobs.py``::

    def checks() -> Iterator[str]:
        '''One sentence for each thing that is wrong and what to do about it.'''
"""

from collections.abc import Callable, Iterator
from functools import partial

from django.db import connection

from tocsin.jobs.databases import missing_migrations
from tocsin.jobs.holdings import Holdings, committed, job_modules, the_lake
from tocsin.jobs.progress import Progress, SilentProgress
from tocsin.lake.store import Lake
from tocsin.vocab.errors import TocsinError


def problems(progress: Progress | None = None, *, is_quick: bool = False) -> Iterator[str]:
    """One sentence for each thing that is wrong; none if all is well. ``is_quick`` looks whether files are there, not what is in them."""
    shown = progress or SilentProgress()
    shown.begin("the database", None)
    missing = missing_migrations()
    if missing:
        yield f"The database has not had {len(missing)} migrations, the first is {missing[0]}: run tocsin init."
        return
    yield from _database()
    holdings, lake = committed(), the_lake()
    yield from _parts(lake, holdings, shown, is_quick)
    yield from _raw(lake, holdings, shown, is_quick)
    shown.begin("orphans", None)
    for path in lake.orphans(holdings.parts):
        yield f"The part {path} is in the lake and counts nowhere: tocsin check --sweep removes it."
    for module in job_modules():
        if hasattr(module, "checks"):
            shown.begin(f"what {module.__name__.split('.')[1]} says", None)
            yield from module.checks()


def sweep() -> list[str]:
    """Remove parts that count nowhere, and raw bytes nobody refers to for a day or more; gives their names.

    Raises ``Conflict`` if somebody is writing to the lake.
    """
    lake = the_lake()
    with lake.writing():
        holdings = committed()
        removed = lake.sweep(holdings.parts)
        # no raw bytes counted at all means that nobody has told of any: not a reason to remove them
        return removed + (lake.raw.sweep(holdings.raw) if holdings.raw else [])


def _database() -> Iterator[str]:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            said = [row[0] for row in cursor.execute("PRAGMA quick_check(5)").fetchall()]
            yield from (
                f"The database file is damaged: {line}; restore the last backup." for line in said if line != "ok"
            )
            broken = cursor.execute("PRAGMA foreign_key_check").fetchmany(5)
            yield from (f"A row of {row[0]} refers to a row of {row[2]} that is not there." for row in broken)


def _parts(lake: Lake, holdings: Holdings, shown: Progress, is_quick: bool) -> Iterator[str]:
    files = {path: lake.part_file(path) for path in holdings.parts}
    shown.begin("parts", sum(file.stat().st_size for file in files.values() if file.is_file()))
    for path, file in files.items():
        if not file.is_file():
            yield f"The part {path} is missing from the lake: restore the last backup."
            continue
        if not is_quick and holdings.parts[path]:
            yield from _said(partial(lake.verify_part, path, holdings.parts[path]))
        shown.advance(file.stat().st_size)


def _raw(lake: Lake, holdings: Holdings, shown: Progress, is_quick: bool) -> Iterator[str]:
    shown.begin("raw bytes", sum(file.stat().st_size for digest in holdings.raw for file in lake.raw.files(digest)))
    for digest in sorted(holdings.raw):
        files = lake.raw.files(digest)
        if not files:
            yield f"The raw bytes {digest} are missing from the lake: restore the last backup."
        elif not is_quick and lake.raw.has(digest):
            yield from _said(partial(lake.raw.verify, digest))
        shown.advance(sum(file.stat().st_size for file in files))


def _said(act: Callable[[], object]) -> Iterator[str]:
    try:
        act()
    except TocsinError as error:
        yield str(error)
