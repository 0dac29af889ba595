"""Static files under names that carry their hash, so that browsers may keep them for ever."""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

from tocsin.vocab.errors import SettingsError


class HashedStatic(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Whitenoise's storage; before the files are collected (in tests) a file goes by its plain name instead of failing."""

    manifest_strict = False

    def hashed_name(self, name: str, content: object = None, filename: str | None = None) -> str:
        """The name with its hash, or the plain name of a file that has not been collected."""
        if content is None and not self.exists(filename or name):
            return name
        return str(super().hashed_name(name, content, filename))


def collect() -> bool:
    """Bring the rooms' static files into ``STATIC_ROOT`` if they are not there as they are now; whether it had to.

    ``tocsin serve`` calls it at start. Raises ``SettingsError`` where set-up has not brought the browser's files.
    """
    if finders.find("web/vendor/tabler.min.css") is None:
        raise SettingsError("The console's browser files are missing; run 'python -m tocsin.web.assets' once.")
    state = _state()
    mark = Path(settings.STATIC_ROOT) / ".collected"
    if mark.is_file() and mark.read_text("utf-8") == state:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.write_text(state, "utf-8")
    return True


def _state() -> str:
    """One line a file: path, size and time. Differs as soon as any file does."""
    lines = []
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            lines.append(f"{path}\t{found.st_size}\t{found.st_mtime_ns}")
    return "\n".join(sorted(lines))
