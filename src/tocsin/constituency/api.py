"""What programs may read of the constituency, its people and the audit log. Every operation declares its permission."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, ConfigDict

from tocsin.constituency import queries
from tocsin.constituency.access import Permission, needs, viewer_of
from tocsin.vocab.errors import InputError

router = Router(tags=["constituency"])

Offset = Annotated[int, Query(ge=0, le=10_000_000, description="How many rows to leave out.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many rows to give at most.")]
Word = Annotated[str, Query(max_length=200)]
