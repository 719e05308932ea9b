"""The project around the package: what must agree with what."""

import ast
import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

import lgdcnn_core

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "lgdcnn_core"
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]


def test_environment_yml_asks_for_what_pyproject_does():
    environment = yaml.safe_load((TOP / "environment.yml").read_text())
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    expected = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["companion"]]
    assert sorted(pip) == sorted([*expected, "-e ."])
    python = next(e for e in environment["dependencies"] if isinstance(e, str) and e.startswith("python="))
    assert PROJECT["requires-python"] == ">=" + python.removeprefix("python=")


def test_the_lock_pins_every_requirement_and_names_no_place():
    lock = (TOP / "requirements.lock").read_text()
    pinned = {re.split("==", line)[0].lower() for line in lock.splitlines() if "==" in line}
    wanted = [*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())]
    names = {re.split(r"[<>=]", requirement)[0].lower() for requirement in wanted}
    assert names <= pinned
    assert re.search(r"^torch==2\.13\.0$", lock, flags=re.MULTILINE)
    assert not re.search(r"://|--index|--find-links", lock)


def test_the_version_is_said_once_and_the_same_everywhere():
    citation = yaml.safe_load((TOP / "CITATION.cff").read_text())
    assert PROJECT["version"] == lgdcnn_core.__version__ == citation["version"]
    assert f"## {PROJECT['version']}" in (TOP / "CHANGELOG.md").read_text()


def test_make_help_lists_every_target():
    makefile = (TOP / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    assert targets
    listed = subprocess.run(["make", "help"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    for target in targets[1].split():
        assert re.search(rf"^{target}\s", listed, flags=re.MULTILINE), target


CORE = {
    "files": set(),
    "composition": set(),
    "tables": set(),
    "benchmarks": set(),
    "elements": set(),
    "cecv": set(),
    "models": {"elements"},
    "training": {"files", "composition", "tables", "elements", "models"},
    "regressor": {"files", "composition", "elements", "models", "training", "cecv", "pretrained"},
    "pretrained": {"benchmarks"},
    "cli": {"files", "composition", "tables", "benchmarks", "training", "regressor", "cecv", "pretrained"},
}
"""Rooms of the core, and which others each may import."""

COMPANION = {
    "wording": set(),
    "intervals": set(),
    "records": set(),
    "runs": {"intervals", "records"},
    "readings": {"intervals", "wording", "records", "runs"},
    "design": {"intervals", "records", "runs"},
    "tuning": {"intervals", "wording", "records", "runs"},
    "speed": {"records", "runs"},
    "uncertainty": {"intervals", "wording", "records", "runs"},
    "claims": {"intervals", "wording", "records", "runs", "readings", "design", "tuning", "speed", "uncertainty"},
    "figures": {"wording", "records", "runs"},
    "reproduce": {"intervals", "wording", "records", "runs", "readings", "design", "claims", "figures"},
}
"""Rooms of the companion, and which others of its own each may import; of the core they may import every one."""


def rooms_imported(file: Path, package: str) -> set[str]:
    """Modules and rooms directly below a package that a file imports, however it writes that."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1, f"{file} imports from another room by dots"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} if node.level == 0 else set()
    return {name.removeprefix(f"{package}.").split(".")[0] for name in found if name.startswith(f"{package}.")}


def files_of(room: Path) -> list[Path]:
    return [room.with_suffix(".py")] if room.with_suffix(".py").exists() else sorted(room.rglob("*.py"))


def test_every_room_is_in_the_plan():
    for top, plan in ((PACKAGE, CORE), (PACKAGE / "companion", COMPANION)):
        rooms = {path.stem for path in top.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        assert rooms - {"__init__", "companion"} == set(plan)


@pytest.mark.parametrize("room", CORE)
def test_lower_rooms_of_the_core_do_not_import_higher_ones_nor_the_companion(room):
    for file in files_of(PACKAGE / room):
        imported = rooms_imported(file, "lgdcnn_core")
        assert "companion" not in imported, file
        assert imported & set(CORE) <= CORE[room] | {room}, file


@pytest.mark.parametrize("room", COMPANION)
def test_lower_rooms_of_the_companion_do_not_import_higher_ones(room):
    for file in files_of(PACKAGE / "companion" / room):
        imported = rooms_imported(file, "lgdcnn_core.companion")
        assert imported & set(COMPANION) <= COMPANION[room] | {room}, file
