"""What a user is held to, and may rely on, when formulas become compositions."""

import json
import pickle
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Composition, Element

from lgdcnn_core.composition import InvalidFormulas, Problem, parse

GOLDEN = Path(__file__).parent / "golden" / "forward.json"

STEEL = (
    "Fe0.620C0.000953Mn0.000521Si0.00102Cr0.000110Ni0.192Mo0.0176V0.000112Nb0.0000616Co0.146Al0.00318Ti0.0185W0.0001"
)


def elements_of(text: str) -> list[tuple[str, float]]:
    """One formula as (symbol, fraction) in the order of its arrays."""
    one = parse([text])
    return [(Element.from_Z(int(z)).symbol, float(x)) for z, x in zip(one.atomic_numbers, one.fractions, strict=True)]


def counted(**amounts: str) -> dict[str, float]:
    """Expected float32 fractions of hand-counted amounts, through exact arithmetic."""
    total = sum(Fraction(amount) for amount in amounts.values())
    return {symbol: float(np.float32(float(Fraction(amount) / total))) for symbol, amount in amounts.items()}


def reason_for(formula: object) -> str:
    with pytest.raises(InvalidFormulas) as caught:
        parse([formula])
    (problem,) = caught.value.problems
    assert problem.row == 0
    return problem.reason


# --- the published order and numbers ---


def test_arrays_agree_with_the_published_implementation() -> None:
    golden = json.loads(GOLDEN.read_text())
    src, frac = parse(golden["formulas"]).padded(golden["n_max"])
    assert src.dtype == np.int64
    assert frac.dtype == np.float32
    np.testing.assert_array_equal(src, golden["src"])
    np.testing.assert_array_equal(frac, np.array(golden["frac"], dtype=np.float32))


def test_elements_come_by_descending_amount_and_ties_by_first_appearance() -> None:
    assert [symbol for symbol, _ in elements_of("Na3PO4")] == ["O", "Na", "P"]
    assert [symbol for symbol, _ in elements_of("YBaCuO")] == ["Y", "Ba", "Cu", "O"]
    assert [symbol for symbol, _ in elements_of("O(Cu(Ba))Y")] == ["O", "Cu", "Ba", "Y"]
    # C2 H4 O2: carbon appears before oxygen
    assert elements_of("CH3COOH") == [("H", 0.5), ("C", 0.25), ("O", 0.25)]


def test_fractions_are_rounded_from_float64_to_float32() -> None:
    composition = parse(["Fe2O3", "Y1Ba2Cu3O7"])
    assert composition.fractions.dtype == np.float32
    expected = np.array([3 / 5, 2 / 5, 7 / 13, 3 / 13, 2 / 13, 1 / 13], dtype=np.float64).astype(np.float32)
    np.testing.assert_array_equal(composition.fractions, expected)


def test_fractions_of_every_compound_sum_to_one_in_descending_order() -> None:
    composition = parse(["Fe2O3", "Cu", STEEL, "CuSO4·5H2O", "Ba0.5Sr0.5TiO3"])
    np.testing.assert_allclose(composition.padded()[1].sum(axis=1), 1, atol=1e-6)
    assert (np.diff(composition.padded()[1], axis=1) <= 0).all()


