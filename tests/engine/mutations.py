"""The core broken on purpose, one line at a time, to see that the adversarial lines tell: ``python -m tests.engine.mutations [WORD...]``.

Each mutation is built beside the real core and compared with the reference; it is killed where a difference shows and survives where
none does. A survivor is either a hole in ``mangling.py`` or a line of the core that does nothing. Words choose mutations by their text.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import setup
from tests.engine.broken import MUTATIONS

_ROOT = Path(__file__).parents[2]
_PACKAGE = _ROOT / "src" / "tocsin"
LINES, SEED = 40_000, 31


class Outcome(NamedTuple):
    """What became of a mutation: killed, survived, no longer in the source, or not to be compiled; and the first difference."""

    word: str
    shown: str


def tried(number: int) -> Outcome:
    """Build and compare one mutation."""
    name, old, new = MUTATIONS[number]
    with tempfile.TemporaryDirectory() as temporary:
        package = Path(temporary) / "src" / "tocsin"
        package.mkdir(parents=True)
        for place in _PACKAGE.iterdir():
            if place.name not in ("engine", "__pycache__"):
                (package / place.name).symlink_to(place)
        engine = package / "engine"
        shutil.copytree(_PACKAGE / "engine", engine, ignore=shutil.ignore_patterns("_core.so", "__pycache__"))
        source = (engine / name).read_text()
        if old not in source:
            return Outcome("GONE", "no longer in the source")
        (engine / name).write_text(source.replace(old, new, 1))
        (engine / "folding.h").write_text(setup.folding_tables())
        flags = ["-O1", "-std=gnu11", "-D_GNU_SOURCE", "-shared", "-fPIC", "-fvisibility=hidden", "-w"]
        compiler = ["gcc"] if shutil.which("gcc") else [sys.executable, "-m", "ziglang", "cc"]
        built = subprocess.run(
            [*compiler, *flags, "-o", engine / "_core.so", engine / "core.c"],
            check=False,
            capture_output=True,
            text=True,
        )
        if built.returncode:
            return Outcome("UNBUILT", built.stderr.strip()[:200])
        return _compared(package.parent)


def _compared(sources: Path) -> Outcome:
    """What the adversarial lines, then the tests of boundaries, say of the core in ``sources``."""
    environment = os.environ | {"PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1", "EXACT_PROCESSES": "1"}
    lines = [sys.executable, "-m", "tests.engine.adversarial", str(LINES), str(SEED)]
    tests = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "-o", f"pythonpath={sources} {_ROOT}"]
    for command in (lines, [*tests, *(f"tests/engine/test_{name}.py" for name in ("boundaries", "differential"))]):
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                env=environment,
                cwd=_ROOT,
                timeout=300,
            )
        except subprocess.TimeoutExpired:
            return Outcome("killed", "it never ends")
        if done.returncode:
            shown = (
                done.stdout.strip()
                if command is lines
                else next((x for x in done.stdout.splitlines() if x.startswith("FAILED")), "")
            )
            return Outcome("killed", (shown or done.stderr.strip().rpartition("\n")[2])[:150])
    return Outcome("SURVIVED", "")


def main(words: list[str]) -> int:
    """Try mutations, as many at a time as there are processors; 1 where one survives."""
    numbers = [
        number
        for number, mutation in enumerate(MUTATIONS)
        if not words or any(word in " ".join(mutation) for word in words)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = []
        for number, outcome in zip(numbers, pool.map(tried, numbers), strict=True):
            name, old, new = MUTATIONS[number]
            print(f"{outcome.word:8} {name}: {old}  ->  {new}\n         {outcome.shown}", flush=True)
            outcomes.append(outcome.word)
    print(
        f"{len(outcomes)} mutations: " + ", ".join(f"{outcomes.count(word)} {word}" for word in sorted(set(outcomes)))
    )
    return 0 if set(outcomes) <= {"killed"} else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
