"""The project around the package: what must agree with what."""

import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

import lgdcnn_core

TOP = Path(__file__).parent.parent
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]


def test_environment_yml_asks_for_what_pyproject_does():
    environment = yaml.safe_load((TOP / "environment.yml").read_text())
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    expected = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["notebooks"]]
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


ROOMS = [
    "composition",
    "benchmarks",
    "elements",
    "models",
    "training",
    "ensemble",
    "saved_model",
    "regressor",
    "cecv",
    "runs",
    "readings",
    "tuning",
    "speed",
    "figures",
    "reproduce",
]
MAY_IMPORT = {
    "composition": set(),
    "benchmarks": set(),
    "elements": set(),
    "cecv": set(),
    "figures": {"benchmarks", "cecv", "runs", "training"},
    "models": {"elements"},
    "training": {"composition", "elements", "models"},
    "ensemble": set(),
    "saved_model": {"elements", "models"},
    "regressor": {"composition", "elements", "models", "training", "ensemble", "saved_model"},
    "runs": {"benchmarks", "models", "training", "ensemble", "regressor"},
    "readings": {"benchmarks", "composition", "elements", "cecv", "runs", "training"},
    "tuning": {"benchmarks", "elements", "models", "training", "runs"},
    "speed": {"benchmarks", "composition", "models", "runs", "training"},
    "reproduce": {"benchmarks", "composition", "models", "training", "runs", "figures"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_lower_rooms_do_not_import_higher_ones(room):
    path = TOP / "lgdcnn_core" / room
    files = [path.with_suffix(".py")] if path.with_suffix(".py").exists() else sorted(path.rglob("*.py"))
    assert files
    for file in files:
        imported = set(re.findall(r"^\s*from lgdcnn_core\.(\w+)", file.read_text(), flags=re.MULTILINE))
        assert imported & set(ROOMS) <= MAY_IMPORT[room] | {room}, file.name