# --- formulas as people write them ---


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("Ca(OH)2", counted(Ca="1", O="2", H="2")),
        ("K4[Fe(CN)6]", counted(K="4", Fe="1", C="6", N="6")),
        ("{[Cu(NH3)4]2(SO4)}3", counted(Cu="6", N="24", H="72", S="3", O="12")),
        ("Sr(AlH)2", counted(Sr="1", Al="2", H="2")),
        ("(Ba0.5Sr0.5)(Ti)(O)3", counted(Ba="0.5", Sr="0.5", Ti="1", O="3")),
        ("(Fe)0.5O", counted(Fe="0.5", O="1")),
        ("Fe.5O", counted(Fe="0.5", O="1")),
        ("Fe01O02", counted(Fe="1", O="2")),
        ("Fe1e-3O", counted(Fe="0.001", O="1")),
        ("(Fe1e-5O)1e-3Ni", counted(Fe="0.00000001", O="0.001", Ni="1")),
        ("Li1.5E-2O1", counted(Li="0.015", O="1")),
        ("Fe1e+2O1E2", counted(Fe="100", O="100")),
        ("Li2Er3Es4Eu5", counted(Li="2", Er="3", Es="4", Eu="5")),
        ("Fe1e-9O", counted(Fe="1e-9", O="1")),
        ("Fe₂O₃", counted(Fe="2", O="3")),
        ("Sr₀.₅Ca₀.₅TiO₃", counted(Sr="0.5", Ca="0.5", Ti="1", O="3")),
        ("  Fe 2\tO\u00a03\n", counted(Fe="2", O="3")),
        ("NaN", counted(Na="1", N="1")),
        ("Na N", counted(Na="1", N="1")),
        ("CuSO4·5H2O", counted(Cu="1", S="1", O="9", H="10")),
        ("CuSO₄ · 5 H₂O", counted(Cu="1", S="1", O="9", H="10")),
        ("CaSO4•0.5H2O", counted(Ca="1", S="1", O="4.5", H="1")),
        ("CaSO4*.5H2O", counted(Ca="1", S="1", O="4.5", H="1")),
        ("(CaSO4·0.5H2O)2", counted(Ca="2", S="2", O="9", H="2")),
        ("3CaO·Al2O3·6H2O", counted(Ca="3", O="12", Al="2", H="12")),
        ("2NaCl", counted(Na="2", Cl="2")),
        ("Ca(OH)2.H2O", counted(Ca="1", O="3", H="4")),
        ("MgSO4. 7H2O", counted(Mg="1", S="1", O="11", H="14")),
        ("Og2", counted(Og="2")),
        (STEEL, counted(Fe="0.620", C="0.000953", Mn="0.000521", Si="0.00102", Cr="0.000110", Ni="0.192",
                        Mo="0.0176", V="0.000112", Nb="0.0000616", Co="0.146", Al="0.00318", Ti="0.0185",
                        W="0.0001")),
    ],
)  # fmt: skip
def test_a_formula_as_people_write_it_is_read(formula: str, expected: dict[str, float]) -> None:
    assert dict(elements_of(formula)) == expected


def test_a_full_stop_before_a_digit_is_a_decimal_point_and_a_doubtful_one_warns() -> None:
    with pytest.warns(UserWarning, match=r"read as a decimal point .*: 1 \(row 1: 'CuSO4\.5H2O'\)"):
        read = parse(["NaCl", "CuSO4.5H2O", "CuSO4·0.5H2O", "Zr0.5H2O"])
    src, frac = read[[1]].padded()  # O 4.5 + 1, H 2, Cu 1, S 1
    np.testing.assert_array_equal(src, [[8, 1, 29, 16]])
    np.testing.assert_array_equal(frac, np.array([[5.5 / 9.5, 2 / 9.5, 1 / 9.5, 1 / 9.5]]).astype(np.float32))


@pytest.mark.parametrize(
    "formula",
    [
        "Li3Fe2(PO4)3",
        "Sr(AlH)2",
        "K4Fe(CN)6",
        "((Fe2)O3)2Ni",
        "Ba0.5Sr0.5TiO3",
        "NaN",
        "CH3COOH",
        STEEL,
        "[(Fe)(O2)]3",
    ],
)
def test_fractions_agree_with_pymatgen_where_both_read_the_formula(formula: str) -> None:
    theirs = Composition(formula).fractional_composition
    for symbol, fraction in elements_of(formula):
        assert fraction == pytest.approx(theirs[symbol], rel=1e-6)
    assert len(elements_of(formula)) == len(theirs)


@pytest.mark.parametrize("container", [list, tuple, iter, pd.Series, np.array, lambda x: np.array(x, dtype=object)])
def test_any_one_dimensional_container_is_accepted(container) -> None:
    read = parse(container(["Fe2O3", "NaCl"]))
    assert list(read.formulas) == ["Fe2O3", "NaCl"]
    np.testing.assert_array_equal(read.atomic_numbers, [8, 26, 11, 17])
    np.testing.assert_array_equal(read.lengths, [2, 2])
    np.testing.assert_array_equal(read.offsets, [0, 2, 4])


def test_rows_are_positions_even_for_a_series_with_another_index() -> None:
    read = parse(pd.Series(["Fe2O3", "NaCl"], index=[70, 80]))
    np.testing.assert_array_equal(read.rows, [0, 1])


