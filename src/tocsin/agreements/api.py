"""What programs may ask of the agreements room."""

from ninja import Router

router = Router(tags=["agreements"])
