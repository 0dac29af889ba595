"""House style, visited room by room: every action, query, model, command, file and setting is as the house says."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps
from django.core.management import call_command

import tocsin

SOURCE = Path(tocsin.__file__).parent
REPOSITORY = SOURCE.parents[1]
DESKS = ("constituency", "agreements", "intel", "detection", "findings", "exchange")
#: Lower is further down; an import or a relation may only go to the same room or down.
LEVEL = {
    "jobs": 0,
    "web": 0,
    "net": 0,
    "constituency": 1,
    "agreements": 2,
    "intel": 3,
    "detection": 4,
    "findings": 5,
    "exchange": 6,
}

FURNITURE = {
    "rules",
    "models",
    "queries",
    "actions",
    "letters",
    "forms",
    "views",
    "api",
    "jobs",
    "commands",
    "urls",
    "apps",
    "migrations",
    "templates",
    "templatetags",
    "static",
    "locale",
    "__init__",
    "__pycache__",
}
#: Furniture that one room has beside the common one, each with its reason in ``docs/why``.
OWN_FURNITURE = {"constituency": {"access", "audit"}, "agreements": {"release"}}


def _modules(name: str) -> Iterator[ModuleType]:
    module = importlib.import_module(name)
    yield module
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"{name}."):
        yield importlib.import_module(found.name)


def _exported(name: str) -> Iterator[tuple[str, Callable[..., object]]]:
    """The public functions that a desk's ``actions`` or ``queries`` offers to its doors."""
    module = importlib.import_module(name)
    names = getattr(module, "__all__", None) or [word for word in vars(module) if not word.startswith("_")]
    for word in names:
        value = getattr(module, word)
        if inspect.isfunction(value) and value.__module__.startswith(name):
            yield word, value


@pytest.mark.parametrize("room", DESKS)
def test_a_desk_has_its_furniture_and_no_other(room: str) -> None:
    found = {path.stem for path in (SOURCE / room).iterdir()}
    assert found <= FURNITURE | OWN_FURNITURE.get(room, set())


@pytest.mark.parametrize("room", DESKS)
def test_every_action_is_keyword_only_with_the_actor_first(room: str) -> None:
    wrong = []
    for name, function in _exported(f"tocsin.{room}.actions"):
        parameters = list(inspect.signature(function).parameters.values())
        if not parameters:
            continue  # a plain question such as "is there anything new"
        if parameters[0].name != "actor" or any(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters):
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("room", DESKS)
def test_every_query_is_told_first_who_looks(room: str) -> None:
    wrong = []
    for name, function in _exported(f"tocsin.{room}.queries"):
        parameters = list(inspect.signature(function).parameters)
        if not parameters or parameters[0] != "viewer":
            wrong.append(name)
    assert wrong == []


def test_every_relation_between_tables_points_down() -> None:
    wrong = []
    for model in apps.get_models():
        room = model._meta.app_label
        if room not in LEVEL:
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "remote_field", None) and not field.auto_created and field.related_model
            if target and LEVEL.get(target._meta.app_label, 0) > LEVEL[room]:
                wrong.append(f"{room}.{model.__name__}.{field.name}")
    assert wrong == []


def test_every_public_function_and_class_says_what_it_is() -> None:
    """The linter checks that there is a docstring; here, that a module's first line says something about the module."""
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        if not docstring or len(docstring) < 15:
            wrong.append(str(path.relative_to(SOURCE)))
    assert wrong == []


#: Tables of data may be long; so may a list of pure declarations. Each stands here with its reason.
LONG_FILES = {
    "constituency/access.py": "the one place of permissions, kept whole",
    "formats/stix/check/observables21.py": "a list of declarations: every observable of STIX 2.1",
    "formats/stix/check/kinds.py": "a list of declarations: every kind of value that properties have",
}


def test_no_file_has_outgrown_its_room() -> None:
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        if (
            "migrations" not in path.parts
            and name not in LONG_FILES
            and len(path.read_text("utf-8").splitlines()) > 420
        ):
            wrong.append(name)
    assert wrong == []


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    out = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=out, stderr=out)


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    return [REPOSITORY / name for name in listed.stdout.decode().split("\0") if name]


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    # What this very machine calls its folders is asked of it; a registry is known by the shape of its addresses.
    folders = [rf"{re.escape(str(folder))}\b" for folder in (REPOSITORY, REPOSITORY.parent / "shared")]
    folders.append(re.escape(f"{Path.home()}/"))
    registries = [r"\b(registry|files)\.\w+\.(org|com)\b", r"\w\.(org|com)/simple\b"]
    forbidden = re.compile("|".join([*folders, *registries, r"/home/\w+/"]))
    wrong = []
    for path in _tracked():
        if (
            path.is_file()
            and path.suffix not in {".png", ".woff2"}
            and forbidden.search(path.read_text("utf-8", "replace"))
        ):
            wrong.append(str(path.relative_to(REPOSITORY)))
    assert wrong == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "package-lock.json"])
def test_lock_files_carry_names_versions_and_hashes_only(name: str) -> None:
    assert not re.search(r"https?://|\"resolved\"", (REPOSITORY / name).read_text("utf-8"))


AVOIDED = re.compile(r"\b(ioc|iocs|whitelist|ticket|helper|util|misc)\b", re.IGNORECASE)
#: Where somebody else's format uses the word and we must read or write it.
FOREIGN_WORDS = {"formats", "engine"}


def test_code_does_not_use_the_words_to_avoid() -> None:
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        if path.relative_to(SOURCE).parts[0] in FOREIGN_WORDS:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        wrong += [f"{path.relative_to(SOURCE)}: {name}" for name in names if AVOIDED.search(name.replace("_", " "))]
    assert wrong == []
