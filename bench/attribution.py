"""How many addresses a second find their owner, on one core, as of their time: ``python -m bench.attribution``.

100,000 networks drawn at random (IPv4 /16 to /30, IPv6 /32 to /64, nested as they fall, every fifth with an end or a beginning in time
and its successor), a million random addresses with random times of one year. Each figure is the median of five.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from uuid import UUID

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from tocsin.constituency.rules.attribution import Attributor
from tocsin.constituency.rules.holdings import V4_MAPPED, DomainFact, NetworkFact, Owner, microseconds

NETWORKS, ROWS, ROUNDS = 100_000, 1_000_000, 5
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
OWNERS = [Owner(f"organisation-{number:05d}", UUID(int=number), number) for number in range(10_000)]


def main() -> None:
    """Print one table."""
    dice = random.Random(1)
    networks = _networks(dice)
    domains = [DomainFact(dice.randrange(len(OWNERS)), f"d{number}.example") for number in range(20_000)]
    built = [_timed(lambda: Attributor.build(OWNERS, networks, domains)) for _ in range(3)]
    attributor = Attributor.build(OWNERS, networks, domains)
    generator = np.random.default_rng(1)
    times = (generator.integers(0, 365 * 86_400, ROWS) * 1_000_000 + microseconds(YEAR)).view("datetime64[us]")
    v4 = generator.integers(0xC6000000, 0xC7000000, ROWS, dtype=np.uint32)
    names = [f"www.d{number}.example" for number in generator.integers(0, 40_000, ROWS)]
    table = Table(
        "what", "rows", "median", "rows a second", "found", title=f"attribution, {NETWORKS:,} networks, one core"
    )
    table.add_row("build", f"{len(attributor.networks):,}", f"{median(built):.2f} s", "", "")
    _measure(table, "IPv4, uint32", lambda: attributor.attribute_addresses(v4, times).owner)
    keys = _v4_keys(v4)
    _measure(table, "IPv4, 16 bytes", lambda: attributor.attribute_addresses(keys, times).owner)
    v6 = _v6_keys(generator)
    _measure(table, "IPv6, 16 bytes", lambda: attributor.attribute_addresses(v6, times).owner)
    half = np.where(np.arange(ROWS) % 2 == 0, keys, v6)
    _measure(table, "both, mixed", lambda: attributor.attribute_addresses(half, times).owner)
    _measure(table, "names", lambda: attributor.attribute_names(names, times).owner)
    Console(width=100).print(table)


def _networks(dice: random.Random) -> list[NetworkFact]:
    facts: list[NetworkFact] = []
    while len(facts) < NETWORKS:
        first, length = _prefix(dice)
        changed = YEAR + timedelta(days=dice.randrange(365)) if dice.random() < 0.2 else None
        facts.append(NetworkFact(dice.randrange(len(OWNERS)), first, length, valid_until=changed))
        if changed:
            facts.append(NetworkFact(dice.randrange(len(OWNERS)), first, length, valid_from=changed))
    return facts


def _prefix(dice: random.Random) -> tuple[int, int]:
    if dice.random() < 0.8:
        length = dice.choice([16, 20, 22, 24, 24, 24, 28, 30])
        base = 0xC6000000 | dice.getrandbits(24)
        return V4_MAPPED | (base >> (32 - length) << (32 - length)), 96 + length
    length = dice.choice([32, 40, 48, 48, 56, 64])
    base = (0x20010DB8 << 96) | (dice.getrandbits(40) << 56)
    return base >> (128 - length) << (128 - length), length


def _v4_keys(addresses: npt.NDArray[np.uint32]) -> npt.NDArray[np.bytes_]:
    keys = np.zeros((len(addresses), 16), np.uint8)
    keys[:, 10:12] = 255
    keys[:, 12:] = addresses.astype(">u4").view(np.uint8).reshape(-1, 4)
    return keys.view("S16").ravel()


def _v6_keys(generator: np.random.Generator) -> npt.NDArray[np.bytes_]:
    keys = generator.integers(0, 256, (ROWS, 16), dtype=np.uint8)
    keys[:, :4] = [0x20, 0x01, 0x0D, 0xB8]
    return keys.view("S16").ravel()


def _measure(table: Table, name: str, ask: Callable[[], npt.NDArray[np.int32]]) -> None:
    found = float((ask() >= 0).mean())
    seconds = median(_timed(ask) for _ in range(ROUNDS))
    table.add_row(name, f"{ROWS:,}", f"{seconds:.3f} s", f"{ROWS / seconds:,.0f}", f"{found:.0%}")


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


if __name__ == "__main__":
    main()
