"""Join the extended sets: all known properties of a compound in one row, for networks that learn them together."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from .catalogue import card, names
from .overlap import composition_keys
from .split import Split, load

FEW = 10_000
"""Rows up to which a set is one of `few_compounds`; all others have more than twice as many."""


def few_compounds() -> list[str]:
    """List the extended sets with fewer than `FEW` rows: those of elastic and thermal properties."""
    return [name for name in names("extended") if card(name).n_rows < FEW]


KINDRED = {
    "band gap": ("aflow__Egap", "OQMD_Bandgap"),
    "energy, enthalpy or energy above the hull": (
        *("aflow__energy_atom", "CritExam__Ed", "CritExam__Ef", "mp_e_hull"),
        *("OQMD_Energy_per_atom", "OQMD_Formation_Enthalpy"),
    ),
    "bulk modulus": ("aflow__ael_bulk_modulus_vrh", "mp_bulk_modulus"),
    "shear modulus": ("aflow__ael_shear_modulus_vrh", "mp_shear_modulus"),
    "volume": ("OQMD_Volume_per_atom",),
    "magnetic moment": ("mp_mu_b",),
    "Debye temperature": ("aflow__ael_debye_temperature",),
    "thermal expansion": ("aflow__agl_thermal_expansion_300K",),
    "thermal conductivity": ("aflow__agl_thermal_conductivity_300K",),
    "elastic anisotropy": ("mp_elastic_anisotropy",),
}
"""Extended sets of the same or a kindred property. Each set is in one group."""

Key = tuple[tuple[str, float], ...]
"""A composition, see `overlap.composition_key`."""


def joint_table() -> pd.DataFrame:
    """Return the joined training parts of all extended sets, without the compounds on which small sets are judged.

    All values of a compound are left out if it is in the validation or test part of one of `few_compounds`. A network
    trained on the rest may be judged on these sets, and on no others. Compounds are identified by composition. If a set
    has several values for a compound, their mean is taken.

    Returns
    -------
    DataFrame
        One row per compound: the column ``formula``, and a column for each of the 18 sets, with its name and in its
        unit, NaN where the set lacks the compound.
    """
    splits = _splits()
    judged = {key for name in few_compounds() for key in _judged(splits[name])}
    return _side_by_side({name: _without(split.train, judged) for name, split in splits.items()})


def masked_joint_table() -> pd.DataFrame:
    """Return the joined training parts of all extended sets, with every value masked on which a set is judged.

    A value is masked (left out) if its compound is in the validation or test part of a set of the same or a `KINDRED`
    property. A network trained on the rest may therefore be judged on all 18 sets: about a test compound it has learnt
    other properties at most. Compounds are identified by composition.

    Returns
    -------
    DataFrame
        As for `joint_table`. A compound without any remaining value has no row.
    """
    splits = _splits()
    left: dict[str, pd.DataFrame] = {}
    for kin in KINDRED.values():
        judged = _judged_by(kin)
        left |= {name: _without(splits[name].train, judged) for name in kin}
    return _side_by_side({name: left[name] for name in splits})


def without_kin(part: pd.DataFrame, name: str) -> pd.DataFrame:
    """Drop the compounds on which an extended set, or a set of a `KINDRED` property, validates or tests.

    Parameters
    ----------
    part : DataFrame
        Rows with a column ``formula``.
    name : str
        The set.

    Returns
    -------
    DataFrame
        The remaining rows of `part`, in their order.
    """
    return _without(part, _judged_by(next(kin for kin in KINDRED.values() if name in kin)))


def joint_validation() -> pd.DataFrame:
    """Return the joined validation parts of all extended sets, in the form of `joint_table`."""
    return _side_by_side({name: split.val for name, split in _splits().items()})


def masked_pairs(directory: Path | None = None) -> pd.DataFrame:
    """Count the pairs of compound and property that `masked_joint_table` leaves out.

    Parameters
    ----------
    directory : Path, optional
        Data directory, as `root` of `load`.

    Returns
    -------
    DataFrame
        One row per set (index): its group of ``kindred`` sets, the number of compounds in its training part
        (``pairs``), and how many of them are ``masked``.
    """
    rows = {}
    for kind, kin in KINDRED.items():
        judged = _judged_by(kin, directory)
        for name in kin:
            compounds = set(composition_keys(load(name, root=directory).train))
            rows[name] = {"kindred": kind, "pairs": len(compounds), "masked": len(compounds & judged)}
    return pd.DataFrame.from_dict(rows, orient="index").loc[names("extended")]


def _splits() -> dict[str, Split]:
    return {name: load(name) for name in names("extended")}


def _judged(split: Split) -> set[Key]:
    """Return the compounds on which a set validates or tests."""
    return {key for part in (split.val, split.test) for key in composition_keys(part)}


def _judged_by(sets: Iterable[str], directory: Path | None = None) -> set[Key]:
    """Return the compounds on which any of these sets validates or tests."""
    return set().union(*(_judged(load(each, root=directory)) for each in sets))


def _without(part: pd.DataFrame, judged: set[Key]) -> pd.DataFrame:
    return part[np.array([key not in judged for key in composition_keys(part)], dtype=bool)]


def _side_by_side(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Join parts, one row per compound, in the order in which compounds first occur."""
    rows: dict[Key, int] = {}
    formulas: list[str] = []
    columns: dict[str, pd.Series] = {}
    for name, part in parts.items():
        places = []
        for key, formula in zip(composition_keys(part), part["formula"], strict=True):
            if key not in rows:
                rows[key] = len(rows)
                formulas.append(formula)
            places.append(rows[key])
        columns[name] = part["target"].groupby(places).mean()
    return pd.DataFrame({"formula": formulas} | columns, index=range(len(formulas)))
