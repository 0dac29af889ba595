"""The main job from end to end: ``python -m sample.run``, which is what ``make run`` calls.

On the sample nation it ends by comparing what was found with what the generator knows; on the operator's own files it prints the same
accounts and findings. Everything is done through the command line that people use.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from sample import logs, nation, reports, threats

SEED = 7
MEGABYTES = 130
DUTY_OFFICER = "duty.officer@cert.example"
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: sources with their feeds and files, logs by owner, the constituency, and the truth if it is known."""

    constituency: Path | None
    deliveries: dict[str, tuple[str, list[Path]]]
    logs: dict[str, list[Path]]
    truth: Path | None


def main() -> None:
    """Parse, prepare, do, show, serve."""
    given = _arguments()
    own = bool(given.feeds or given.logs or given.constituency)
    storage = Path("var", "own" if own else "nation").absolute()
    os.environ.setdefault("TOCSIN_STORAGE_FOLDER", str(storage))
    began = time.monotonic()
    work = _own_work(given) if own else _sample_work(storage, _day(given.day), given.megabytes)
    if own or not (storage / "done").exists():
        _do(work, storage)
    is_right = _show(work, time.monotonic() - began)
    if not is_right:
        sys.exit(1)
    (storage / "done").touch()
    if given.serve == "yes":
        _serve()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--serve", choices=["yes", "no"], default="yes", help="serve the console at the end")
    parser.add_argument("--feeds", default="", help="your deliveries: 'provider/feed=FILE' separated by blanks")
    parser.add_argument("--logs", default="", help="your logs: 'FILE' or 'OWNER=FILE' separated by blanks")
    parser.add_argument("--constituency", default="", help="your constituency file (YAML)")
    parser.add_argument("--day", default="", help="the sample nation's day (YYYY-MM-DD); yesterday if not said")
    parser.add_argument("--megabytes", type=int, default=MEGABYTES, help="size of the sample nation's logs")
    return parser.parse_args()


def _day(text: str) -> datetime:
    if text:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


# ---- what is to be done --------------------------------------------------------------------------------------------


def _own_work(given: argparse.Namespace) -> Work:
    deliveries: dict[str, tuple[str, list[Path]]] = {}
    for word in given.feeds.split():
        feed, equals, file = word.partition("=")
        if not equals or "/" not in feed:
            sys.exit(f"FEEDS: {word!r} is not provider/feed=FILE; 'tocsin parse --list' names the feeds.")
        deliveries[f"own-{feed.replace('/', '-')}"] = (feed, [Path(file).absolute()])
    by_owner: dict[str, list[Path]] = {}
    for word in given.logs.split():
        owner, equals, file = word.rpartition("=")
        by_owner.setdefault(owner if equals else "", []).append(Path(file).absolute())
    return Work(Path(given.constituency).absolute() if given.constituency else None, deliveries, by_owner, None)


def _sample_work(storage: Path, day: datetime, megabytes: int) -> Work:
    folder = Path(os.path.relpath(storage.parent / "nation-files"))  # evidence then names files as people do
    stamp = folder / "written.json"
    wanted = {"day": day.isoformat(), "seed": SEED, "megabytes": megabytes}
    if stamp.exists() and json.loads(stamp.read_text("utf-8"))["wanted"] == wanted:
        written = json.loads(stamp.read_text("utf-8"))
    else:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(storage, ignore_errors=True)
        written = {"wanted": wanted, **_write_nation(folder, day, megabytes)}
        stamp.write_text(json.dumps(written), "utf-8")
    return Work(
        folder / "constituency.yaml",
        {name: (feed, [Path(file) for file in files]) for name, (feed, files) in written["deliveries"].items()},
        {owner: [Path(file) for file in files] for owner, files in written["logs"].items()},
        folder / "truth.json",
    )


def _write_nation(folder: Path, day: datetime, megabytes: int) -> dict[str, object]:
    folder.mkdir(parents=True, exist_ok=True)
    with console.status("writing the sample nation: organisations"):
        made = nation.make_nation(day, SEED)
        nation.write_constituency(made, folder / "constituency.yaml")
    with console.status("writing the sample nation: partner deliveries"):
        drawn = threats.make_threats(made, SEED)
        deliveries = threats.write_deliveries(drawn, folder / "deliveries", SEED)
        files, expected = reports.write_reports(made, folder / "reports", SEED)
    with console.status(f"writing the sample nation: {megabytes} MB of logs"):
        planned = logs.plan_day(made, drawn, SEED)
        by_owner = logs.write_day(planned, folder / "logs", megabytes, SEED)
    truth = {
        "findings": [{**asdict(one), "observations": count} for one, count in (planned.expected + expected).items()],
        "counted": planned.counted,
        "not_counted": planned.not_counted,
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1), "utf-8")
    deliveries["shadowserver"] = ("shadowserver", files)
    return {
        "deliveries": {name: (feed, [str(file) for file in files]) for name, (feed, files) in deliveries.items()},
        "logs": {owner: [str(file) for file in files] for owner, files in by_owner.items()},
    }


