"""What programs may ask of the exchange room."""

from ninja import Router

router = Router(tags=["exchange"])
