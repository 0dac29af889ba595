"""Build of the one native part, ``tocsin/engine/core.c``, with the C compiler in the ``ziglang`` wheel.

What is built is a plain shared library that Python opens with ``ctypes`` (``docs/why/native-core.md``): it includes no ``Python.h`` and
fits every Python. ``TOCSIN_CC`` names another compiler (``TOCSIN_CC=gcc``), ``TOCSIN_CFLAGS`` adds options.
"""

import os
import platform
import shlex
import subprocess
import sys
import unicodedata
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

ENGINE = Path("src/tocsin/engine")
FLAGS = [
    "-O3",
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-s",
    "-Wno-unused-function",
]


def fold(character: str) -> str:
    """A character of a name, folded: ``NFKC(lower(NFKC(c)))``."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).lower())


def is_word(character: str) -> bool:
    """Whether a character outside ASCII can stand in a name: letter, digit, mark or joiner."""
    return character.isalnum() or unicodedata.category(character)[0] == "M" or character in "\u200c\u200d"


def folding_tables() -> str:
    """C tables of the Unicode version that this Python knows."""
    ranges: list[list[int]] = []
    folds: list[tuple[int, int, int]] = []
    points: list[int] = []
    for point in range(0x80, 0x110000):
        if 0xD800 <= point < 0xE000:
            continue
        if is_word(chr(point)):
            if ranges and ranges[-1][1] == point - 1:
                ranges[-1][1] = point
            else:
                ranges.append([point, point])
        folded = fold(chr(point))
        if folded != chr(point):
            folds.append((point, len(points), len(folded)))
            points.extend(map(ord, folded))
    return "\n".join(
        [
            f"/* Made by setup.py from Unicode {unicodedata.unidata_version}. */",
            f"enum {{ WORD_RANGE_COUNT = {len(ranges)}, FOLD_COUNT = {len(folds)} }};",
            "static const unsigned WORD_RANGES[][2] = {" + ",".join(f"{{{a},{b}}}" for a, b in ranges) + "};",
            "static const struct { unsigned point; unsigned short at, length; } FOLDS[] = {"
            + ",".join(f"{{{a},{b},{c}}}" for a, b, c in folds)
            + "};",
            "static const unsigned FOLD_POINTS[] = {" + ",".join(map(str, points)) + "};",
            "",
        ]
    )


def compiler() -> list[str]:
    """The compile command: zig's clang for this machine's oldest processor, or what ``TOCSIN_CC`` says."""
    if chosen := os.environ.get("TOCSIN_CC"):
        return shlex.split(chosen)
    command = [sys.executable, "-m", "ziglang", "cc"]
    machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if sys.platform == "linux":
        library = "gnu.2.28" if platform.libc_ver()[0] == "glibc" else "musl"
        command += ["-target", f"{machine}-linux-{library}", "-mcpu=" + {"x86_64": "x86_64"}.get(machine, "generic")]
    return command


class BuildCore(build_ext):  # type: ignore[misc, unused-ignore]
    """Compile the core into ``_core.so`` without asking distutils for a compiler."""

    def get_ext_filename(self, fullname: str) -> str:
        """One name for every Python: the library does not depend on its version."""
        return fullname.replace(".", os.sep) + ".so"

    def run(self) -> None:
        """Build, and copy beside the sources for an editable installation."""
        for extension in self.extensions:
            self.build_extension(extension)
        if self.inplace:
            self.copy_extensions_to_source()

    def build_extension(self, ext: Extension) -> None:
        """Write the tables and call the compiler."""
        target = Path(self.build_lib) / self.get_ext_filename(ext.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        tables = Path(self.build_temp)
        tables.mkdir(parents=True, exist_ok=True)
        (tables / "folding.h").write_text(folding_tables())
        extra = shlex.split(os.environ.get("TOCSIN_CFLAGS", ""))
        command = [*compiler(), *FLAGS, f"-I{tables}", *extra, "-o", str(target), *ext.sources]
        subprocess.run(command, check=True)  # noqa: S603


class AnyPythonWheel(bdist_wheel):  # type: ignore[misc, unused-ignore]
    """The wheel depends on the platform, not on the Python."""

    def get_tag(self) -> tuple[str, str, str]:
        """``py3-none-<platform>``."""
        return "py3", "none", super().get_tag()[2]


if __name__ == "__main__":
    setup(
        ext_modules=[
            Extension(
                "tocsin.engine._core", [str(ENGINE / "core.c")], depends=[str(path) for path in ENGINE.glob("*.h")]
            )
        ],
        cmdclass={"build_ext": BuildCore, "bdist_wheel": AnyPythonWheel},
    )
