"""Talking HTTP: bytes in and out, bounded in time and size, never to an address that the operator has not permitted."""

import os
import ssl
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import httpcore
import httpx

from tocsin import __version__
from tocsin.net.credentials import Credentials
from tocsin.net.guard import (
    GuardedBackend,
    RefusedAddress,
    Resolve,
    is_public,
    literal_address,
    system_resolve,
    why_refused,
)
from tocsin.vocab import clock
from tocsin.vocab.errors import InputError, TocsinError, Unavailable, Unreadable
from tocsin.vocab.settings import Outgoing

_CHUNK_BYTES = 64 << 10
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Answers after which the same request may succeed later: RFC 9110 §15, RFC 6585 §4.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
#: No answer takes longer than this altogether, however steadily it drips.
LONGEST_SECONDS = 3600.0
#: A server may not send us away for longer than this.
LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the last answer said about itself, to ask whether there is anything newer (RFC 9110 §13)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``is_unchanged``: nothing newer than what was ``Known``, and no bytes. ``url`` is the last one after
    redirects.

    ``path`` is where the ``size`` bytes lie; ``sha256`` is theirs. Header names are lower case.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    path: Path | None
    size: int
    sha256: str
    is_unchanged: bool = False

    @property
    def known(self) -> Known:
        """What to ask with the next time."""
        return Known(self.headers.get("etag"), self.headers.get("last-modified"))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer held in memory. ``body`` are its bytes as they came, decompressed; header names are lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """One client for many requests, with the limits and the proxy of the settings. Use it as a context manager.

    ``credentials`` (a client certificate, a name and password, a token) go to the origin of each request's own address only.
    """

    def __init__(
        self,
        outgoing: Outgoing,
        *,
        credentials: Credentials | None = None,
        resolve: Resolve = system_resolve,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._limits = outgoing
        self._longest_seconds = longest_seconds
        self._credentials = credentials or Credentials()
        self._client = httpx.Client(
            transport=_Transport(outgoing, resolve, self._credentials),
            timeout=httpx.Timeout(outgoing.timeout_seconds),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": f"Tocsin/{__version__}", "Accept-Encoding": "identity"},
        )

    def fetch(
        self, url: str, into: Path, *, known: Known | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched:
        """GET ``url`` and put the bytes of the answer at ``into``, all of them or nothing.

        ``headers`` (a key, for instance) go to the origin of ``url`` only, never on to where it redirects.
        Raises ``Unavailable`` if trying again later may help; ``InputError`` or ``Unreadable`` if it does not.
        """
        deadline = time.monotonic() + self._longest_seconds
        target, own = _url(url), {**self._credentials.headers(), **(headers or {})}
        asked = _conditions(known)
        for _ in range(_MOST_REDIRECTS + 1):
            self._judge_for_proxy(target)
            with _sentences(target), self._client.stream("GET", target, headers={**asked, **own}) as response:
                if response.status_code not in _REDIRECTS:
                    return self._keep(response, into, deadline)
                following = _following(response)
            if _origin(following) != _origin(target):
                own = {}
            target = following
        raise Unreadable(f"{url} redirects more than {_MOST_REDIRECTS} times; trying again does not help.")

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        accept: Container[int] = (),
        most_bytes: int = 64 << 20,
    ) -> Answer:
        """One request whose answer is small enough for memory; redirects are not followed, because credentials and bodies are not
        for others.

        Success and the statuses in ``accept`` are given back; any other is ``Unavailable`` (trying again later may help) or
        ``Unreadable`` (it does not). Raises ``InputError`` for an address that must not be called.
        """
        deadline, target = time.monotonic() + self._longest_seconds, _url(url)
        self._judge_for_proxy(target)
        sent = {**self._credentials.headers(), **(headers or {})}
        most = min(most_bytes, self._limits.max_bytes)
        with _sentences(target), self._client.stream(method, target, headers=sent, content=body) as response:
            if not response.is_success and response.status_code not in accept:
                raise _refusal(response)
            pieces, size = [], 0
            for chunk in response.iter_bytes(_CHUNK_BYTES):
                size += len(chunk)
                if size > most:
                    raise Unreadable(f"{response.url} answers with more than {most} bytes; ask for smaller pages.")
                if time.monotonic() > deadline:
                    raise self._too_slow(response)
                pieces.append(chunk)
            return Answer(str(response.url), response.status_code, dict(response.headers), b"".join(pieces))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _judge_for_proxy(self, target: httpx.URL) -> None:
        """A proxy resolves names itself, where we cannot look; what is plainly a private address is not even asked
        for."""
        address = literal_address(target.host) if self._limits.proxy and not self._limits.allow_private else None
        if address and not is_public(address):
            raise InputError(f"{target} is not fetched: {why_refused(target.host, address)}.")

    def _keep(self, response: httpx.Response, into: Path, deadline: float) -> Fetched:
        shown, headers = str(response.url), dict(response.headers)
        if response.status_code == 304:
            return Fetched(shown, 304, headers, None, 0, "", is_unchanged=True)
        if not response.is_success:
            raise _refusal(response)
        self._check_promise(response)
        into.parent.mkdir(parents=True, exist_ok=True)
        temporary = into.with_name(f".{into.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
        try:
            with temporary.open("xb") as out:
                size, digest = self._copy(response, out, deadline)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(into)
        finally:
            temporary.unlink(missing_ok=True)
        return Fetched(shown, response.status_code, headers, into, size, digest)

    def _check_promise(self, response: httpx.Response) -> None:
        promised = response.headers.get("content-length", "")
        if promised.isdigit() and int(promised) > self._limits.max_bytes:
            raise self._too_large(response)

    def _copy(self, response: httpx.Response, out: BinaryIO, deadline: float) -> tuple[int, str]:
        hasher, size = sha256(), 0
        for chunk in response.iter_bytes(_CHUNK_BYTES):
            size += len(chunk)
            if size > self._limits.max_bytes:
                raise self._too_large(response)
            if time.monotonic() > deadline:
                raise self._too_slow(response)
            hasher.update(chunk)
            out.write(chunk)
        return size, hasher.hexdigest()

    def _too_slow(self, response: httpx.Response) -> Unavailable:
        return Unavailable(
            f"{response.url} was still sending after {self._longest_seconds:.0f} s; trying again later may help."
        )

    def _too_large(self, response: httpx.Response) -> Unreadable:
        return Unreadable(
            f"{response.url} answers with more than {self._limits.max_bytes} bytes; trying again does not help "
            "(outgoing.max_bytes is the limit)."
        )


def fetch(
    url: str,
    into: Path,
    outgoing: Outgoing,
    *,
    known: Known | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fetched:
    """One fetch with a client of its own; see :meth:`Client.fetch`."""
    with Client(outgoing) as client:
        return client.fetch(url, into, known=known, headers=headers)


class _Transport(httpx.HTTPTransport):
    """httpx's own transport over a pool of connections that go through the address guard."""

    def __init__(self, outgoing: Outgoing, resolve: Resolve, credentials: Credentials) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        context = credentials.context()
        if outgoing.proxy:
            proxy = _url(outgoing.proxy)
            always = frozenset({proxy.host})
            self._pool = httpcore.HTTPProxy(
                proxy_url=str(proxy),
                proxy_auth=(proxy.username, proxy.password) if proxy.userinfo else None,
                ssl_context=context,
                network_backend=GuardedBackend(outgoing.allow_private, always, resolve),
            )
        else:
            self._pool = httpcore.ConnectionPool(
                ssl_context=context, network_backend=GuardedBackend(outgoing.allow_private, resolve=resolve)
            )


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError) as error:
        raise InputError(f"{text[:200]!r} is not an address that can be fetched: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise InputError(
            f"{text[:200]!r} is not an address that can be fetched: it must begin with https:// or http://."
        )
    return url


def wait_of(text: str) -> float | None:
    """Seconds that a ``Retry-After`` header asks to wait: a number, or a date (RFC 9110 §10.2.3); ``None`` if it says neither."""
    if text.isdigit():
        return float(min(int(text), LONGEST_WAIT))
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((aware - clock.now()).total_seconds(), 0.0), LONGEST_WAIT)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _conditions(known: Known | None) -> dict[str, str]:
    if known is None:
        return {}
    said = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in said.items() if value}


