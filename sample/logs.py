"""A day of mixed logs of the sample nation: harmless background, and what is planted among it, with what must come of it.

Seven formats; some logs are one constituent's own (private addresses inside), some a carrier's (public addresses of many).
"""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TextIO, cast

from sample.nation import Nation, Organisation
from sample.threats import Planted, Threats, word

#: What contact with a listed thing says about the one who had it (``docs/why/affected.md``).
_SAID_OF_AFFECTED = {"malicious-code/c2-server": "malicious-code/infected-system"}


@dataclass(frozen=True, slots=True)
class Contact:
    """One line that names a listed (or nearly listed) thing: when, who, what."""

    at: datetime
    client: str
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """What a format writer gets: a moment, a client, a name or address asked for, and whether a full URL is known."""

    at: datetime
    client: str
    host: str
    path: str
    number: int


@dataclass(frozen=True, slots=True)
class Expected:
    """One finding that must come of the day: constituent, class of problem, asset."""

    organisation: str
    classification: str
    asset: str


@dataclass(slots=True)
class Log:
    """A log file, its owner, and what is planted in it."""

    name: str
    owner: Organisation
    write: Callable[[Line], str]
    head: str = ""
    contacts: list[Contact] = field(default_factory=list)


@dataclass(slots=True)
class Day:
    """All logs of the day and the truth about them: how often each finding must have been observed."""

    midnight: datetime
    logs: list[Log]
    expected: Counter[Expected] = field(default_factory=Counter)
    counted: int = 0
    not_counted: int = 0


# ---- formats -------------------------------------------------------------------------------------------------------


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def zeek_dns(line: Line) -> str:
    """Zeek's dns.log, tab-separated."""
    return (
        f"{line.at.timestamp():.6f}\tC{line.number:017d}\t{line.client}\t{20000 + line.number % 40000}\t10.0.0.53\t53\tudp\t"
        f"{line.number % 65536}\t0.001\t{line.host}\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t198.51.100.7\t300.0\tF"
    )


ZEEK_DNS_HEAD = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\t"
    "qtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\tcount\tstring\tcount\t"
    "string\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]\tbool\n"
)


def zeek_http(line: Line) -> str:
    """Zeek's http.log as JSON: host and path in separate fields."""
    return json.dumps(
        {
            "_path": "http",
            "ts": _stamp(line.at),
            "uid": f"C{line.number:017d}",
            "id.orig_h": line.client,
            "id.orig_p": 20000 + line.number % 40000,
            "id.resp_h": "203.0.113.80",
            "id.resp_p": 80,
            "method": "GET",
            "host": line.host,
            "uri": line.path or "/",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0",
            "status_code": 200,
        },
        separators=(",", ":"),
    )


def squid(line: Line) -> str:
    """Squid's native access log."""
    return (
        f"{line.at.timestamp():.3f}    {line.number % 900:3d} {line.client} TCP_MISS/200 {1000 + line.number % 9000} GET "
        f"http://{line.host}{line.path or '/'} - HIER_DIRECT/203.0.113.{line.number % 250} text/html"
    )


def netfilter(line: Line) -> str:
    """A carrier's firewall in rsyslog's ISO form: addresses only."""
    return (
        f"{_stamp(line.at)} edge-1 kernel: [{line.number}.000000] FORWARD IN=eth0 OUT=eth1 SRC={line.client} DST={line.host} "
        f"LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID={line.number % 65536} DF PROTO=TCP SPT={20000 + line.number % 40000} DPT=443 WINDOW=64240"
    )


def cef(line: Line) -> str:
    """A security gateway's CEF over syslog."""
    return (
        f"{_stamp(line.at)} gateway CEF:0|Sample|Gateway|1.0|100|connection|3|rt={int(line.at.timestamp() * 1000)} "
        f"src={line.client} spt={20000 + line.number % 40000} dst=203.0.113.9 dpt=443 proto=TCP dhost={line.host} "
        f"request=https://{line.host}{line.path or '/'} act=allowed"
    )


