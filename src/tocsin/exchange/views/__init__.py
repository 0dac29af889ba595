"""Doors of the exchange room: the TAXII server for partners, pages for our own people."""
