"""What all operations of the room share: the router, and the parameters and shapes of pages."""

from typing import Annotated

from ninja import Query, Router, Schema
from pydantic import ConfigDict

router = Router(tags=["intel"])

Size = Annotated[int, Query(ge=1, le=1000, description="How many rows to give at most.")]
After = Annotated[
    str | None, Query(max_length=600, pattern=r"^[^\x00]*$", description="The `next` of the page before this one.")
]
Word = Annotated[str, Query(max_length=500, pattern=r"^[^\x00]*$")]


class Frozen(Schema):
    """An answer; nobody changes it on its way out."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class PageOut(Frozen):
    """Some rows; hand `next` in as `after` for those that follow, null at the end."""

    next: str | None
