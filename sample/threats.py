"""What partners of the sample nation deliver: indicators and reports in real formats, and the warning lists beside them.

The background is large and harmless: no log line of the day contains it. What is planted in the logs is drawn apart and
handed to ``logs.py`` and ``truth.py``.
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from random import Random
from uuid import UUID

from sample.nation import Nation

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstv" for vowel in "aeiou"]

#: How many indicators of each kind lie in the background (with the planted ones: more than 250,000).
BACKGROUND = {
    "kaspersky-url": 40_000,
    "kaspersky-hash": 30_000,
    "plain": 100_000,
    "urlhaus": 30_000,
    "stix": 6_000,
    "misp": 6_000,
}


@dataclass(frozen=True, slots=True)
class Planted:
    """An indicator that stands in the logs. ``kind`` is a STIX type; ``said`` its RSIT class; ``fate`` why it may not count."""

    kind: str
    value: str
    said: str
    fate: str = "counts"


@dataclass(slots=True)
class Threats:
    """All that is delivered, and what of it is planted."""

    day: datetime
    planted: list[Planted] = field(default_factory=list)
    listed_hosts: list[str] = field(default_factory=list)
    popular_hosts: list[str] = field(default_factory=list)

    def of_fate(self, *fates: str) -> list[Planted]:
        """The planted indicators with one of these fates."""
        return [one for one in self.planted if one.fate in fates]


def word(random: Random, syllables: int = 4) -> str:
    """A pronounceable label that no dictionary has."""
    return "".join(random.choice(_SYLLABLES) for _ in range(syllables))


def make_threats(nation: Nation, seed: int) -> Threats:
    """Draw what is planted: C2 names and addresses, downloads, phishing pages, hashes, scanners; expired, revoked, listed ones."""
    random = Random(f"threats {seed}")
    threats = Threats(nation.day)
    plant = threats.planted.append
    for number in range(40):
        plant(Planted("domain-name", f"{word(random)}-c2-{number}.example", "malicious-code/c2-server"))
    for number in range(30):
        plant(Planted("ipv4-addr", f"243.7.{number}.{random.randrange(1, 255)}", "malicious-code/c2-server"))
    for number in range(20):
        plant(
            Planted(
                "url",
                f"{word(random)}-dl-{number}.example/get/{word(random)}.exe",
                "malicious-code/malware-distribution",
            )
        )
    for number in range(12):
        plant(Planted("url", f"{word(random)}-bank-{number}.example/login", "fraud/phishing"))
    for number in range(8):
        digest = hashlib.sha256(f"sample {seed} {number}".encode()).hexdigest()
        plant(Planted("file", digest, "malicious-code/malware-distribution"))
    for number in range(10):
        plant(Planted("domain-name", f"{word(random)}-old-{number}.example", "malicious-code/c2-server", "expired"))
    for number in range(5):
        plant(Planted("domain-name", f"{word(random)}-back-{number}.example", "malicious-code/c2-server", "revoked"))
    for number in range(5):
        host = f"{word(random)}-cdn-{number}.example"
        threats.listed_hosts.append(host)
        plant(Planted("domain-name", host, "malicious-code/c2-server", "listed"))
    # A popular site hosts one bad page: the list knows the host as good and must not silence the page.
    for number in range(3):
        host = f"{word(random)}-popular-{number}.example"
        threats.popular_hosts.append(host)
        plant(Planted("url", f"{host}/share/{word(random)}", "malicious-code/malware-distribution"))
    return threats


def write_deliveries(threats: Threats, folder: Path, seed: int) -> dict[str, tuple[str, list[Path]]]:
    """Write every delivery; gives source name → (feed, files)."""
    random = Random(f"deliveries {seed}")
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "kaspersky-botnet": ("kaspersky/botnet-cnc-url", [_kaspersky_urls(threats, folder, random)]),
        "kaspersky-hash": ("kaspersky/malicious-hash", [_kaspersky_hashes(threats, folder, random)]),
        "kaspersky-ip": ("kaspersky/ip-reputation", [_kaspersky_addresses(threats, folder, random)]),
        "bank-cert": ("stix/bundle", [_stix(threats, folder, random)]),
        "neighbour-cert": ("misp/event", [_misp(threats, folder, random)]),
        "urlhaus": ("abusech/urlhaus", [_urlhaus(threats, folder, random)]),
        "open-list": ("plain/domains", [_plain(folder, random)]),
        "warning-lists": ("misp/warning-lists", _warning_lists(threats, folder)),
    }


def _of(threats: Threats, kind: str, *classes: str) -> list[Planted]:
    return [one for one in threats.planted if one.kind == kind and (not classes or one.said in classes)]


def _kaspersky_time(at: datetime) -> str:
    return at.strftime("%d.%m.%Y %H:%M")


def _kaspersky_urls(threats: Threats, folder: Path, random: Random) -> Path:
    """Botnet C&C masks: type 1 is a domain with all below it. The even half of the planted live domains is here."""
    masks = [(one.value, 1) for one in threats.of_fate("counts", "listed") if one.kind == "domain-name"]
    masks += [(f"{word(random, 5)}-{n}.kb.example", 1) for n in range(BACKGROUND["kaspersky-url"] // 2)]
    masks += [
        (f"{word(random, 5)}-{n}.kb.example/{word(random, 2)}/*", 20) for n in range(BACKGROUND["kaspersky-url"] // 2)
    ]
    random.shuffle(masks)
    records = (
        {
            "id": 100_000_000 + number,
            "type": kind,
            "mask": mask,
            "first_seen": _kaspersky_time(threats.day - timedelta(days=random.randrange(3, 60))),
            "last_seen": _kaspersky_time(threats.day - timedelta(days=1)),
            "popularity": random.randrange(1, 6),
            "geo": "pk, ae, tr",
            "threat": f"HEUR:Backdoor.Linux.{random.choice(('Mirai', 'Gafgyt', 'Tsunami'))}.{random.choice('abcdef')}",
            "whois": {"domain": mask.partition("/")[0], "country": "XX"},
        }
        for number, (mask, kind) in enumerate(masks)
    )
    return _json_array(folder / "Botnet_CnC_URL_Data_Feed.json", records)


def _kaspersky_hashes(threats: Threats, folder: Path, random: Random) -> Path:
    digests = [one.value for one in _of(threats, "file")]
    digests += [hashlib.sha256(f"background {n}".encode()).hexdigest() for n in range(BACKGROUND["kaspersky-hash"])]
    records = (
        {
            "MD5": hashlib.md5(digest.encode(), usedforsecurity=False).hexdigest().upper(),
            "SHA1": hashlib.sha1(digest.encode(), usedforsecurity=False).hexdigest().upper(),
            "SHA256": digest.upper(),
            "threat": "Trojan-Ransom.Win32.Sample.a",
            "file_type": "PE",
            "file_size": 40_960 + number,
            "first_seen": _kaspersky_time(threats.day - timedelta(days=20)),
            "last_seen": _kaspersky_time(threats.day - timedelta(days=2)),
            "popularity": random.randrange(1, 6),
            "geo": "pk, in",
        }
        for number, digest in enumerate(digests)
    )
    return _json_array(folder / "Malicious_Hash_Data_Feed.json", records)


def _kaspersky_addresses(threats: Threats, folder: Path, random: Random) -> Path:
    addresses = [one.value for one in _of(threats, "ipv4-addr")]
    addresses += [str(IPv4Address("244.0.0.1") + 7 * n) for n in range(8_000)]
    records = (
        {
            "id": number,
            "ip": address,
            "threat_score": 75 + number % 25,
            "category": "botnet_c&c",
            "first_seen": _kaspersky_time(threats.day - timedelta(days=9)),
            "last_seen": _kaspersky_time(threats.day - timedelta(days=1)),
            "popularity": random.randrange(1, 6),
            "ip_geo": "xx",
            "users_geo": "pk",
        }
        for number, address in enumerate(addresses)
    )
    return _json_array(folder / "IP_Reputation_Data_Feed.json", records)


def _json_array(path: Path, records: Iterator[dict[str, object]]) -> Path:
    """One big JSON array, a record a line, as the vendor writes it."""
    with path.open("w", encoding="utf-8") as out:
        for number, record in enumerate(records):
            out.write(("[" if number == 0 else ",\n") + json.dumps(record, ensure_ascii=False))
        out.write("]\n")
    return path


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _stix(threats: Threats, folder: Path, random: Random) -> Path:
    """The bank sector's CERT: phishing pages, expired and revoked indicators, TLP:GREEN; background names."""
    identity = f"identity--{_uuid(random)}"
    began, ended = threats.day - timedelta(days=40), threats.day - timedelta(days=2)
    objects: list[dict[str, object]] = [
        {
            "type": "identity",
            "spec_version": "2.1",
            "id": identity,
            "created": _stamp(began),
            "modified": _stamp(began),
            "name": "Sample bank sector CERT",
            "identity_class": "organization",
        }
    ]

    def indicator(pattern: str, kind: str, fate: str = "counts") -> dict[str, object]:
        made: dict[str, object] = {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{_uuid(random)}",
            "created_by_ref": identity,
            "created": _stamp(began),
            "modified": _stamp(began),
            "indicator_types": [kind],
            "pattern": pattern,
            "pattern_type": "stix",
            "valid_from": _stamp(began),
            "confidence": 80,
            "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
        }
        if fate == "expired":
            made["valid_until"] = _stamp(ended)
        if fate == "revoked":
            made["revoked"] = True
        return made

    for one in _of(threats, "url", "fraud/phishing"):
        objects.append(indicator(f"[url:value = 'http://{one.value}']", "phishing"))
    for one in threats.of_fate("expired", "revoked"):
        objects.append(indicator(f"[domain-name:value = '{one.value}']", "c2", one.fate))
    for number in range(BACKGROUND["stix"]):
        objects.append(indicator(f"[domain-name:value = '{word(random)}-{number}.stix.example']", "malicious-activity"))
    objects.append(indicator("[file:name = 'a.exe' AND network-traffic:dst_port = 4444]", "malicious-activity"))
    path = folder / "bank-cert-bundle.json"
    path.write_text(json.dumps({"type": "bundle", "id": f"bundle--{_uuid(random)}", "objects": objects}), "utf-8")
    return path


