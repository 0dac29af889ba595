"""Every change that the exchange room makes."""
