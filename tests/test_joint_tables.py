"""Compositions in common, and the tables that one network for all sets learns from."""

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Composition

from lgdcnn_core import benchmarks
from lgdcnn_core.benchmarks import overlap


def reduced(part):
    """Each row's composition, alike for multiples of a formula; `overlap.composition_key` is tested with pymatgen."""
    return [str(key) for key in overlap.composition_keys(part)]


def test_composition_key_agrees_with_pymatgen(benchmark_data):
    names = ["matbench_steels", "matbench_jdft2d", "matbench_phonons", "matbench_glass"]
    formulas = pd.concat([benchmarks.load(name, fold=0).test for name in names]).formula
    for name in benchmarks.names("extended"):
        formulas = pd.concat([formulas, *(part.formula.iloc[::97] for part in benchmarks.load(name))])
    assert len(formulas) > 15_000
    for formula in [*formulas, *benchmarks.load("mp_bulk_modulus").test.formula, "NaN", "Sr(AlH)2"]:
        expected = Composition(formula).fractional_composition.get_el_amt_dict()
        assert dict(overlap.composition_key(formula)) == pytest.approx(expected, abs=1e-6), formula


def test_ti2o4_is_tio2():
    assert overlap.composition_key("Ti2O4") == overlap.composition_key("TiO2")


def test_what_is_left_of_a_source_is_in_no_part_that_others_are_judged_on(benchmark_data):
    train = benchmarks.load("aflow__Egap").train
    left = benchmarks.without_judged(train, "aflow__Egap")
    assert 0 < len(left) < len(train)
    assert left.equals(train.loc[left.index])
    seen = {*reduced(left)}
    for name in ("mp_shear_modulus", "OQMD_Bandgap"):
        split = benchmarks.load(name)
        assert not seen & {*reduced(split.val), *reduced(split.test)}
    for fold in range(5):
        assert not seen & {*reduced(benchmarks.load("matbench_jdft2d", fold).test)}
    # Those that others learn from may stay, and so may those on which sets of its own source are judged.
    assert seen & {*reduced(benchmarks.load("mp_e_hull").train)}
    assert seen & {*reduced(benchmarks.load("aflow__energy_atom").test)}


def test_the_joint_table_holds_what_the_sets_hold_and_nothing_that_small_sets_are_judged_on(benchmark_data):
    table = benchmarks.joint_table()
    assert list(table.columns) == ["formula", *benchmarks.names("extended")]
    assert len(benchmarks.few_compounds()) == 8
    rows = table.set_index(pd.Index(reduced(table)))
    assert rows.index.is_unique
    for name in ("mp_shear_modulus", "aflow__agl_thermal_expansion_300K"):
        split = benchmarks.load(name)
        assert not {*reduced(split.val), *reduced(split.test)} & set(rows.index)
        known = rows[name].dropna()
        left = split.train.assign(compound=reduced(split.train))
        left = left[left["compound"].isin(known.index)]
        assert 0 < len(left) == len(known) < len(split.train)
        np.testing.assert_array_equal(known[left["compound"]], left["target"])
    # What others are judged on may be there: no network that starts from this one is judged on those sets.
    assert set(reduced(benchmarks.load("mp_e_hull").val)) & set(rows.index)
    assert table.drop(columns="formula").notna().any(axis=1).all()


def test_every_extended_set_is_in_one_group_of_kindred_sets():
    grouped = [name for kin in benchmarks.KINDRED.values() for name in kin]
    assert sorted(grouped) == sorted(benchmarks.names("extended"))


@pytest.fixture(scope="module")
def masked_table(benchmark_data):
    return benchmarks.masked_joint_table()


def test_the_masked_table_has_no_answer_to_a_question_of_any_set(masked_table):
    table = masked_table
    assert list(table.columns) == ["formula", *benchmarks.names("extended")]
    rows = table.set_index(pd.Index(reduced(table)))
    assert rows.index.is_unique
    assert table.drop(columns="formula").notna().any(axis=1).all()
    for kin in benchmarks.KINDRED.values():
        judged = {each for name in kin for part in benchmarks.load(name)[1:] for each in reduced(part)}
        for name in kin:
            known = rows[name].dropna()
            assert not judged & set(known.index)
            # All else is there, with its value.
            train = benchmarks.load(name).train
            train = train.assign(compound=reduced(train))
            left = train[~train["compound"].isin(judged)].groupby("compound")["target"].mean()
            pd.testing.assert_series_equal(known.sort_index(), left, check_names=False)
    # A test compound of one set may teach another property: AFLOW's gaps are no answer to a question about moduli.
    moduli = {*reduced(benchmarks.load("aflow__ael_bulk_modulus_vrh").test)}
    assert moduli & set(rows["aflow__Egap"].dropna().index)


def test_masked_pairs_are_those_that_the_table_lacks(masked_table):
    counts = benchmarks.masked_pairs()
    left = counts["pairs"] - counts["masked"]
    assert left.to_dict() == masked_table.drop(columns="formula").notna().sum().to_dict()
    assert (counts["pairs"].sum(), counts["masked"].sum()) == (1_224_011, 138_242)
    assert counts.loc["aflow__energy_atom", "masked"] / counts.loc["aflow__energy_atom", "pairs"] > 0.59
    assert counts.loc["OQMD_Volume_per_atom", "masked"] == 0


def test_the_joint_validation_table_holds_the_validation_parts(benchmark_data):
    table = benchmarks.joint_validation()
    for name in ("aflow__Egap", "mp_mu_b"):
        val = benchmarks.load(name).val
        values = table.set_index(pd.Index(reduced(table)))[name].dropna()
        expected = val.assign(compound=reduced(val)).groupby("compound")["target"].mean()
        pd.testing.assert_series_equal(values.sort_index(), expected, check_names=False)
