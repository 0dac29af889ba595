"""Fuzzing of the native core under sanitizers, steered by coverage (``make fuzz``).

``python -m tests.engine.fuzz [--seconds N] [--seed N] [--keep] [TARGET...]``: every target for so many seconds (600), as many at a time
as there are processors. What breaks something is left in ``var/fuzz/crashes``:
run the target in ``var/fuzz`` with that file to see it again.
``--keep`` puts what reaches anything new into the kept corpus, as few and as small inputs as libFuzzer can make of them.
"""

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.engine.fuzz import harness


def _summary(output: str) -> str:
    """The lines that tell how it went."""
    told = [
        line
        for line in output.splitlines()
        if "DONE" in line or "number_of_executed_units" in line or "FOUND" in line or "SUMMARY" in line
    ]
    return "\n".join(f"  {line}" for line in told)


def _keep(program: Path, target: str, found: Path) -> None:
    """Put few small inputs that reach every edge which any reaches into the kept corpus."""
    corpus, merged = harness.CORPUS / target, found.with_name(f"{target}-merged")
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    subprocess.run(
        [program, "-merge=1", "-use_counters=0", merged, found, corpus],
        check=True,
        capture_output=True,
        env=harness.environment(),
    )
    shutil.rmtree(corpus)
    merged.rename(corpus)


def main() -> int:
    """Fuzz; 1 where anything was found."""
    reader = argparse.ArgumentParser(prog="python -m tests.engine.fuzz")
    reader.add_argument(
        "targets", nargs="*", choices=[[], *harness.TARGETS], metavar="TARGET", help=", ".join(harness.TARGETS)
    )
    reader.add_argument("--seconds", type=int, default=600)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--keep", action="store_true")
    options = reader.parse_args()
    folder = Path("var/fuzz").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    chosen = harness.compiler(folder)
    targets = options.targets or list(harness.TARGETS)
    print(f"{chosen.about}: {', '.join(targets)}, {options.seconds} s each", flush=True)
    programs = {target: chosen.build(target, folder) for target in targets}

    def run(target: str) -> bool:
        done = harness.fuzz(
            programs[target],
            target,
            seconds=options.seconds,
            seed=options.seed,
            found=folder / f"new-{target}",
            crashes=folder / "crashes",
        )
        (folder / f"{target}.log").write_text(done.stdout + done.stderr)
        print(
            f"{target}: {'sound' if not done.returncode else f'FOUND SOMETHING, see var/fuzz/{target}.log'}", flush=True
        )
        print(_summary(done.stdout + done.stderr), flush=True)
        return done.returncode == 0

    for target in targets:
        shutil.rmtree(folder / f"new-{target}", ignore_errors=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        is_sound = all(list(pool.map(run, targets)))
    if options.keep and not chosen.has_libfuzzer:
        print("the corpus stays as it is: only libFuzzer (clang) can make it small")
    elif options.keep and is_sound:
        for target in targets:
            _keep(programs[target], target, folder / f"new-{target}")
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