def _following(response: httpx.Response) -> httpx.URL:
    """Where a redirect leads. A connection that was protected never becomes one that is not."""
    place = response.headers.get("location", "")
    following = _url(str(response.url.join(place))) if place else None
    if following is None:
        raise Unreadable(f"{response.url} redirects without saying where to; trying again does not help.")
    if response.url.scheme == "https" and following.scheme == "http":
        raise Unreadable(
            f"{response.url} redirects to {following}, which is not encrypted; trying again does not help."
        )
    return following


def _refusal(response: httpx.Response) -> TocsinError:
    said = f"{response.url} answers {response.status_code} {response.reason_phrase}".rstrip()
    if response.status_code in _PASSING:
        wait = response.headers.get("retry-after", "")
        error = Unavailable(f"{said}; trying again later may help{f' (after {wait})' if wait else ''}.")
        error.retry_after = wait_of(wait)
        return error
    return Unreadable(f"{said}; trying again does not help before the address or its key is corrected.")


@contextmanager
def _sentences(url: httpx.URL) -> Iterator[None]:
    """Say what went wrong on the wire in one sentence, and whether trying again helps."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise Unavailable(f"{url} does not answer in time; trying again later may help.") from error
    except httpx.ConnectError as error:
        cause = error.__cause__
        if isinstance(cause, RefusedAddress):
            raise InputError(f"{url} is not fetched: {cause}.") from error
        if isinstance(_root(error), ssl.SSLCertVerificationError):
            raise Unreadable(
                f"{url} shows a certificate that cannot be trusted ({_root(error)}); correct that first."
            ) from error
        raise Unavailable(f"{url} cannot be reached ({error}); trying again later may help.") from error
    except httpx.DecodingError as error:
        raise Unreadable(f"{url} sends bytes that cannot be decoded ({error}); trying again does not help.") from error
    except httpx.TransportError as error:
        raise Unavailable(f"{url} broke off ({error}); trying again later may help.") from error


def _root(error: BaseException) -> BaseException:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error
