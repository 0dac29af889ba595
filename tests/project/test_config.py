"""The settings: what is not known refuses to start, and the environment wins."""

import pytest

from tocsin.project.config import read
from tocsin.vocab.errors import SettingsError
from tocsin.vocab.settings import Settings


def test_an_empty_file_and_environment_give_the_defaults() -> None:
    assert read("", {}) == Settings()


def test_the_environment_lies_on_top_of_the_file() -> None:
    found = read(
        "[server]\nport = 9000\n", {"TOCSIN_SERVER_PORT": "9100", "TOCSIN_OUTGOING_ALLOW_PRIVATE": "true", "HOME": "/"}
    )
    assert (found.server.port, found.outgoing.allow_private) == (9100, True)


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        ("[server]\nprot = 1\n", {}, "prot"),
        ("[srever]\nport = 1\n", {}, "srever"),
        ("", {"TOCSIN_SERVER_PROT": "1"}, "prot"),
        ("", {"TOCSIN_NONSENSE": "1"}, "nonsense"),
        ("[server]\nport = 70000\n", {}, "port"),
        ("[server]\nport = 'many'\n", {}, "port"),
        ("[nation]\ncountry = 'Pakistan'\n", {}, "country"),
        ("server = 1\n", {"TOCSIN_SERVER_PORT": "1"}, "server"),
        ("[server\n", {}, "TOML"),
    ],
)
def test_what_is_wrong_is_named_and_refuses_to_start(text: str, environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read(text, environment)
