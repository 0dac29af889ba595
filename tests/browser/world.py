"""A small world for the browser: the cast's constituency, three deliveries, one log, and what they come to."""

import gzip
from pathlib import Path

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
  - {name: shadowserver, title: Shadowserver Foundation, feeds: [shadowserver], tlp: "amber+strict"}
"""


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
    ):
        tocsin(environment, *words)