# --- one composition, many ways to write it ---


def test_the_same_composition_however_written_has_the_same_arrays() -> None:
    for same in (
        ["Fe2O3", "Fe4O6", "(Fe2)O3", "O3Fe2", "Fe0.4O0.6", "Fe₂O₃", "2Fe2O3", "FeO·FeO2", "Fe1e-1O.15"],
        ["NaCl", "ClNa", "Na0.1Cl0.1", "(Na0.1)3Cl0.3"],
    ):
        read = parse(same).canonical()
        src, frac = read.padded()
        np.testing.assert_array_equal(src, np.tile(src[0], (len(same), 1)))
        np.testing.assert_array_equal(frac, np.tile(frac[0], (len(same), 1)))


def test_random_multiples_and_orders_of_a_composition_are_canonically_identical() -> None:
    rng = np.random.default_rng(0)
    symbols = [Element.from_Z(z).symbol for z in range(1, 119)]
    for _ in range(100):
        size = int(rng.integers(1, 14))
        chosen, amounts = rng.choice(symbols, size, replace=False), rng.integers(1, 9, size)
        ways = []
        for multiple in (1, 3, 7, 12):
            order = rng.permutation(size)
            ways.append("".join(f"{chosen[i]}{amounts[i] * multiple}" for i in order))
        src, frac = parse(ways).canonical().padded()
        assert (src == src[0]).all()
        assert (frac == frac[0]).all()


def test_canonical_orders_are_decided_by_the_composition_and_leave_the_rest() -> None:
    read = parse(["TiSrO3", "ClNa", "Cu"])
    np.testing.assert_array_equal(read.canonical().atomic_numbers, [8, 22, 38, 11, 17, 29])
    # Pauling: Na 0.93, Sr 0.95, Ti 1.54, Cl 3.16, O 3.44.
    ties = read.canonical("amount, electronegativity")
    np.testing.assert_array_equal(ties.atomic_numbers, [8, 38, 22, 11, 17, 29])
    alone = read.canonical("electronegativity")
    np.testing.assert_array_equal(alone.atomic_numbers, [38, 22, 8, 11, 17, 29])
    np.testing.assert_allclose(alone.fractions, [0.2, 0.2, 0.6, 0.5, 0.5, 1])
    # Argon and neon have none and come last, by atomic number.
    noble = parse(["ArNeF"]).canonical("electronegativity")
    np.testing.assert_array_equal(noble.atomic_numbers, [9, 10, 18])
    np.testing.assert_array_equal(read.canonical().fractions, read.fractions)
    assert list(read.canonical().formulas) == ["TiSrO3", "ClNa", "Cu"]


# --- what is no formula, and says so ---


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("", "empty"),
        (" \t\n", "empty"),
        ("XFe", "unknown element 'X'"),
        ("Vac0.1Fe", "unknown element 'Vac'"),
        ("Feo", "unknown element 'Feo'"),
        ("FE2O3", "unknown element 'E'"),
        ("D2O", "isotope.*write H"),
        ("T2O", "isotope.*write H"),
        ("¹⁸O2", "superscript"),
        ("Fe3+", "charge"),
        ("Na+", "charge"),
        ("Cl-", "charge"),
        ("SO4^2-", "charge"),
        ("SO4²⁻", "charge"),
        ("Fe(3+)", "charge"),
        ("Fe-1O2", "negative amount"),
        ("Fe2(SO4)-3", "negative amount"),
        ("Fe0O0.0", "every amount is zero"),
        ("Fe1e-999O", "amount 1e-999 is zero in float64"),
        ("Fe1e999", "infinite"),
        ("(Fe1e300)1e300", "add up to inf"),
        ("Fe" + "9" * 400, "add up to inf"),
        ("Fe1e-50O", "fraction of Fe, 1e-50 of 1, is zero in float32"),
        ("(Fe1e-200)1e-200O", "fraction of Fe, 0 of 1, is zero in float32"),
        ("Fe(OH", "'\\(' is never closed"),
        ("FeOH)2", r"'\)' \(character 5\) closes no bracket"),
        ("Fe(OH]2", "closes '\\('"),
        ("Fe()2", "no element"),
        ("Fe(2)", "no element"),
        ("2", "no element"),
        ("·H2O", "no element"),
        ("CuSO4·", "no element"),
        ("CuSO4··H2O", "no element"),
        ("CuSO4·5", "no element"),
        ("Fe2 3O", "two amounts in a row, at '3'"),
        ("Fe2O3.0.5H2O", "two amounts in a row, at '.5'; write a hydrate dot"),
        ("fe2o3", "'f' .*capital letter"),
        ("Fe2O3!", r"'!' \(character 6\) is not part"),
        ("Y3N@C80", "'@'"),
        ("Fe,O", "','"),
        (None, "missing value.*keep_default_na=False"),
        (float("nan"), "missing value"),
        (np.float32("nan"), "missing value"),
        (pd.NA, "missing value"),
        (pd.NaT, "missing value"),
        (26, "not a formula, dict or pymatgen Composition but int"),
        (b"Fe", "Composition but bytes"),
        (["Fe", "O"], "Composition but list"),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_formula_is_refused_with_its_reason(formula: object, reason: str) -> None:
    given = reason_for(formula)
    assert pd.Series([given]).str.contains(reason).all(), given


