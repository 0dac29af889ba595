import json
from datetime import UTC, datetime

import pytest

from tocsin.formats.exporter import find_exporter
from tocsin.formats.exporters import intelmq
from tocsin.vocab.errors import InputError
from tocsin.vocab.markings import Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, ListRecord, ObservationRecord


def test_an_observation_is_one_line_in_intelmqs_fields() -> None:
    record = ObservationRecord(
        observed_at=datetime(2026, 3, 24, 8, tzinfo=UTC),
        classification="vulnerable/vulnerable-system",
        identifier="open-mdns",
        ip="198.18.0.1",
        port=5353,
        protocol="udp",
        host="host.example",
        url="http://host.example/",
        malware="none",
        severity="low",
        tlp=Tlp.AMBER,
        details={"extra.amplification": 1.5, "destination.ip": "240.0.0.1"},
    )
    [line] = find_exporter("intelmq").write([record])
    assert line.endswith(b"\n")
    assert json.loads(line) == {
        "time.source": "2026-03-24T08:00:00+00:00",
        "classification.taxonomy": "vulnerable",
        "classification.type": "vulnerable-system",
        "classification.identifier": "open-mdns",
        "source.ip": "198.18.0.1",
        "source.port": 5353,
        "source.fqdn": "host.example",
        "source.url": "http://host.example/",
        "protocol.transport": "udp",
        "malware.name": "none",
        "severity": "low",
        "tlp": "TLP:AMBER",
        "extra.amplification": 1.5,
        "destination.ip": "240.0.0.1",
    }


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (ObservableType.DOMAIN, "bad.example", {"source.fqdn": "bad.example"}),
        (ObservableType.IPV4, "240.0.0.1", {"source.ip": "240.0.0.1"}),
        (ObservableType.IPV6, "2001:db8::/48", {"source.network": "2001:db8::/48"}),
        (ObservableType.IP_PORT, "240.0.0.1:80", {"source.ip": "240.0.0.1", "source.port": 80}),
        (ObservableType.IP_PORT, "[2001:db8::1]:80", {"source.ip": "2001:db8::1", "source.port": 80}),
        (ObservableType.URL, "bad.example/x", {"source.url": "http://bad.example/x"}),
        (ObservableType.FILE, "a" * 64, {"malware.hash.sha256": "a" * 64}),
        (ObservableType.CERTIFICATE, "a" * 40, {"extra.x509_certificate": "a" * 40}),
        (ObservableType.EMAIL, "a@bad.example", {"source.account": "a@bad.example"}),
    ],
)
def test_an_indicator_is_the_observable_under_source(
    kind: ObservableType, value: str, expected: dict[str, object]
) -> None:
    fields = intelmq.intelmq_fields(
        IndicatorRecord(kind, value, classification="malicious-code/c2-server", malware="Mirai")
    )
    assert fields == {
        "classification.taxonomy": "malicious-code",
        "classification.type": "c2-server",
        "malware.name": "mirai",
        **expected,
    }


def test_a_warning_list_has_no_words_in_intelmq() -> None:
    with pytest.raises(InputError, match="jsonl"):
        list(intelmq.write([ListRecord("popular", "hostname", "good.example")]))
