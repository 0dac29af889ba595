"""What programs may read of constituency."""

from ninja import Router

router = Router(tags=["constituency"])
