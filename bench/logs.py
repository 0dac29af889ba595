"""Seeded indicators and logs for the benchmarks of matching, in spaces that cannot meet by chance.

What an indicator is and what an innocent line mentions never coincide, so that what is found must be what was planted, to the line:
names of indicators carry ``-x``, ``-u`` or ``-m``, innocent ones no hyphen; addresses of indicators end in an odd number, innocent ones in
an even one below 224. Both kinds of address are spread over the same /24 networks, and innocent names share their last two labels
(``com.qm``) with indicators, so a line is not thrown away more cheaply than in life.

Innocent names and addresses repeat as they do in life: the k-th most frequent is drawn 1/k as often as the first (Zipf). The first 10,000
indicators are the same for every count, and all that is planted is taken from them: one log serves every set.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bench import lines as made_of
from bench.lines import (
    FIRSTS,
    FORMATS,
    PLACES,
    POPULATION,
    WORDS,
    Columns,
    Generator,
    Numbers,
    Plant,
    addresses,
    lines_of,
    names,
)

SEED, CHUNK = 20231121, 10_000
RATES = (0.0, 0.001, 0.01)
PIECE_LINES = 100_000


@dataclass(frozen=True)
class Log:
    """A log on disk: what was planted as (line from 1, row) pairs, in the order of the lines, and how often names repeat."""

    path: Path
    planted: npt.NDArray[np.int64]
    lines: int
    mentions: int
    distinct: int


def _domains(_: Generator, places: Numbers) -> list[str]:
    return [f"domain-name\t{name}" for name in names(places, "-x")]


def _ipv4(_: Generator, places: Numbers) -> list[str]:
    return [f"ipv4-addr\t{address}" for address in addresses(places, 1)]


def _networks(generator: Generator, places: Numbers) -> list[str]:
    """Two of three are /28 at .224 in the /24 networks of the innocent; the others have a third octet that no address has."""
    rows = []
    for turn, (place, second, third) in enumerate(
        zip(places.tolist(), generator.integers(0, 256, len(places)).tolist(), (places % 240).tolist(), strict=True)
    ):
        first = FIRSTS[0] if place < CHUNK else FIRSTS[1 + place * 7919 % (len(FIRSTS) - 1)]
        second = turn % 256 if place < CHUNK else second
        if turn % 3:
            rows.append(f"ipv4-addr\t{first}.{second}.{turn % 240 if place < CHUNK else third}.224/28")
        else:
            network = {0: "240.0/20", 1: "252.0/22"}.get(second % 16, f"{240 + place % 16}.0/24")
            rows.append(f"ipv4-addr\t{first}.{second}.{network}")
    return rows


def _ports(_: Generator, places: Numbers) -> list[str]:
    return [
        f"ip-port\t{address}:{1 + n % 65535}" for address, n in zip(addresses(places, 1), places.tolist(), strict=True)
    ]


def _hashes(generator: Generator, places: Numbers) -> list[str]:
    data = generator.bytes(32 * len(places)).hex()
    lengths = generator.choice([32, 40, 64, 64], len(places)).tolist()
    return [f"file\t{data[64 * n : 64 * n + length]}" for n, length in enumerate(lengths)]


def _urls(generator: Generator, places: Numbers) -> list[str]:
    pages, ends = generator.integers(0, 1 << 20, len(places)).tolist(), ("", ".php", "/*")
    return [
        f"url\thttp://{name}/{WORDS[page % 15]}/{page:x}{ends[page % 3]}"
        for name, page in zip(names(places, "-u"), pages, strict=True)
    ]


def _ipv6(generator: Generator, places: Numbers) -> list[str]:
    parts = generator.integers(0, 1 << 15, (len(places), 2)).tolist()
    return [
        f"ipv6-addr\t2001:db8:{a + 1:x}:{b:x}::{place:x}"
        for (a, b), place in zip(parts, (places >> 8).tolist(), strict=True)
    ]


def _mails(_: Generator, places: Numbers) -> list[str]:
    return [
        f"email-addr\t{WORDS[n % 15]}{n}@{name}" for n, name in zip(places.tolist(), names(places, "-m"), strict=True)
    ]


Makes = Callable[[Generator, Numbers], list[str]]
#: Share of each kind of indicator and what makes its rows.
KINDS: tuple[tuple[str, float, Makes], ...] = (
    ("name", 0.50, _domains),
    ("address", 0.19, _ipv4),
    ("network", 0.04, _networks),
    ("port", 0.01, _ports),
    ("hash", 0.15, _hashes),
    ("url", 0.095, _urls),
    ("ipv6", 0.01, _ipv6),
    ("mail", 0.005, _mails),
)


def indicator_chunk(number: int) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Rows ``type<TAB>value`` of the ``number``-th 10,000 indicators, and the place in ``KINDS`` of each."""
    generator = np.random.default_rng([SEED, 1, number])
    kinds = generator.choice(len(KINDS), CHUNK, p=[share for _, share, _ in KINDS])
    rows = np.empty(CHUNK, object)
    for kind, (_, _, make) in enumerate(KINDS):
        places = np.flatnonzero(kinds == kind)
        rows[places] = make(generator, places + number * CHUNK)
    return rows.tolist(), kinds


