"""The exception tree. Each message is one clear sentence: what, where, what to do.

TocsinError
├── InputError        what was handed in cannot be used (exit code 2, status 400)
│   ├── Unreadable      bytes that cannot be read: missing, truncated, a bomb, an over-long line
│   └── UnknownName     a feed, source, organisation … that does not exist under that name
├── NotFound          absent or not for this viewer: the two look alike (status 404)
├── Conflict          the stored state forbids it now: a lock is held, a delivery is half-way (status 409)
├── Unavailable       a server elsewhere does not answer as it should; trying again later may help (status 503)
└── SettingsError     the settings file or environment is wrong: Tocsin refuses to start (exit code 2)
"""


class TocsinError(Exception):
    """Anything Tocsin says to a person in one sentence. ``str(error)`` is that sentence."""


class InputError(TocsinError):
    """What was handed in cannot be used."""


class Unreadable(InputError):
    """Bytes that cannot be read safely."""


class UnknownName(InputError):
    """No such feed, source, organisation or setting."""


class NotFound(TocsinError):
    """Absent, or not for this viewer. Never say which."""


class Conflict(TocsinError):
    """The stored state does not allow this now; trying again later may help."""


class Unavailable(TocsinError):
    """A server elsewhere does not answer as it should now; trying again later may help.

    ``retry_after`` are the seconds that the server itself asked to wait, if it did.
    """

    retry_after: float | None = None


class SettingsError(TocsinError):
    """A setting is unknown or has an impossible value."""
