"""The trained networks by name: where their files are, and whether they are what they were."""

import csv
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from lgdcnn_core.benchmarks.location import cache, checkout

FILES = Path(__file__).parent
ENDINGS = (".safetensors", ".md")
"""Of a network's file and of its card."""


class Model(NamedTuple):
    """A trained network.

    Attributes
    ----------
    name
        Name that `path` takes.
    sha256
        Checksum of its file; empty if it is no part of the package.
    about
        What it is, in a line.
    """

    name: str
    sha256: str
    about: str


class UnknownModel(ValueError):
    """No trained network has this name."""


class MissingModel(FileNotFoundError):
    """A trained network is no part of the package, and has not been made here."""


class DamagedModel(ValueError):
    """The file of a trained network is not the one that we shipped."""


@functools.cache
def _models() -> Mapping[str, Model]:
    with (FILES / "models.csv").open(encoding="utf-8", newline="") as file:
        return MappingProxyType({row["name"]: Model(**row) for row in csv.DictReader(file)})


def names() -> list[str]:
    """List the names of the trained networks."""
    return list(_models())


def model(name: str) -> Model:
    """Return what is known about a trained network.

    Raises
    ------
    UnknownModel
        If there is none of this name; the message lists the names.
    """
    if name not in _models():
        raise UnknownModel(f"no trained network is called {name!r}; choose from {', '.join(_models())}")
    return _models()[name]


def places(name: str) -> list[Path]:
    """Return the directories that may hold a network's files: the package, or the checkout and the user's cache."""
    if model(name).sha256:
        return [FILES]
    top = checkout()
    return [*([top / "data" / "weights"] if top else []), cache() / "weights"]


def path(name: str) -> Path:
    """Return the file of a trained network, for `CompositionRegressor.load`, after a check of its sha256.

    Raises
    ------
    UnknownModel
        If there is none of this name; the message lists the names.
    MissingModel
        If its file is not here; the message says how to make it.
    DamagedModel
        If it has another checksum than the file that we shipped.
    """
    file = _file(name, ".safetensors")
    expected = model(name).sha256
    if expected and (found := hashlib.sha256(file.read_bytes()).hexdigest()) != expected:
        raise DamagedModel(f"{file} was damaged or changed: its sha256 is {found}, not {expected}; install again")
    return file


def card(name: str) -> str:
    """Return the model card of a trained network, Markdown: data, errors, limits, licences.

    Raises
    ------
    UnknownModel, MissingModel
        As in `path`.
    """
    return _file(name, ".md").read_text(encoding="utf-8")


def _file(name: str, ending: str) -> Path:
    candidates = [place / f"{name}{ending}" for place in places(name)]
    found = next((file for file in candidates if file.is_file()), None)
    if found is None:
        way = "install the package again" if model(name).sha256 else "`make weights` in a checkout makes it"
        raise MissingModel(f"the trained network {name!r} is not at {candidates[0]}: {way}")
    return found
