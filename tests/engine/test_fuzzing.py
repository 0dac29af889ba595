"""The core under sanitizers: what fuzzing has found so far, and some seconds more of it (``make fuzz`` takes its time)."""

import shutil
from pathlib import Path

import pytest
from tests.engine.fuzz import harness

SECONDS = 8


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("gcc"), reason="needs a C compiler with AddressSanitizer (Debian: gcc)")
@pytest.mark.parametrize("target", sorted(harness.TARGETS))
def test_fuzzing_finds_nothing(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gcc alone: clang's libraries may be on one machine and not on another, and the kept corpus is run by either."""
    monkeypatch.setenv("TOCSIN_FUZZ_CC", "gcc")
    program = harness.compiler(tmp_path).build(target, tmp_path)
    done = harness.fuzz(
        program, target, seconds=SECONDS, seed=0, found=tmp_path / "found", crashes=tmp_path / "crashes"
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert "DONE" in done.stdout
