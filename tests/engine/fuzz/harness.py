"""Building the fuzz targets with sanitizers, and running them.

Each target (``scan.c``, ``load.c``, ``build.c``) includes the whole core. With clang and its runtime libraries libFuzzer leads it
(Debian: ``clang libclang-rt-14-dev``); with gcc, ``engine.c`` does, and AddressSanitizer watches as well. Where there is no system
compiler, the one in the ``ziglang`` wheel takes its place: it brings UndefinedBehaviorSanitizer but no AddressSanitizer.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import setup  # the tables of Unicode are made as for the real build

HERE = Path(__file__).parent
ENGINE = HERE.parents[2] / "src" / "tocsin" / "engine"
CORPUS = HERE / "corpus"
#: The targets, and the longest input that each is given in bytes.
TARGETS = {"scan": 40_000, "load": 4096, "build": 1024}
_FLAGS = ["-O1", "-g", "-std=gnu11", "-D_GNU_SOURCE", "-w", "-fno-omit-frame-pointer"]
_SANITIZE = ["-fno-sanitize=alignment", "-fno-sanitize-recover=all"]


@dataclass(frozen=True)
class Compiler:
    """A compiler, what it brings, and whether libFuzzer is among that."""

    command: list[str]
    about: str
    sanitizers: str
    coverage: str
    has_libfuzzer: bool = False

    def build(self, target: str, folder: Path) -> Path:
        """Compile a target. Raises ``CalledProcessError`` where that fails."""
        (folder / "folding.h").write_text(setup.folding_tables())
        places = [f"-I{folder}", f"-I{ENGINE}", f"-I{HERE}"]
        watched = [f"-fsanitize={self.sanitizers}", *_SANITIZE]
        program, part, lead = folder / target, folder / f"{target}.o", folder / f"{target}-engine.o"
        if self.has_libfuzzer:
            subprocess.run(
                [*self.command, *_FLAGS, *watched, *places, "-fsanitize=fuzzer", "-o", program, HERE / f"{target}.c"],
                check=True,
            )
            return program
        subprocess.run(
            [*self.command, *_FLAGS, *watched, self.coverage, *places, "-c", "-o", part, HERE / f"{target}.c"],
            check=True,
        )
        subprocess.run([*self.command, *_FLAGS, "-c", "-o", lead, HERE / "engine.c"], check=True)
        subprocess.run([*self.command, f"-fsanitize={self.sanitizers}", "-o", program, part, lead], check=True)
        return program


def compiler(folder: Path) -> Compiler:
    """The best compiler of this machine: clang with libFuzzer, else gcc, else zig. ``TOCSIN_FUZZ_CC=gcc`` and the like choose one."""
    chosen = os.environ.get("TOCSIN_FUZZ_CC", "")
    clang = next((name for name in ("clang", *(f"clang-{n}" for n in range(21, 13, -1))) if shutil.which(name)), None)
    if clang and chosen in ("", "clang") and _links(clang, folder):
        return Compiler(
            [clang], "clang with libFuzzer, AddressSanitizer, UndefinedBehaviorSanitizer", "address,undefined", "", True
        )
    if shutil.which("gcc") and chosen in ("", "gcc"):
        return Compiler(
            ["gcc"],
            "gcc with AddressSanitizer, UndefinedBehaviorSanitizer",
            "address,undefined",
            "-fsanitize-coverage=trace-pc",
        )
    about = "zig with UndefinedBehaviorSanitizer alone (for AddressSanitizer install gcc, or clang with libclang-rt)"
    return Compiler([sys.executable, "-m", "ziglang", "cc"], about, "undefined", "-fsanitize-coverage=trace-pc-guard")


def _links(clang: str, folder: Path) -> bool:
    """Whether the runtime libraries are there too."""
    source = folder / "nothing.c"
    source.write_text(
        "int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return p && n ? 0 : 0; }\n"
    )
    command: list[str | Path] = [clang, "-fsanitize=fuzzer,address,undefined", "-o", folder / "nothing", source]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def environment() -> dict[str, str]:
    """What a target is run with."""
    return os.environ | {
        "TOCSIN_FUZZ_ROWS": str(HERE / "rows.tsv"),
        "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }


def fuzz(
    program: Path, target: str, *, seconds: int, seed: int, found: Path, crashes: Path
) -> subprocess.CompletedProcess[str]:
    """Fuzz for some seconds, beginning with the kept corpus. What is new goes to ``found``, what breaks something to ``crashes``."""
    found.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(parents=True, exist_ok=True)
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={TARGETS[target]}",
        f"-seed={seed}",
        f"-dict={HERE / 'words.dict'}",
        f"-artifact_prefix={crashes}/{target}-",
        "-timeout=20",
        "-print_final_stats=1",
    ]
    command: list[str | Path] = [program, *options, found, CORPUS / target]
    return subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", env=environment())
