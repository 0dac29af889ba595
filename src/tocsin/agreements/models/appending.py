"""Tables that only ever grow."""

from typing import Any, ClassVar, NoReturn, TypeVar

from django.db import models

from tocsin.vocab.errors import Conflict

_Row = TypeVar("_Row", bound=models.Model)
_REFUSAL = "What stands in the ledger and in agreements is never changed or removed."


class AppendedQuerySet(models.QuerySet[_Row]):
    """Refuses every way to change or remove rows; the migration's triggers refuse what goes around it."""

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002 (the framework's signature)
        """Refused."""
        raise Conflict(_REFUSAL)

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002 (the framework's signature)
        """Refused."""
        raise Conflict(_REFUSAL)

    def delete(self) -> NoReturn:
        """Refused."""
        raise Conflict(_REFUSAL)


class Appended(models.Model):
    """A row that is written once."""

    objects: ClassVar[models.Manager[Any]] = AppendedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only a row that is not there yet can be saved."""
        if not self._state.adding:
            raise Conflict(_REFUSAL)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002 (the framework's signature)
        """Refused."""
        raise Conflict(_REFUSAL)
