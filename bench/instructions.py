"""What a byte of log costs in instructions, at 1 M indicators: a measure without noise, kept in ``bench/instructions.json``.

``make bench-instructions`` or ``python -m bench.instructions [--check | --keep]``

Callgrind counts what ``tocsin_scan`` and all below it execute, for each log format and for all mixed (0.1 % hits), with each set of
instructions that it knows (not AVX-512). Set, logs and seed are always the same, so a difference is a difference in the code or in the
compiler. Two things it does not see: instructions differ in cost, and waiting for memory is not counted. ``--check`` fails where a figure
has grown by more than one in a hundred; ``--keep`` writes the new ones.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from bench import figures, logs
from bench.lines import FORMATS, PLACES

from tocsin.engine import native
from tocsin.engine.compiling import Builder

SEED, COUNT, LINES, GROWTH = 0x0123456789ABCDEF, 1_000_000, 8_000, 0.01
INSTRUCTIONS = ("avx2", "sse2", "portable")
Table = dict[str, dict[str, float]]


def log_files(folder: Path) -> Iterator[Path]:
    """The mixed log and one of each format, with one hit in a thousand lines."""
    for number, name in enumerate(("mixed", *FORMATS)):
        shapes = range(len(FORMATS)) if name == "mixed" else [number - 1]
        lines = logs.piece((1 << 21) + number, shapes)[0][:LINES]
        usable = [plant for plant in logs.plants() if set(PLACES[plant.kind]) & set(shapes)]
        generator = np.random.default_rng([number, 7])
        places = generator.choice(LINES, LINES // 1000, replace=False)
        chosen = [usable[n] for n in generator.integers(0, len(usable), len(places)).tolist()]
        lines[places] = logs.planted_lines(generator, chosen, shapes)
        path = folder / f"{name}.log"
        path.write_text("\n".join(lines.tolist()) + "\n")
        yield path


def compiled_set(folder: Path) -> Path:
    """The set, always the same."""
    tsv, path = folder / "1m.tsv", folder / "1m.set"
    logs.write_indicators(tsv, COUNT)
    with Builder(SEED) as builder, path.open("wb") as file:
        builder.add(tsv.read_bytes(), is_file=True)
        builder.write(file)
    return path


def program(folder: Path) -> Path:
    """``scan_once``, built with the compiler that builds the core."""
    path = folder / "scan_once"
    source = Path(__file__).with_name("scan_once.c")
    subprocess.run([sys.executable, "-m", "ziglang", "cc", "-O1", "-o", path, source, "-ldl"], check=True)
    return path


def count(scan_once: Path, indicator_set: Path, log: Path, instructions: str) -> float:
    """Instructions a byte. Raises ``SystemExit`` where the scan did not find what was planted."""
    command: list[str | Path] = ["valgrind", "--tool=callgrind", "--toggle-collect=tocsin_scan"]
    command += ["--callgrind-out-file=/dev/null", scan_once, Path(native.__file__).with_name("_core.so")]
    done = subprocess.run([*command, indicator_set, log, instructions], capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not collected:
        raise SystemExit(f"{log.stem}, {instructions}: {done.stderr.strip()[-300:]}")
    size, lines, hits = map(int, done.stdout.split())
    if (lines, hits) != (LINES, LINES // 1000):
        raise SystemExit(
            f"{log.stem}, {instructions}: {hits} hits in {lines} lines, {LINES // 1000} in {LINES} were planted"
        )
    return round(int(collected[1]) / size, 4)


def measure() -> Table:
    """Instructions a byte, by log and by instructions."""
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(2) as pool:
        folder = Path(temporary)
        scan_once, indicator_set, files = program(folder), compiled_set(folder), list(log_files(folder))
        counts = {
            path.stem: {name: pool.submit(count, scan_once, indicator_set, path, name) for name in INSTRUCTIONS}
            for path in files
        }
        return {log: {name: made.result() for name, made in row.items()} for log, row in counts.items()}


def shown(table: Table, kept: Table) -> str:
    """The table; behind each figure the change since the one that is kept."""
    rows = []
    for log, row in table.items():
        cells = [f"{value:.3f}{_change(value, kept.get(log, {}).get(name))}" for name, value in row.items()]
        rows.append([log, *cells])
    return figures.table(["instructions a byte", *INSTRUCTIONS], rows)


def _change(value: float, kept: float | None) -> str:
    return "" if kept is None or value == kept else f" ({value / kept - 1:+.1%})"


def main() -> int:
    """Print the table; exit code 1 where ``--check`` finds a figure that has grown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail where a figure has grown by more than 1 %%")
    parser.add_argument("--keep", action="store_true", help=f"write the figures to {figures.INSTRUCTIONS}")
    given = parser.parse_args()
    if not shutil.which("valgrind"):
        raise SystemExit("valgrind is not installed; on Debian: apt-get install valgrind")
    kept: Table = json.loads(figures.INSTRUCTIONS.read_text()) if figures.INSTRUCTIONS.exists() else {}
    table = measure()
    print(shown(table, kept))
    if given.keep:
        figures.INSTRUCTIONS.write_text(json.dumps(table, indent=1) + "\n")
    grown = [
        f"{log}, {name}"
        for log, row in table.items()
        for name, value in row.items()
        if value > kept.get(log, {}).get(name, value) * (1 + GROWTH)
    ]
    if grown and given.check:
        print(f"grown: {'; '.join(grown)}. If it is worth it: python -m bench.instructions --keep", file=sys.stderr)
    return int(given.check and bool(grown))


if __name__ == "__main__":
    sys.exit(main())
