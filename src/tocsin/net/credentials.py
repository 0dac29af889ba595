"""What a server elsewhere is shown so that it knows us: a name and password, a token, a client certificate. Never logged."""

import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.vocab.errors import InputError

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """``name`` and ``password`` are HTTP Basic's; ``token`` is sent as ``Bearer``, or alone in the header ``token_header``.

    ``certificate`` is a PEM file with the client certificate and, unless ``key`` names another file, its private key.
    ``trust`` is a PEM file of authorities that are trusted in place of the system's. Nothing of it appears in ``repr``.
    """

    name: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_header: str = field(default="", repr=False)
    certificate: Path | None = field(default=None, repr=False)
    key: Path | None = field(default=None, repr=False)
    trust: Path | None = field(default=None, repr=False)

    def headers(self) -> Mapping[str, str]:
        """The header that carries a name and password or a token, or nothing. Raises ``InputError`` for what no header can carry."""
        if self.token and self.token_header:
            if not _HEADER_NAME.fullmatch(self.token_header):
                raise InputError("the name of the header that carries the token is no header name: correct it.")
            return {self.token_header: _printable(self.token)}
        if self.token:
            return {"Authorization": f"Bearer {_printable(self.token)}"}
        if self.name or self.password:
            pair = b64encode(f"{self.name}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}

    def context(self) -> ssl.SSLContext:
        """A TLS context (1.2 or newer, certificates verified) with the client certificate. Raises ``InputError`` for unusable files."""
        try:
            context = ssl.create_default_context(cafile=self.trust)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ssl.SSLError) as error:
            named = self.trust if self.certificate is None else self.certificate
            raise InputError(f"{named} cannot be used as a certificate ({_reason(error)}): give a PEM file.") from error
        return context


def _no_password() -> str:
    """A key under a password would make the library ask at the terminal; nobody sits there."""
    return ""


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _printable(token: str) -> str:
    if not token.isascii() or not token.isprintable():
        raise InputError("the token has characters that no header can carry: copy it again, without line ends.")
    return token
