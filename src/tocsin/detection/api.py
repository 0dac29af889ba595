"""What programs may read of detection."""

from ninja import Router

router = Router(tags=["detection"])