def test_one_error_has_every_bad_row_shows_twenty_and_names_the_way_out() -> None:
    formulas = ["Fe2O3", "Fe3+", "NaCl", "", None, "Fe1e-50O", *["Xx"] * 20_000]
    with pytest.raises(InvalidFormulas) as caught:
        parse(formulas)
    problems = caught.value.problems
    assert [problem.row for problem in problems] == [1, 3, *range(4, 20_006)]
    assert all(problem.formula is formulas[problem.row] for problem in problems)
    message = str(caught.value)
    assert message.startswith("20004 formulas cannot be read")
    for problem in problems[:20]:
        assert f"row {problem.row}: {problem.formula!r}: {problem.reason}" in message
    assert message.count("row ") == 20
    assert "and 19984 more; .problems has all" in message
    assert 'errors="drop"' in message


def test_the_error_is_a_value_error_and_survives_pickling() -> None:
    with pytest.raises(ValueError, match="1 formula cannot be read") as caught:
        parse(["Fe2O3", "Fe3+"])
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_drop_leaves_bad_rows_out_reports_them_and_warns() -> None:
    formulas = ["Fe3+", "Fe2O3", None, "Fe1e-50O", "NaCl"]
    with pytest.warns(UserWarning, match=r"^Formulas dropped: 3 \(row 0: 'Fe3\+': .*row 2: None.*\)$") as caught:
        read = parse(formulas, errors="drop")
    assert caught[0].filename == __file__
    assert list(read.formulas) == ["Fe2O3", "NaCl"]
    np.testing.assert_array_equal(read.rows, [1, 4])
    np.testing.assert_array_equal(read.atomic_numbers, [8, 26, 11, 17])
    assert [problem.row for problem in read.dropped] == [0, 2, 3]
    assert isinstance(read.dropped[0], Problem)


def test_a_long_list_of_dropped_formulas_warns_of_the_first_few_and_reports_all() -> None:
    with pytest.warns(UserWarning, match=r"; and 95 more\)$"):
        read = parse(["Xx"] * 100, errors="drop")
    assert len(read) == 0
    assert len(read.dropped) == 100
    assert read.padded()[0].shape == (0, 0)


def test_good_formulas_raise_no_warning_and_drop_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse(["Fe2O3", "Fe0.5O2"], errors="drop").dropped == ()


def test_a_single_string_is_an_error_that_says_to_wrap_it() -> None:
    with pytest.raises(TypeError, match=r"wrap it in a list: \['Fe2O3'\]"):
        parse("Fe2O3")


@pytest.mark.parametrize("table", [pd.DataFrame({"formula": ["Fe"]}), np.array([["Fe"]]), {"Fe": 1}])
def test_a_table_is_an_error_that_says_to_pass_a_column(table) -> None:
    with pytest.raises(TypeError, match="one column"):
        parse(table)


def test_an_unknown_way_with_errors_is_refused() -> None:
    with pytest.raises(ValueError, match='"raise" or "drop", not \'ignore\''):
        parse(["Fe"], errors="ignore")  # type: ignore[arg-type]
