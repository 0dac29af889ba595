"""Every change that the agreements room makes."""
