"""Copies one package's lines, hashes included, out of a lock file: ``python tools/locked.py uv requirements-dev.lock out.lock``.

So that the installer itself is installed by hash too, before it is there to read the rest.
"""

import sys
from pathlib import Path


def lines_of(package: str, lock: str) -> str:
    """The requirement of ``package`` with its hashes. Raises ``SystemExit`` if the lock has none."""
    kept: list[str] = []
    for line in lock.splitlines():
        if line.startswith(f"{package}==") or (kept and line.startswith(" ") and "--hash" in line):
            kept.append(line)
        elif kept:
            break
    if not kept:
        raise SystemExit(f"{package} is not in the lock file; add it to pyproject.toml and run 'make lock'.")
    return "\n".join(kept).rstrip("\\ ") + "\n"


if __name__ == "__main__":
    name, source, target = sys.argv[1:]
    Path(target).write_text(lines_of(name, Path(source).read_text("utf-8")), "utf-8")
