"""What set-up brings for the browser is pinned, and names no place to fetch it from."""

import json
from pathlib import Path

from tocsin.web import assets

_ROOT = Path(__file__).parents[2]
_LOCK = json.loads((_ROOT / "package-lock.json").read_text("utf-8"))


def test_every_package_is_pinned_by_hash() -> None:
    for name, package in _LOCK["packages"].items():
        assert not name or package["integrity"].startswith("sha512-"), name


def test_the_lock_names_no_address_to_fetch_from() -> None:
    assert all("resolved" not in package for package in _LOCK["packages"].values())
    assert "registry" not in (_ROOT / "package-lock.json").read_text("utf-8")


def test_the_manifest_asks_for_exact_versions() -> None:
    wanted = json.loads((_ROOT / "package.json").read_text("utf-8"))["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values())


def test_a_second_set_up_finds_nothing_to_do() -> None:
    vendor = _ROOT / "src/tocsin/web/static/web/vendor"
    assets.prepare()
    before = {path: path.stat().st_mtime_ns for path in vendor.rglob("*")}
    assets.prepare()
    assert {path: path.stat().st_mtime_ns for path in vendor.rglob("*")} == before


def test_every_drawing_that_a_template_uses_is_in_the_sprite() -> None:
    sprite = (_ROOT / "src/tocsin/web/static/web/vendor/icons.svg").read_text("utf-8")
    assert all(f'<symbol id="{name}"' in sprite for name in assets.ICONS)
