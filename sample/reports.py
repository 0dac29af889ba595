"""Reports about the sample nation's own addresses, in Shadowserver's CSV form, and what must come of them."""

import csv
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sample.logs import Expected
from sample.nation import Nation

_SCAN = [
    "timestamp",
    "severity",
    "ip",
    "protocol",
    "port",
    "hostname",
    "tag",
    "asn",
    "geo",
    "region",
    "city",
    "naics",
    "sector",
]
_SINK = [
    "timestamp",
    "severity",
    "protocol",
    "src_ip",
    "src_port",
    "src_asn",
    "src_geo",
    "dst_ip",
    "dst_port",
    "infection",
    "family",
    "tag",
]


def write_reports(nation: Nation, folder: Path, seed: int) -> tuple[list[Path], Counter[Expected]]:
    """A scan report (open RDP) and a sinkhole report of the day; gives the files and the findings that must come of them."""
    random = Random(f"reports {seed}")
    folder.mkdir(parents=True, exist_ok=True)
    expected: Counter[Expected] = Counter()
    scan = folder / f"{nation.day:%Y-%m-%d}-scan_rdp-sample-nation.csv"
    sink = folder / f"{nation.day:%Y-%m-%d}-event4_sinkhole-sample-nation.csv"
    chosen = random.sample(nation.organisations, 60)
    with scan.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(_SCAN)
        for organisation in chosen[:40]:
            address = str(organisation.ipv4[random.randrange(100, 120)])
            expected[Expected(organisation.slug, "vulnerable/vulnerable-system", f"{address}:3389/tcp")] += 1
            writer.writerow(
                [
                    _time(nation, random),
                    "high",
                    address,
                    "tcp",
                    3389,
                    f"rdp.{organisation.domain}",
                    "rdp",
                    64512,
                    "XX",
                    "",
                    "",
                    0,
                    "",
                ]
            )
        writer.writerow(
            [_time(nation, random), "high", "241.77.0.9", "tcp", 3389, "", "rdp", 64513, "XX", "", "", 0, ""]
        )
        writer.writerow(
            [_time(nation, random), "high", "not-an-address", "tcp", 3389, "", "rdp", 64513, "XX", "", "", 0, ""]
        )
    with sink.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(_SINK)
        for organisation in chosen[30:]:
            address = str(organisation.ipv4[random.randrange(130, 150)])
            for _ in range(3):
                expected[Expected(organisation.slug, "malicious-code/infected-system", address)] += 1
                row = [_time(nation, random), "critical", "tcp", address, random.randrange(20000, 60000), 64512, "XX"]
                writer.writerow([*row, "243.250.0.1", 443, "sample-bot", "sample-bot", "sinkhole"])
        for handover in nation.handovers:
            for hour, holder in ((2, handover.before), (22, handover.after)):
                address = str(handover.network[60 + hour])
                at = nation.day + timedelta(hours=hour)
                expected[Expected(holder.slug, "malicious-code/infected-system", address)] += 1
                writer.writerow(
                    [
                        _shown(at),
                        "critical",
                        "tcp",
                        address,
                        40000,
                        64512,
                        "XX",
                        "243.250.0.1",
                        443,
                        "sample-bot",
                        "sample-bot",
                        "sinkhole",
                    ]
                )
    return [scan, sink], expected


def _time(nation: Nation, random: Random) -> str:
    return _shown(nation.day + timedelta(seconds=random.randrange(86_400)))


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
