"""What programs may read of findings."""

from ninja import Router

router = Router(tags=["findings"])