def _misp(threats: Threats, folder: Path, random: Random) -> Path:
    """A neighbouring country's MISP feed: a manifest and one file an event; downloads are planted here."""
    target = folder / "neighbour-misp"
    target.mkdir(exist_ok=True)
    values = [("url", f"http://{one.value}") for one in _of(threats, "url", "malicious-code/malware-distribution")]
    values += [("domain", f"{word(random)}-{n}.misp.example") for n in range(BACKGROUND["misp"])]
    stamp = str(int((threats.day - timedelta(days=3)).timestamp()))
    manifest: dict[str, object] = {}
    for number in range(0, len(values), 1500):
        uid = _uuid(random)
        head = {
            "info": f"Sample campaign {number // 1500 + 1}",
            "date": f"{threats.day:%Y-%m-%d}",
            "timestamp": stamp,
            "analysis": "2",
            "threat_level_id": "1",
            "Orgc": {"name": "Neighbour CERT", "uuid": "5f1c3d7e-6f0a-4c7e-9f59-2f6a53c0a001"},
            "Tag": [{"name": "tlp:amber"}, {"name": 'rsit:malicious-code="malware-distribution"'}],
        }
        attributes = [
            {
                "uuid": _uuid(random),
                "type": kind,
                "category": "Network activity",
                "value": value,
                "to_ids": True,
                "timestamp": stamp,
            }
            for kind, value in values[number : number + 1500]
        ]
        event = {"Event": {**head, "uuid": uid, "published": True, "Attribute": attributes}}
        (target / f"{uid}.json").write_text(json.dumps(event), "utf-8")
        manifest[uid] = head
    (target / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return target


def _urlhaus(threats: Threats, folder: Path, random: Random) -> Path:
    """An open feed of download addresses, all of it background."""
    path = folder / "urlhaus.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(
            "# Sample in the shape of URLhaus' CSV dump\r\n# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n"
        )
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        for number in range(BACKGROUND["urlhaus"]):
            added = threats.day - timedelta(days=random.randrange(1, 20), seconds=number)
            host = f"{word(random)}-{number}.uh.example"
            writer.writerow(
                [
                    3_000_000 + number,
                    f"{added:%Y-%m-%d %H:%M:%S}",
                    f"http://{host}/{word(random, 2)}/bin.sh",
                    "online",
                    "",
                    "malware_download",
                    "elf,mirai",
                    f"https://urlhaus.example/url/{3_000_000 + number}/",
                    "sample",
                ]
            )
    return path


