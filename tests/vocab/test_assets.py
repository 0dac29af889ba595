"""What is affected, by class."""

import pytest

from tocsin.vocab.assets import asset_of


@pytest.mark.parametrize(
    ("classification", "known", "asset"),
    [
        ("vulnerable/vulnerable-system", {"ip": "198.18.0.1", "protocol": "tcp", "port": 443}, "198.18.0.1:443/tcp"),
        (
            "vulnerable/ddos-amplifier",
            {"ip": "198.18.0.1", "protocol": "udp", "port": 53, "host": "a.example"},
            "198.18.0.1:53/udp",
        ),
        (
            "vulnerable/vulnerable-system",
            {"ip": "2001:db8::1", "protocol": "tcp", "port": 443},
            "[2001:db8::1]:443/tcp",
        ),
        ("vulnerable/vulnerable-system", {"ip": "198.18.0.1", "port": 0}, "198.18.0.1:0/tcp"),
        ("vulnerable/vulnerable-system", {"ip": "198.18.0.1"}, "198.18.0.1"),
        (
            "malicious-code/infected-system",
            {"ip": "198.18.0.1", "protocol": "tcp", "port": 51034, "host": "a.example"},
            "198.18.0.1",
        ),
        ("malicious-code/c2-server", {"ip": "198.18.0.1", "port": 443}, "198.18.0.1"),
        ("malicious-code/c2-server", {"host": "c2.example"}, "c2.example"),
        ("malicious-code/malware-distribution", {"ip": "198.18.0.1", "port": 80, "host": "a.example"}, "a.example"),
        ("fraud/phishing", {"ip": "198.18.0.1", "host": "a.example"}, "a.example"),
        ("fraud/phishing", {"ip": "198.18.0.1"}, "198.18.0.1"),
        ("intrusions/application-compromise", {"ip": "198.18.0.1", "host": "a.example"}, "a.example"),
        ("intrusions/system-compromise", {"ip": "198.18.0.1", "host": "a.example"}, "198.18.0.1"),
        ("other/undetermined", {"network": "198.18.0.0/24"}, "198.18.0.0/24"),
        ("other/undetermined", {"ip": "198.18.0.1", "network": "198.18.0.0/24"}, "198.18.0.1"),
        ("other/undetermined", {}, None),
    ],
)
def test_an_asset_is_an_address_a_service_or_a_host_by_class(
    classification: str, known: dict[str, object], asset: str | None
) -> None:
    assert asset_of(classification, **{"ip": None, **known}) == asset  # type: ignore[arg-type]
