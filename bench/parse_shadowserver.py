"""How fast a Shadowserver report is parsed: 100,000 seeded rows of 80 columns, as a table with medians of five rounds.

    python -m bench.parse_shadowserver [ROWS]

The mark is 100,000 rows in 5 seconds, one process. "bytes to records" is what counts; the other lines show where the time goes.
"""

import csv
import io
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable

from tocsin.formats.exporters import intelmq
from tocsin.formats.feeds.shadowserver import parse_report
from tocsin.formats.feeds.shadowserver.report_types import report_types
from tocsin.text.streams import Member

SEED = 20260324
ROUNDS = 5
COLUMNS = """
timestamp severity ip protocol port hostname tag asn geo region city naics hostname_source sector handshake cipher_suite
ssl_poodle sslv3_supported cert_length freak_vulnerable freak_cipher_suite subject_common_name subject_country
subject_state_or_province_name subject_locality_name subject_organization_name subject_organization_unit_name
subject_email_address subject_street_address subject_postal_code subject_surname subject_given_name subject_serial_number
subject_business_category issuer_common_name issuer_country issuer_state_or_province_name issuer_locality_name
issuer_organization_name issuer_organization_unit_name issuer_email_address issuer_street_address issuer_postal_code
issuer_surname issuer_given_name issuer_serial_number issuer_business_category cert_issue_date cert_expiration_date
sha1_fingerprint sha256_fingerprint sha512_fingerprint md5_fingerprint cert_serial_number ssl_version signature_algorithm
key_algorithm cert_valid self_signed cert_expired validation_level browser_trusted browser_error raw_cert raw_cert_chain
jarm http_response_type http_code http_reason content_type http_connection www_authenticate set_cookie server_type
content_length transfer_encoding http_date device_vendor device_type device_model
"""
HEADER = COLUMNS.split()


def report(rows: int) -> bytes:
    """A report of our own making: addresses of 198.18.0.0/15 and 2001:db8::/32, names under .example, two cells of five empty."""
    dice = random.Random(SEED)
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(HEADER)
    for number in range(rows):
        writer.writerow([cell(name, number, dice) for name in HEADER])
    return text.getvalue().encode()


def cell(name: str, number: int, dice: random.Random) -> str:
    fixed: dict[str, Callable[[], str]] = {
        "timestamp": lambda: f"2026-03-{number % 28 + 1:02} {number % 24:02}:{number % 60:02}:10",
        "ip": lambda: (
            f"198.{18 + number % 2}.{number // 250 % 250}.{number % 250}" if number % 10 else f"2001:db8::{number:x}"
        ),
        "protocol": lambda: "tcp",
        "port": lambda: dice.choice(("443", "8443")),
        "hostname": lambda: f"host{number}.example",
        "tag": lambda: dice.choice(("ssl", "ssl;vpn", "ssl;CVE-2024-12345")),
        "asn": lambda: str(64500 + number % 40),
        "geo": lambda: "PK",
        "naics": lambda: dice.choice(("0", "517311")),
        "cert_length": lambda: "2048",
        "ssl_version": lambda: "2",
        "http_code": lambda: "200",
        "content_length": lambda: str(dice.randrange(9000)),
        "http_date": lambda: "Thu, 19 Mar 2026 00:02:28 GMT",
        "http_reason": lambda: "OK",
    }
    if name in fixed:
        return fixed[name]()
    if name.startswith("raw_"):
        return dice.randbytes(90).hex() if dice.random() < 0.5 else ""
    if name in ("cert_valid", "self_signed", "cert_expired", "ssl_poodle", "freak_vulnerable", "browser_trusted"):
        return dice.choice("YN")
    return "" if dice.random() < 0.4 else f"{name} {dice.randrange(1000)}"


def measured(name: str, rows: int, run: Callable[[], Iterable[object]]) -> None:
    seconds, busy = [], []
    for _ in range(ROUNDS):
        started, busy_before = time.perf_counter(), time.process_time()
        count = sum(1 for _ in run())
        seconds.append(time.perf_counter() - started)
        busy.append(time.process_time() - busy_before)
        if count != rows:
            raise SystemExit(f"{name}: {count} rows instead of {rows}")
    median = statistics.median(seconds)
    print(f"{name:<34} {median:>8.2f} {min(seconds):>8.2f} {statistics.median(busy):>8.2f} {rows / median:>10,.0f}")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    content = report(rows)
    kind = report_types()["scan_ssl"]

    def member() -> Member:
        return Member.of("2026-03-24-scan_ssl-bench.csv", content)

    print(
        f"{rows:,} rows of {len(HEADER)} columns, {len(content) / 1e6:.0f} MB, seed {SEED}, median of {ROUNDS} rounds\n"
    )
    print(f"{'':<34} {'median s':>8} {'best s':>8} {'CPU s':>8} {'rows/s':>10}")
    measured("cutting lines", rows + 1, lambda: member().lines())
    measured("the csv module alone, to dicts", rows, lambda: csv.DictReader(io.StringIO(content.decode())))
    measured("bytes to records", rows, lambda: (row.records[0] for row in parse_report(kind, member())))
    measured(
        "bytes to IntelMQ's JSON lines",
        rows,
        lambda: intelmq.write(row.records[0] for row in parse_report(kind, member())),
    )


if __name__ == "__main__":
    main()
