"""Takes every address out of ``package-lock.json``: where a package was fetched from, where its authors ask for money.

The lock then carries names, versions and hashes only, and ``npm ci`` uses whatever registry the machine is set up for.
"""

import json
import sys
from pathlib import Path

_ADDRESSES = ("resolved", "funding")


def without_addresses(lock: str) -> str:
    """The lock's text without them, in npm's own layout."""
    content = json.loads(lock)
    for package in content["packages"].values():
        for key in _ADDRESSES:
            package.pop(key, None)
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(without_addresses(path.read_text("utf-8")), "utf-8")