def write_indicators(path: Path, count: int) -> None:
    """``count`` indicators (a multiple of 10,000) as TSV."""
    with path.open("w") as file:
        for number in range(count // CHUNK):
            file.write("\n".join(indicator_chunk(number)[0]) + "\n")


def plants() -> list[Plant]:
    """The first 10,000 indicators with the text by which each is mentioned."""
    rows, kinds = indicator_chunk(0)
    made = []
    for row, (line, kind) in enumerate(zip(rows, kinds.tolist(), strict=True)):
        value, text = line.partition("\t")[2], line.partition("\t")[2]
        if KINDS[kind][0] == "name" and row % 3 == 0:
            text = f"www.{value}"
        elif KINDS[kind][0] == "network":
            start, _, length = value.partition("/")
            base, _, last = start.rpartition(".")
            text = f"{base}.{int(last) + 5}" if length != "20" else f"{base.rpartition('.')[0]}.250.9"
        elif value.endswith("/*"):
            text = f"{value[:-1]}{row:x}/page.html"
        made.append(Plant(row, KINDS[kind][0], value, text))
    return made


def piece(number: int, formats: Sequence[int] = range(9)) -> tuple["npt.NDArray[np.object_]", list[Numbers]]:
    """The ``number``-th 100,000 innocent lines, in any of the formats, and the ranks of the names in them."""
    generator = np.random.default_rng([SEED, 2, number])
    shapes = generator.choice(list(formats), PIECE_LINES)
    lines, ranks = np.empty(PIECE_LINES, object), []
    for shape in formats:
        places = np.flatnonzero(shapes == shape)
        columns = Columns(generator, len(places))
        lines[places] = lines_of(shape, columns)
        ranks += [columns.name_ranks] if shape not in (4, 7) else []
    return lines, ranks


def planted_lines(generator: Generator, chosen: Sequence[Plant], formats: Sequence[int] = range(9)) -> list[str]:
    """One line for each plant, in one of the formats that can mention it."""
    able = {kind: [shape for shape in shapes if shape in formats] for kind, shapes in PLACES.items()}
    shapes = np.array([generator.choice(able[plant.kind]) for plant in chosen], np.int64)
    lines = np.empty(len(chosen), object)
    for shape in range(len(FORMATS)):
        places = np.flatnonzero(shapes == shape)
        columns = Columns(generator, len(places))
        for at, place in enumerate(places.tolist()):
            columns.put(at, chosen[place])
        lines[places] = lines_of(shape, columns)
    return list(lines.tolist())


def write_logs(folder: Path, megabytes: int) -> dict[float, Log]:
    """Logs of about ``megabytes`` for each hit rate, no two lines alike; made once for each folder, size and state of this program."""
    mark = hashlib.sha256(Path(__file__).read_bytes() + Path(made_of.__file__).read_bytes()).hexdigest()[:8]
    paths = {rate: folder / f"{megabytes}mb-{rate:g}-{mark}.log" for rate in RATES}
    if not all(path.with_suffix(".npz").exists() for path in paths.values()):
        _make(paths, megabytes * 1_000_000)
    return {rate: _opened(path) for rate, path in paths.items()}


def _opened(path: Path) -> Log:
    with np.load(path.with_suffix(".npz")) as kept:
        lines, mentions, distinct = kept["counts"].tolist()
        return Log(path, kept["planted"], lines, mentions, distinct)


def _make(paths: dict[float, Path], size: int) -> None:
    planted: dict[float, list[npt.NDArray[np.int64]]] = {rate: [] for rate in paths}
    seen, mentions, written, number, pool = np.zeros(POPULATION + 1, bool), 0, 0, 0, plants()
    for path in paths.values():
        path.write_bytes(b"")
    while written < size:
        base, ranks = piece(number)
        for drawn in ranks:
            seen[drawn] = True
            mentions += len(drawn)
        for rate, path in paths.items():
            generator = np.random.default_rng([SEED, 3, number, int(rate * 1e6)])
            lines, count = base.copy(), round(PIECE_LINES * rate)
            places = np.sort(generator.choice(PIECE_LINES, count, replace=False))
            chosen = [pool[n] for n in generator.integers(0, len(pool), count).tolist()]
            lines[places] = planted_lines(generator, chosen)
            rows = np.array([plant.row for plant in chosen], np.int64)
            planted[rate].append(np.stack([places + number * PIECE_LINES + 1, rows], axis=1))
            with path.open("ab") as file:
                data = "\n".join(lines.tolist()) + "\n"
                file.write(data.encode())
                written += len(data) if not rate else 0
        number += 1
    for rate, path in paths.items():
        counts = [number * PIECE_LINES, mentions, int(seen.sum())]
        np.savez(path.with_suffix(".npz"), planted=np.concatenate(planted[rate]), counts=np.array(counts))


def lookalikes(pool: Sequence[Plant]) -> Iterator[str]:
    """Lines that look as if they mentioned an indicator and do not."""
    for plant in pool:
        if plant.kind == "name":
            yield f"a visit to not{plant.value} and to {plant.value}.zz was allowed"
        elif plant.kind == "address":
            yield f"version 1{plant.value}.9 and {plant.value}7 of the program 9.{plant.value}"
        elif plant.kind == "hash":
            yield f"sum {plant.value}0 kept"


def spellings(pool: Sequence[Plant]) -> Iterator[tuple[Plant, str]]:
    """Lines that mention an indicator otherwise than it is written."""
    for plant in pool:
        if plant.kind == "name":
            yield plant, f"GET /r?to=https%3A%2F%2F{plant.value.upper()}%2Findex 200"
        elif plant.kind == "hash":
            yield plant, f"kept as /srv/files/{plant.value.upper()}.exe"
        elif plant.kind == "url" and not plant.value.endswith("*"):
            yield plant, '{"url":"' + plant.value.replace("/", "\\/") + '"}'