def apache(line: Line) -> str:
    """A web server's combined log: the referrer carries the name."""
    return (
        f'{line.client} - - [{line.at:%d/%b/%Y:%H:%M:%S +0000}] "GET /page/{line.number % 700} HTTP/1.1" 200 '
        f'{2000 + line.number % 5000} "http://{line.host}{line.path or "/"}" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/119.0.0.0"'
    )


def sensor(line: Line) -> str:
    """An end-point agent's JSON lines with the digest of what was run."""
    digest = line.path or f"{line.number:064x}"
    return json.dumps(
        {
            "timestamp": _stamp(line.at),
            "src_ip": line.client,
            "event": "process_start",
            "image": f"C:\\Users\\u{line.number % 90}\\{word(Random(line.number), 2)}.exe",
            "sha256": digest.upper(),
        },
        separators=(",", ":"),
    )


# ---- the plan ------------------------------------------------------------------------------------------------------


def plan_day(nation: Nation, threats: Threats, seed: int) -> Day:
    """Decide who writes which log and what is planted where, and note what must come of it."""
    random = Random(f"plan {seed}")
    logs = _logs(nation)
    day = Day(nation.day, logs)
    own, carrier, gateway = logs[:-2], logs[-2], logs[-1]
    names = [one for one in threats.of_fate("counts") if one.kind == "domain-name"]
    pages = [one for one in threats.of_fate("counts") if one.kind == "url"]
    addresses = [one for one in threats.of_fate("counts") if one.kind == "ipv4-addr"]
    digests = [one for one in threats.of_fate("counts") if one.kind == "file"]
    for log in own:
        fitting = digests if log.write is sensor else names if log.write is zeek_dns else names + pages
        for one in random.sample(fitting, min(6, len(fitting))):
            _plant_inside(day, log, one, random)
    for one in addresses:
        _plant_carried(day, carrier, one, random.choice(nation.organisations), random)
    for one in names + pages:
        _plant_carried(day, gateway, one, random.choice(nation.organisations), random)
    for handover in nation.handovers:
        for hours, organisation in ((3, handover.before), (20, handover.after)):
            client = str(handover.network[10 + hours])
            _note(day, gateway, random.choice(names), nation.day + timedelta(hours=hours), client, organisation.slug)
    _plant_stranger(day, carrier, random.choice(addresses), random)
    _plant_decoys(day, threats, own, gateway, nation, random)
    return day


def _logs(nation: Nation) -> list[Log]:
    logs = []
    for position, write, ending in (
        (2, squid, "squid.log"),
        (27, zeek_dns, "dns.log.gz"),
        (55, zeek_http, "http.json"),
        (80, zeek_dns, "dns.log"),
        (107, squid, "access.log"),
        (131, zeek_http, "http.json.gz"),
        (160, sensor, "agents.jsonl"),
        (185, sensor, "agents.jsonl"),
        (11, apache, "www.log"),
    ):
        owner = nation.organisations[position]
        logs.append(Log(f"{owner.slug}/{ending}", owner, write, ZEEK_DNS_HEAD if write is zeek_dns else ""))
    telecom = nation.of_sector("telecom")
    logs.append(Log(f"{telecom[0].slug}/edge.log", telecom[0], netfilter))
    logs.append(Log(f"{telecom[1].slug}/gateway.cef", telecom[1], cef))
    return logs


def _moment(day: datetime, random: Random) -> datetime:
    return day + timedelta(seconds=random.randrange(600, 85_800), microseconds=random.randrange(1_000_000))


def _note(day: Day, log: Log, one: Planted, at: datetime, client: str, organisation: str) -> None:
    log.contacts.append(Contact(at, client, one.value))
    day.counted += 1
    day.expected[Expected(organisation, _SAID_OF_AFFECTED.get(one.said, one.said), client)] += 1


def _plant_inside(day: Day, log: Log, one: Planted, random: Random) -> None:
    """A constituent's own machine, by its private address: the log's owner is affected."""
    client = f"10.{random.randrange(1, 9)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    at = _moment(day.midnight, random)
    _note(day, log, one, at, client, log.owner.slug)
    if random.random() < 0.5:  # the same machine again: one finding more often seen, not one more finding
        _note(day, log, one, at + timedelta(seconds=90), client, log.owner.slug)


