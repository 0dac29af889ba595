"""``kill -9`` at any point of a run or of the absorption after it, then done again: the same as if nothing had happened."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KILLS = 20


def test_a_run_and_its_absorption_killed_at_any_point_and_done_again_are_as_if_unbroken(
    tmp_path: Path, database: str
) -> None:
    seed = random.randrange(1 << 30)  # noqa: S311 (moments, not secrets)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.findings.killing", str(tmp_path), str(KILLS), str(seed)],
        cwd=ROOT,
        env=os.environ
        | {
            "TOCSIN_STORAGE_FOLDER": str(tmp_path / "storage"),
            "TOCSIN_STORAGE_DATABASE": database,
            "DJANGO_SETTINGS_MODULE": "tocsin.project.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"seed {seed}: {ran.stderr}"
    told = json.loads(ran.stdout)
    unbroken, kills = told["unbroken"], told["kills"]
    assert unbroken["is_unique"]
    assert (unbroken["running"], unbroken["orphans"]) == (0, [])
    assert unbroken["findings"] == unbroken["changes"] > 500
    assert sum(kill["was_killed"] for kill in kills) >= KILLS * 2 // 3, f"seed {seed}: too few came in time: {told}"
    during = [kill["left"] for kill in kills if "running" in kill["left"]["states"]]
    assert during, f"seed {seed}: no kill hit a run"
    assert all(left["visible_hits"] == 0 and left["findings"] == 0 for left in during), f"seed {seed}: {during}"
    assert all(left["findings"] in (0, unbroken["findings"]) for left in (kill["left"] for kill in kills))
    wrong = [kill for kill in kills if kill["again"] != unbroken]
    assert wrong == [], f"seed {seed}"
