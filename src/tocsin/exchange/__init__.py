"""Partner-facing doors: what partners may collect from us and we from them, and the receipts of it."""