# ---- doing it ------------------------------------------------------------------------------------------------------


def _do(work: Work, storage: Path) -> None:
    storage.mkdir(parents=True, exist_ok=True)
    _tocsin("make ready", "init")
    if work.constituency:
        _tocsin("constituency", "constituency", "load", str(work.constituency))
    sources = storage / "sources.yaml"
    sources.write_text(yaml.safe_dump(_sources(work), allow_unicode=True, sort_keys=False), "utf-8")
    _tocsin("sources", "source", "load", str(sources))
    for name, (feed, files) in work.deliveries.items():
        _tocsin(f"delivery {name}", "ingest", feed, *map(str, files), "--source", name)
    for owner, files in work.logs.items():
        whose = ["--owner", owner] if owner else []
        _tocsin(f"logs of {owner or 'nobody in particular'}", "run", *map(str, files), *whose)
    _tocsin("findings", "findings", "update")


def _sources(work: Work) -> dict[str, object]:
    return {
        "sources": [
            {"name": name, "title": name.replace("-", " ").capitalize(), "feeds": [feed]}
            for name, (feed, _) in work.deliveries.items()
        ]
    }


def _tocsin(what: str, *words: str, quiet: bool = False) -> str:
    """Run one command, say what it printed and how long it took; end the whole run if it fails."""
    began = time.monotonic()
    with console.status(f"{what} …"):
        done = subprocess.run([sys.executable, "-m", "tocsin", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        console.print(done.stdout + done.stderr, markup=False)
        sys.exit(f"'{' '.join(('tocsin', *words))}' ended with {done.returncode}.")
    if not quiet:
        console.print(f"[bold]{what}[/bold]  {time.monotonic() - began:.1f} s")
        for line in _telling(done.stdout.splitlines() + done.stderr.splitlines()):
            console.print(f"  {line}", markup=False)
    return done.stdout


def _telling(lines: Sequence[str], most: int = 8) -> list[str]:
    kept = [line for line in lines if line.strip()]
    return kept if len(kept) <= most else [*kept[: most - 1], f"… and {len(kept) - most + 1} lines more"]


# ---- showing it ----------------------------------------------------------------------------------------------------


def _show(work: Work, seconds: float) -> bool:
    rows = [json.loads(line) for line in _tocsin("", "findings", "list", "--format", "jsonl", quiet=True).splitlines()]
    by_organisation: dict[str, int] = {}
    for row in rows:
        by_organisation[row["organisation"]] = by_organisation.get(row["organisation"], 0) + 1
    console.print(
        f"\n[bold]{len(rows)} findings of {len(by_organisation)} affected organisations[/bold], {seconds:.0f} s in all"
    )
    for slug, count in sorted(by_organisation.items(), key=lambda pair: (-pair[1], pair[0]))[:12]:
        console.print(f"  {count:4d}  {slug}")
    return work.truth is None or _is_true(rows, work.truth)


#: What must agree of each finding; with the number of observations, every single hit and report row is accounted for.
_COMPARED = ("organisation", "classification", "asset", "observations")


def _is_true(rows: Sequence[dict[str, Any]], path: Path) -> bool:
    """Whether exactly the planted findings were found; says which are missing or too much."""
    planted = json.loads(path.read_text("utf-8"))["findings"]
    truth, found = ({tuple(str(one[name]) for name in _COMPARED) for one in each} for each in (planted, rows))
    missing, extra = sorted(truth - found), sorted(found - truth)
    for kind, ones in (("missing", missing), ("extra", extra)):
        for one in ones[:20]:
            console.print(f"  {kind}: {' · '.join(one)}", style="red", markup=False)
    style = "green" if not missing and not extra else "red"
    console.print(
        f"compared with the truth: {len(truth)} expected, {len(missing)} missing, {len(extra)} extra", style=style
    )
    return not missing and not extra


def _serve() -> None:
    listed = _tocsin("", "person", "list", quiet=True)
    if DUTY_OFFICER not in listed:
        roles = ["--role", "lead", "--role", "administrator"]
        _tocsin("", "person", "add", DUTY_OFFICER, "--name", "Duty officer", *roles, quiet=True)
    link = _tocsin("", "person", "link", DUTY_OFFICER, quiet=True).strip()
    console.print(f"\nSign in once with this link (it ends with its first use):\n  {link}\n", markup=False)
    try:
        subprocess.run([sys.executable, "-m", "tocsin", "serve"], check=False)
    except KeyboardInterrupt:
        console.print("ended")


if __name__ == "__main__":
    main()
