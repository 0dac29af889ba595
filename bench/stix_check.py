"""How fast STIX objects are checked: the ATT&CK bundle, on one core, beside the OASIS validator and plain decoding. Medians of rounds.

    python -m bench.stix_check [BUNDLE]

The mark is 20,000 objects a second. Times are of the processor, so that a busy machine does not count. Without the file (the folder that
TOCSIN_REAL_DATA names, else ../shared/data) a bundle of our own making takes its place, and the table says so.
"""

import gc
import json
import logging
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from tocsin.formats.json_values import Path as JsonPath
from tocsin.formats.json_values import decode_strictly, records
from tocsin.formats.stix.check import check_document, check_object
from tocsin.text.streams import Member, members

MARK = 20_000
ROUNDS = 7
PEER_OBJECTS = 100
REAL = Path(os.environ.get("TOCSIN_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")
ATTACK = REAL / "attack" / "ics-attack-18.1.json.gz"


def made(count: int = 2_000) -> bytes:
    """A bundle of relationships and indicators of our own."""
    dice = random.Random(20260324)

    def one(number: int) -> dict[str, Any]:
        kind = dice.choice(["relationship", "relationship", "indicator"])
        value = {
            "type": kind,
            "spec_version": "2.1",
            "id": f"{kind}--5d6f1a2b-3c4d-4e5f-8a9b-{number:012x}",
            "created": "2026-03-01T08:00:00.000Z",
            "modified": f"2026-03-02T08:00:00.{number % 1000:03}Z",
            "description": "Seen in March. " * dice.randrange(1, 40),
            "x_source_score": number,
        }
        if kind == "relationship":
            ends = {"source_ref": "malware", "target_ref": "infrastructure"}
            value |= {"relationship_type": "uses"}
            return value | {end: f"{name}--5d6f1a2b-3c4d-4e5f-8a9b-{number:012x}" for end, name in ends.items()}
        pattern = f"[ipv4-addr:value = '198.18.{number // 250 % 250}.{number % 250}']"
        return value | {
            "name": "A host",
            "pattern": pattern,
            "pattern_type": "stix",
            "valid_from": "2026-03-01T08:00:00Z",
        }

    bundle = {
        "type": "bundle",
        "id": "bundle--5d6f1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b",
        "objects": [one(number) for number in range(count)],
    }
    return json.dumps(bundle, indent=4).encode()


def speed(count: int, work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Objects a second of processor time."""
    found = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        found.append(count / (time.process_time() - started))
    return statistics.median(found)


def wanted(path: JsonPath, _: bytes) -> bool:
    return path not in ((), ("objects",))


def answered(raw: bytes) -> int:
    """The whole command: cut out, read strictly, checked, written."""
    size = 0
    for one in check_document(Member.of("bundle.json", raw)):
        size += len(orjson.dumps(one.as_json(), option=orjson.OPT_APPEND_NEWLINE))
    return size


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ATTACK
    if path.exists():
        raw, name = b"".join(part for member in members(path) for part in [member.open().read()]), path.name
    else:
        raw, name = made(), f"our own bundle ({path.name} is not here)"
    objects = orjson.loads(raw)["objects"]
    pieces = [piece.raw for piece in records(Member.of(name, raw), wanted) if piece.path == ("objects", None)]
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    answers = [check_object(piece) for piece in pieces]
    invalid, warnings = sum(not one.valid for one in answers), sum(len(one.warnings) for one in answers)
    print(
        f"{name}: {len(objects):,} objects, {len(raw) / len(objects):,.0f} bytes each: {invalid} not valid, {warnings:,} warnings"
    )
    count = len(pieces)
    rows = [
        ("orjson, decoded one by one: checks nothing", speed(count, lambda: [orjson.loads(piece) for piece in pieces])),
        (
            "json of Python, keys that stand twice refused",
            speed(count, lambda: [decode_strictly(piece) for piece in pieces]),
        ),
        ("tocsin, objects already decoded", speed(count, lambda: [check_object(one) for one in objects])),
        ("tocsin, bytes to answers", speed(count, lambda: [check_object(piece) for piece in pieces])),
        ("tocsin, the bundle as a stream, answers written", speed(count, lambda: answered(raw))),
        ("stix2-validator, objects already decoded", peer(objects)),
    ]
    slowest = rows[-1][1]
    print(f"\n{'':50}{'objects/s':>12}{'× validator':>14}")
    for label, rate in rows:
        print(f"{label:50}{rate:>12,.0f}" + (f"{rate / slowest:>14,.0f}" if slowest else ""))
    verdict = "kept" if rows[4][1] >= MARK else "MISSED"
    print(f"\nthe mark, {MARK:,} objects/s of the whole command on one core: {verdict}")


def peer(objects: list[Any]) -> float:
    """The OASIS validator on a sample; 0 where it is not installed."""
    try:
        import stix2validator
    except ImportError:
        return 0.0
    logging.disable(logging.CRITICAL)
    sample = random.Random(1).sample(objects, min(PEER_OBJECTS, len(objects)))
    options = stix2validator.ValidationOptions()
    return speed(len(sample), lambda: [stix2validator.validate_instance(one, options) for one in sample], rounds=3)


if __name__ == "__main__":
    main()
