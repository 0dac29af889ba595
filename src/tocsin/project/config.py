"""Reads the settings: ``tocsin.toml``, then the environment on top. An unknown key refuses to start.

The file is the one named by ``TOCSIN_SETTINGS``, else ``tocsin.toml`` in the working folder, else none. In the environment a key
of table ``[server]`` named ``port`` is ``TOCSIN_SERVER_PORT``.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tocsin.vocab.errors import SettingsError
from tocsin.vocab.settings import Settings

_PREFIX = "TOCSIN_"
#: Variables that other programs of ours read, which are no settings.
_NOT_SETTINGS = frozenset({"TOCSIN_SETTINGS", "TOCSIN_REAL_DATA", "TOCSIN_SLOW", "TOCSIN_CC", "TOCSIN_CFLAGS"})


@cache
def settings() -> Settings:
    """The settings of this process, read once. Raises :class:`SettingsError`."""
    named = os.environ.get("TOCSIN_SETTINGS")
    path = Path(named or "tocsin.toml")
    if named and not path.is_file():
        raise SettingsError(f"TOCSIN_SETTINGS names {path}, which is not a file; correct the variable or unset it.")
    return read(path.read_text("utf-8") if path.is_file() else "", os.environ, str(path))


def read(text: str, environment: Mapping[str, str], name: str = "tocsin.toml") -> Settings:
    """Settings from the text of a file and an environment. Raises :class:`SettingsError` with the key at fault."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is not valid TOML: {error}; correct that line.") from error
    _lay_environment_over(tables, environment)
    try:
        return msgspec.convert(tables, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name} or the environment: {error}; run 'tocsin settings' for all keys.") from error


def _lay_environment_over(tables: dict[str, Any], environment: Mapping[str, str]) -> None:
    for variable, value in environment.items():
        if not variable.startswith(_PREFIX) or variable in _NOT_SETTINGS:
            continue
        table, _, key = variable.removeprefix(_PREFIX).lower().partition("_")
        section = tables.setdefault(table, {})
        if not isinstance(section, dict):
            raise SettingsError(
                f"The settings file has a value where the table [{table}] is expected; make it a table."
            )
        section[key] = _truth(value)


def _truth(value: str) -> str | bool:
    """``true`` and ``false`` as booleans; everything else is converted to the key's type later."""
    return {"true": True, "false": False}.get(value.lower(), value)


def secret_key(current: Settings) -> str:
    """The signing key: from the settings, else one made once and kept, readable by the owner alone."""
    if current.server.secret_key:
        return current.server.secret_key
    path = Path(current.storage.folder) / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii")
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text("ascii")
