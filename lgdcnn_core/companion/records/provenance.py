"""Provenance of numbers: versions, machine, commit, and hashes of data."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion.records import sealed

PACKAGES = (
    "lgdcnn-core",
    "torch",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "pymatgen",
    "ElementEmbeddings",
    "pytorch-optimizer",
)
"""Packages that the numbers of a run may depend on."""

CODE = ("lgdcnn_core", "pyproject.toml", "requirements.lock")
"""Paths of a checkout that the numbers of a run depend on. New records, figures or notes are not code."""

SPARE_LOAD = 0.5
"""Load average that the system and its services cause, which does not count as other work."""


def versions() -> dict[str, str]:
    """Return the versions of Python and of `PACKAGES`, by name."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


def machine() -> dict[str, str | int | None]:
    """Describe this kind of machine, without anything that identifies the machine or its user."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": processor(),
        "cores": os.cpu_count(),
    }


def processor() -> str:
    """Return the name of the processor: its maker's name where the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file() and (name := _named_in(cpuinfo.read_text(errors="replace"))):
        return name
    named = _output("sysctl", "-n", "machdep.cpu.brand_string") if platform.system() == "Darwin" else None
    return named or platform.processor() or "unknown"


def _named_in(cpuinfo: str) -> str | None:
    """Return the name of the first processor in Linux's list.

    Virtual machines often leave out the model ("AMD EPYC"). The name then also gives the numbers of family and model.
    """
    lines = [line.partition(":") for line in cpuinfo.partition("\n\n")[0].splitlines()]
    told = {field.strip(): value.strip() for field, _, value in lines}
    name = told.get("model name")
    if not name or "cpu family" not in told or any(character.isdigit() for character in name):
        return name
    return f"{name}, family {told['cpu family']}, model {told['model']}"


def code() -> dict[str, str | bool] | None:
    """Return the commit of the checkout, and whether the code differs from it; None without a checkout or git."""
    top = checkout()
    commit = _output("git", "-C", str(top), "rev-parse", "HEAD") if top else None
    if commit is None:
        return None
    changes = _output("git", "-C", str(top), "status", "--porcelain", "--", *CODE)
    return {"commit": commit, "dirty": changes != ""}


def begin() -> dict[str, Any]:
    """Note the time, code and load at the start of a computation; `made_now` takes them at its end."""
    # We read the commit now because a commit made during the computation is not the code that ran.
    return {"started": now(), "code": code(), "load": {"start": load_average()}}


def made_now(kind: type[Any], begun: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that state when, where and with which code a record was made, if its kind has them.

    Parameters
    ----------
    kind
        Class of the record.
    begun
        From `begin`, when the work began.

    Returns
    -------
    dict
        ``versions``, ``platform``, ``code``, ``started``, ``finished``, ``load``.
    """
    load = {**begun["load"], "end": load_average()}
    found = {**begun, "versions": versions(), "platform": machine(), "finished": now(), "load": load}
    return {field.name: found[field.name] for field in fields(kind) if field.name in found}


def now() -> str:
    """Return the time as records state it: UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def load_average() -> float | None:
    """Return the mean number of processes that ran or waited in the last minute; None if the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def undisturbed(load: Mapping[str, float | None] | None, compute: Mapping[str, str | int]) -> bool | None:
    """Tell whether a record's computation had its cores to itself.

    Parameters
    ----------
    load
        `load_average` at the start and at the end, as the record states them; None if it does not.
    compute
        The record's device, precision and ``threads``.

    Returns
    -------
    bool or None
        True if both are less than `SPARE_LOAD` above the computation's own threads; None if one is unknown.
    """
    known = [each for each in (load or {}).values() if each is not None]
    if load is None or len(known) < len(load):
        return None
    return max(known) < int(compute["threads"]) + SPARE_LOAD


def data_hash(table: pd.DataFrame) -> str:
    """Hash the formulas and targets of a data set, in their order.

    The sha256 is of one UTF-8 line per row: the formula, then each target after a tab, as Python's shortest exact
    decimal.

    Parameters
    ----------
    table
        Columns ``formula`` and ``target``, (B,); or ``formula`` and one column for each of several properties.
    """
    targets = table[["target"]] if "target" in table else table.drop(columns="formula")
    digest = hashlib.sha256()
    for formula, values in zip(table["formula"], targets.to_numpy(dtype=float).tolist(), strict=True):
        digest.update("\t".join([formula, *map(repr, values)]).encode() + b"\n")
    return digest.hexdigest()


def input_hashes(tables: Mapping[str, pd.DataFrame], source: Path | None = None) -> dict[str, str]:
    """Hash the inputs of a training: each table by `data_hash`, and the file of its initial weights as ``source``."""
    of_tables = {part: data_hash(table) for part, table in tables.items()}
    return of_tables if source is None else of_tables | {"source": sealed.sha256(source.read_bytes())}


def _output(*command: str) -> str | None:
    """Return the output of a command, or None if it cannot run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
