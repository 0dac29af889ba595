"""The only sockets of Tocsin. Callers get bytes; every call has a time-out, a size limit, proxy support and an address
guard."""
