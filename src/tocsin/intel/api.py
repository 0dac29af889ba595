"""What programs may read of intel."""

from ninja import Router

router = Router(tags=["intel"])