def _plain(folder: Path, random: Random) -> Path:
    path = folder / "open-list.txt"
    with path.open("w", encoding="utf-8") as out:
        out.write("# Sample list of names, one a line\n")
        out.writelines(f"{word(random)}-{n}.list.example\n" for n in range(BACKGROUND["plain"]))
        out.write("not a name at all\n")
    return path


def _warning_lists(threats: Threats, folder: Path) -> list[Path]:
    """Two lists of known-good values: a popularity list (exact hosts only) and one of hosting names (with all below them)."""
    target = folder / "warning-lists"
    target.mkdir(exist_ok=True)
    lists = {
        "sample-top-sites": {
            "name": "Sample top sites (tranco)",
            "description": "The sample nation's most visited sites",
            "version": 20260101,
            "type": "string",
            "matching_attributes": ["domain", "hostname", "url"],
            "list": threats.popular_hosts,
        },
        "sample-content-delivery": {
            "name": "Sample content delivery names",
            "description": "Names of content delivery networks",
            "version": 20260101,
            "type": "hostname",
            "matching_attributes": ["domain", "hostname"],
            "list": threats.listed_hosts,
        },
    }
    for name, content in lists.items():
        (target / f"{name}.json").write_text(json.dumps(content, indent=1), "utf-8")
    return [target]
