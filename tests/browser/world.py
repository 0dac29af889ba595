"""A small world for the browser: the cast's constituency, three deliveries, one log, and what they come to."""

import gzip
import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.agreements.written import sample_text
from tests.browser.served import tocsin
from tests.cast import CONSTITUENCY

LEAD = "luqman@team.example"
ANALYST = "ayesha@team.example"

#: A source's list with one line that cannot be used and one that is said twice.
_DOMAINS = [
    "# names",
    *(f"c2-{number:03}.bad-actor.example" for number in range(120)),
    "c2-001.bad-actor.example",
    "not a domain!",
]

_SINKHOLE = """\
"timestamp","severity","protocol","src_ip","src_port","src_asn","src_geo","dst_ip","dst_port","infection","family","tag"
"2026-11-22 00:39:28","critical","tcp","198.18.10.77","56409","64500","XX","240.0.0.1","443","sample-bot","sample-bot","sinkhole"
"2026-11-22 09:01:02","high","tcp","198.18.20.9","40001","64500","XX","240.0.0.1","443","sample-bot","sample-bot","sinkhole"
"2026-11-22 10:00:00","critical","tcp","2001:db8:10::5","40002","64500","XX","240.0.0.1","443","other-bot","other-bot","sinkhole"
"""

_FIELDS = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto query"
_TYPES = "time string addr port addr port enum string"

_SOURCES = """\
sources:
  - {name: open-list, title: Open list of names, feeds: [plain/domains]}
  - {name: national-cert, title: Objects of our own, feeds: [stix/bundle]}
  - {name: shadowserver, title: Shadowserver Foundation, feeds: [shadowserver], tlp: "amber+strict"}
"""


#: What a label of TLP 1 is called in STIX (OASIS STIX 2.1, section 7.2.1.4).
_GREEN = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
_RED = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"


def _agreement(revision: int, threshold: int) -> bytes:
    """The sample, between us and the same others."""
    text = sample_text().decode().replace("harbour:", "national-cert:").replace("harbour>", "national-cert>")
    text = text.replace(">harbour", ">national-cert").replace("of: harbour", "of: national-cert")
    text = text.replace("party: harbour", "party: national-cert").replace("k_anonymity: 5", f"k_anonymity: {threshold}")
    text = text.replace("taxii21_mtls,", "taxii21_mtls, taxii21,")
    return text.replace("revision: 4", f"revision: {revision}").encode()


def _object(kind: str, key: str, /, **properties: Any) -> dict[str, Any]:
    told = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid5(NAMESPACE_URL, f'{kind} {key}')}"}
    at = "2026-11-20T08:00:00.000Z"
    return told | {"created": at, "modified": at, "object_marking_refs": [_GREEN]} | properties


def _indicator(name: str, /, **properties: Any) -> dict[str, Any]:
    pattern = f"[domain-name:value = '{name}']"
    told = {"pattern": pattern, "pattern_type": "stix", "valid_from": "2026-11-20T08:00:00.000Z", "name": name}
    return _object("indicator", name, indicator_types=["malicious-activity"], **(told | properties))


def _bundle() -> bytes:
    """A malware with what points to it; one indicator is too red to go, one has a label that nobody can read."""
    family = _object("malware", "sample-bot", name="Sample bot", is_family=True)
    found = [_indicator(f"c2-{number:03}.bad-actor.example", confidence=80) for number in range(6)]
    found[4]["object_marking_refs"] = [_RED]
    found[5]["object_marking_refs"] = ["marking-definition--00000000-0000-4000-8000-000000000bad"]
    links = [
        _object("relationship", one["id"], relationship_type="indicates", source_ref=one["id"], target_ref=family["id"])
        for one in found[:3]
    ]
    name = f"bundle--{uuid5(NAMESPACE_URL, 'bundle')}"
    return json.dumps({"type": "bundle", "id": name, "objects": [family, *found, *links]}).encode()


def _log() -> str:
    asked = [(at, "198.18.20.31", f"www.site-{at}.example") for at in range(400)]
    asked[17] = (17, "198.18.20.31", "c2-007.bad-actor.example")
    asked[18] = (18, "198.18.99.4", "C2-010.bad-actor.example")
    head = [
        "#separator \\x09",
        "#path\tdns",
        "#fields\t" + _FIELDS.replace(" ", "\t"),
        "#types\t" + _TYPES.replace(" ", "\t"),
    ]
    rows = [f"{1795305600 + at}.0\tC{at}\t{who}\t53123\t198.18.20.53\t53\tudp\t{what}" for at, who, what in asked]
    return "\n".join((*head, *rows)) + "\n"


def make_world(folder: Path, environment: dict[str, str]) -> None:
    """Fill the storage that ``environment`` names, through the command line that people use. Files go to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "constituency.yaml": CONSTITUENCY,
        "sources.yaml": _SOURCES,
        "domains.txt": "\n".join(_DOMAINS) + "\n",
        "2026-11-22-event4_sinkhole-sample.csv": _SINKHOLE,
    }
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "dns.log.gz").write_bytes(gzip.compress(_log().encode()))
    (folder / "agreement.yaml").write_bytes(_agreement(4, 5))
    (folder / "agreement-5.yaml").write_bytes(_agreement(5, 9))
    (folder / "objects.json").write_bytes(_bundle())
    for words in (
        ("init",),
        ("person", "add", LEAD, "--name", "Luqman", "--role", "lead", "--role", "administrator"),
        ("person", "add", ANALYST, "--name", "Ayesha", "--role", "analyst"),
        ("constituency", "load", str(folder / "constituency.yaml")),
        ("source", "load", str(folder / "sources.yaml")),
        ("ingest", "plain/domains", str(folder / "domains.txt"), "--source", "open-list"),
        ("ingest", "shadowserver", str(folder / "2026-11-22-event4_sinkhole-sample.csv"), "--source", "shadowserver"),
        ("run", str(folder / "dns.log.gz"), "--owner", "karakoram-bank"),
        ("findings", "update"),
        ("agreement", "import", str(folder / "agreement.yaml"), "--demo"),
        ("agreement", "import", str(folder / "agreement-5.yaml"), "--demo"),
        ("agreement", "approver", "add", "role--director", LEAD),
        ("exchange", "partner", "add", "beacon", "--party", "beacon", "--title", "Beacon Labs"),
        ("exchange", "client", "add", "beacon", "beacon-collector"),
        ("ingest", "stix/bundle", str(folder / "objects.json"), "--source", "national-cert"),
        ("exchange", "offer"),
        ("ledger", "checkpoint"),
    ):
        tocsin(environment, *words)