def _plant_carried(day: Day, log: Log, one: Planted, organisation: Organisation, random: Random) -> None:
    """A public address in a carrier's log: its network's owner is affected, not the carrier."""
    client = str(organisation.ipv4[random.randrange(20, 250)])
    if random.random() < 0.2:
        client = str(organisation.ipv6[random.randrange(1, 1 << 60)])
    _note(day, log, one, _moment(day.midnight, random), client, organisation.slug)


def _plant_stranger(day: Day, log: Log, one: Planted, random: Random) -> None:
    """An address that no constituent holds: the hit counts and stays visible as nobody's; there is no finding."""
    log.contacts.append(Contact(_moment(day.midnight, random), f"241.9.{random.randrange(256)}.7", one.value))
    day.counted += 1


def _plant_decoys(day: Day, threats: Threats, own: list[Log], gateway: Log, nation: Nation, random: Random) -> None:
    for one in threats.of_fate("expired", "revoked", "listed"):
        log = random.choice([log for log in own if log.write is not sensor])
        log.contacts.append(Contact(_moment(nation.day, random), "10.9.9.9", one.value))
        day.not_counted += 1
    for one in threats.of_fate("counts"):
        near = _near_miss(one)
        if near:
            gateway.contacts.append(Contact(_moment(nation.day, random), "10.8.8.8", near))


def _near_miss(one: Planted) -> str | None:
    if one.kind == "domain-name":
        return f"not{one.value}" if len(one.value) % 2 else f"{one.value}.decoy.example"
    if one.kind == "url":
        return f"{one.value}x"
    return None


# ---- writing -------------------------------------------------------------------------------------------------------

_LINE_BYTES = 185


def write_day(day: Day, folder: Path, megabytes: int, seed: int) -> dict[str, list[Path]]:
    """Write every log, about ``megabytes`` decompressed in all; gives owner's slug → its files."""
    each = megabytes * 1_000_000 // _LINE_BYTES // len(day.logs)
    written: dict[str, list[Path]] = {}
    for log in day.logs:
        path = folder / log.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with _open(path) as out:
            out.write(log.head)
            out.writelines(
                f"{log.write(line)}\n" for line in _lines(log, day.midnight, each, Random(f"{log.name} {seed}"))
            )
        written.setdefault(log.owner.slug, []).append(path)
    return written


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "wt", 1, "utf-8"))
    return path.open("w", encoding="utf-8")


def _lines(log: Log, midnight: datetime, count: int, random: Random) -> Iterator[Line]:
    """Background evenly over the day, the planted contacts at their moments."""
    contacts = sorted(log.contacts, key=lambda contact: contact.at)
    step, number = timedelta(days=1) / count, 0
    background = _Background(log, random)
    for index in range(count):
        at = midnight + step * index
        while contacts and contacts[0].at <= at:
            yield _planted(contacts.pop(0), number)
            number += 1
        yield background.line(at, number)
        number += 1
    for contact in contacts:
        yield _planted(contact, number)
        number += 1


def _planted(contact: Contact, number: int) -> Line:
    host, stroke, path = contact.value.partition("/")
    if len(host) == 64 and not stroke:
        return Line(contact.at, contact.client, "", host, number)
    return Line(contact.at, contact.client, host, stroke + path, number)


class _Background:
    """Harmless traffic: a few thousand names and addresses, drawn once, that no partner lists."""

    def __init__(self, log: Log, random: Random) -> None:
        self._random = random
        self._hosts = [f"{word(random)}.site-{n}.example" for n in range(4000)]
        if log.write is netfilter:
            self._hosts = [f"242.{n % 200}.{n // 200}.{random.randrange(1, 255)}" for n in range(4000)]
        self._clients = [f"10.{n % 9}.{n // 9 % 256}.{random.randrange(1, 255)}" for n in range(1500)]
        if log.write in (netfilter, cef):
            self._clients = [f"198.18.{n % 200}.{random.randrange(1, 20)}" for n in range(1500)]

    def line(self, at: datetime, number: int) -> Line:
        draw = self._random.random()
        client = self._clients[int(draw * 1_000_003) % 1500]
        host = self._hosts[int(draw * 7_368_787) % 4000]
        return Line(at, client, host, "", number)
