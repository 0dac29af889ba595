"""Build the core with a fuzzing driver under sanitizers and let it run.

The compiler in the ``ziglang`` wheel brings UndefinedBehaviorSanitizer and edge coverage; AddressSanitizer needs a system compiler
(gcc or clang, or what ``TOCSIN_FUZZ_CC`` names) and is used where there is one.
"""

import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import setup  # the tables of Unicode are made as for the real build
from tests.engine import adversarial

from tocsin.engine import compile_set

HERE = Path(__file__).parent
ENGINE = HERE.parents[2] / "src" / "tocsin" / "engine"


def compiler() -> list[str]:
    """A compiler and its sanitizers, AddressSanitizer among them where possible."""
    if chosen := os.environ.get("TOCSIN_FUZZ_CC"):
        return shlex.split(chosen)
    for name in ("clang", "gcc"):
        if shutil.which(name):
            return [name, "-fsanitize=address,undefined", "-fno-sanitize=alignment"]
    return [sys.executable, "-m", "ziglang", "cc", "-fsanitize=undefined", "-fno-sanitize=alignment"]


def build(folder: Path) -> Path:
    """The driver, compiled."""
    (folder / "folding.h").write_text(setup.folding_tables())
    command = compiler()
    is_gcc = Path(command[0]).name.startswith("gcc")
    coverage = "-fsanitize-coverage=trace-pc" if is_gcc else "-fsanitize-coverage=trace-pc-guard"
    flags = [
        "-O1",
        "-g",
        "-std=gnu11",
        "-D_GNU_SOURCE",
        "-w",
        "-fno-sanitize-recover=all",
        "-fno-omit-frame-pointer",
        coverage,
    ]
    target = folder / "driver"
    subprocess.run([*command, *flags, f"-I{folder}", f"-I{ENGINE}", "-o", target, HERE / "driver.c"], check=True)
    return target


def main() -> int:
    """Fuzz for some seconds; the exit code is the driver's."""
    seconds, seed = (sys.argv[1:] + ["600", "1"][len(sys.argv) - 1 :])[:2]
    random_ = random.Random(int(seed))  # noqa: S311
    rows = adversarial.indicators(random_, 60)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        compile_set([row for row in rows if row[0] not in ("ipv4-addr", "ip-port")] + rows, folder / "set")
        logs = []
        for number in range(60):
            logs.append(folder / f"log-{number}")
            logs[-1].write_bytes(b"\n".join(adversarial.line(random_, rows) for _ in range(random_.randint(1, 8))))
        done = subprocess.run(
            [build(folder), seconds, seed, folder / "set", *logs],
            check=False,
            env=os.environ | {"ASAN_OPTIONS": "detect_leaks=0"},
        )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
