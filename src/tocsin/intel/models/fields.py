"""Columns that Django lacks: a compact UUID, a text compared byte by byte, and the choices that many tables share."""

import uuid
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType

TLP_CHOICES = [(label.value, label.shown) for label in Tlp]
PAP_CHOICES = [(label.value, label.shown) for label in Pap]
TYPE_CHOICES = [(kind.value, kind.value) for kind in ObservableType]


class PackedUuidField(models.UUIDField[uuid.UUID | str, uuid.UUID]):
    """A UUID in 16 bytes on SQLite too, where Django would store 32 characters: half the index on millions of rows."""

    def get_internal_type(self) -> str:
        """A name of its own, so that the back end does not read it as Django's text form."""
        return "PackedUuidField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """``blob`` on SQLite, the native type elsewhere."""
        return "blob" if connection.vendor == "sqlite" else "uuid"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """The UUID as the database wants it."""
        if value is None or connection.vendor != "sqlite":
            return super().get_db_prep_value(value, connection, prepared)
        return (value if isinstance(value, uuid.UUID) else self.to_python(value)).bytes

    def from_db_value(self, value: Any, *_: Any) -> uuid.UUID | None:
        """Whatever the driver gives, as a UUID."""
        if value is None or isinstance(value, uuid.UUID):
            return value
        return uuid.UUID(bytes=bytes(value))


class PlainTextField(models.TextField[str, str]):
    """Text ordered and compared by its bytes on every database, so that a prefix is a range of the index."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """PostgreSQL would otherwise order by the language of the machine."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters
