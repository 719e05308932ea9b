"""Formulas as people write them: read as meant, read with a warning, or refused with a way out."""

import time
import warnings
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Composition, Element, Lattice, Species, Structure

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.composition import InvalidFormulas, TooManyElements, parse
from lgdcnn_core.composition.notation import SYMBOLS
from lgdcnn_core.training import FAST


def amounts_in(formula: object, **options) -> dict[str, float]:
    """Fractions by symbol of a formula that must be read without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = parse([formula], **options)
    return {SYMBOLS[z - 1]: float(x) for z, x in zip(one.atomic_numbers, one.fractions, strict=True)}


def reason_for(formula: object) -> str:
    with pytest.raises(InvalidFormulas) as caught:
        parse([formula])
    return caught.value.problems[0].reason


def assert_same(formula: object, plain: str, **options) -> None:
    found, expected = amounts_in(formula, **options), amounts_in(plain)
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_symbols_are_those_of_pymatgen() -> None:
    assert [Element.from_Z(z).symbol for z in range(1, 119)] == SYMBOLS


# --- adducts after a full stop ---

ADDUCTS = [
    ("LiClO4.3NH3", "LiClO4N3H9"),
    ("CaCl2.6(NH3)", "CaCl2N6H18"),
    ("CuSO4.5H2O", "CuSO9H10"),
    ("Na2CO3.10H2O", "Na2CO13H20"),
    ("K2SO4.Al2(SO4)3.24H2O", "K2Al2S4O40H48"),
    ("CaCl2.2C2H5OH", "CaCl2C4H12O2"),
    ("Na2O.11Al2O3", "Na2O34Al22"),
    ("AsI3.3S8", "AsI3S24"),
    ("[Co(NH3)6]Cl3.2H2O", "CoN6H22Cl3O2"),
    ("Ca3Al2O6.6H2O.3NH3", "Ca3Al2O12H21N3"),
    ("AlPt2.2H2O", "AlPt2H4O2"),
]


@pytest.mark.parametrize(("formula", "plain"), ADDUCTS)
def test_a_full_stop_that_may_join_an_adduct_warns_with_its_row_or_joins_one_when_asked(formula, plain) -> None:
    with pytest.warns(UserWarning, match=r"full stop read as a decimal point .*: 1 \(row 1: ") as caught:
        parse(["NaCl", formula])
    assert len(caught) == 1
    assert_same(formula, plain, full_stop="adduct")


@pytest.mark.parametrize(
    "formula",
    [
        "Ba0.5Sr0.5TiO3", "La1.85Sr0.15CuO4", "YBa2Cu3O6.93", "Bi2Te2.7Se0.3", "LiNi1.5Mn0.5O4", "Na3.5PS4",
        "GaAs.3P.7", "GaN.9As.1", "Na.5Bi.5TiO3", "H2.5Cs0.5PO4", "(La0.8Sr0.2)1.1MnO3", "CsPbBr2.5Cl0.5",
        "Gd2O2.8S0.2", "Fe.5O", "La1.02MnO3", "BaTiO2.5H0.5",
    ],
)  # fmt: skip
def test_other_full_stops_are_decimal_points_whatever_is_asked(formula) -> None:
    assert amounts_in(formula, full_stop="adduct") == amounts_in(formula)


@pytest.mark.parametrize(
    ("formula", "plain"), [("CaSO4.0.5H2O", "CaSO4.5H"), ("CuSO4.2.5H2O", "CuSO6.5H5"), ("CaSO4.1/2H2O", "CaSO4.5H")]
)
def test_an_adduct_with_a_decimal_coefficient_needs_to_be_asked_for(formula, plain) -> None:
    assert "dot" in reason_for(formula)
    assert_same(formula, plain, full_stop="adduct")


def test_an_unknown_meaning_of_the_full_stop_is_refused() -> None:
    with pytest.raises(ValueError, match='"decimal point" or "adduct", not \'hydrate\''):
        parse(["Fe"], full_stop="hydrate")  # type: ignore[arg-type]


# --- fractions and zeros ---


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        ("Pb(Mg1/3Nb2/3)O3", "Pb3MgNb2O9"),
        ("La2/3Ca1/3MnO3", "La2CaMn3O9"),
        ("Pb(Mg⅓Nb⅔)O3", "Pb3MgNb2O9"),
        ("CaSO4·1/2H2O", "Ca2S2O9H2"),
        ("CaSO4·½H2O", "Ca2S2O9H2"),
        ("Mg1⁄3O", "MgO3"),
        ("(Na1/2Bi1/2)TiO3", "NaBiTi2O6"),
    ],
)
def test_thirds_and_other_fractions_are_read(formula, plain) -> None:
    assert_same(formula, plain)


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        ("La2Sr0CuO4", "La2CuO4"),
        ("La2Sr0.0CuO4", "La2CuO4"),
        ("Sr00Ti", "Ti"),
        ("Fe(OH)0", "Fe"),
        ("NaCl·0H2O", "NaCl"),
        ("Mg0/3O", "O"),
        ({"La": 2, "Sr": 0, "Cu": 1, "O": 4}, "La2CuO4"),
    ],
)
def test_a_zero_amount_leaves_the_element_out_with_a_warning(formula, plain) -> None:
    with pytest.warns(UserWarning, match=r"left out, because an amount is zero: 1 \(row 1: "):
        read = parse(["NaCl", formula])
    np.testing.assert_array_equal(read[[1]].padded()[0], parse([plain]).padded()[0])
    np.testing.assert_array_equal(read[[1]].padded()[1], parse([plain]).padded()[1])


# --- dicts and pymatgen's Composition ---

IRON_OXIDE = [
    {"Fe": 2, "O": 3},
    {26: 2, np.int64(8): 3.0},
    {Element("Fe"): Decimal(2), Species("O", -2): Fraction(3)},
    Counter({"Fe": 2, "O": 3}),
    Composition("Fe2O3"),
    Composition({"Fe3+": 2, "O2-": 3}),
    Composition({"Fe2+": 1, "Fe3+": 1, "O": 3}),
]


@pytest.mark.parametrize("container", [list, tuple, iter, pd.Series])
def test_dicts_and_compositions_are_read_as_their_formula_is(container) -> None:
    read = parse(container(IRON_OXIDE))
    assert list(read.formulas) == ["Fe2O3"] * len(IRON_OXIDE)
    np.testing.assert_array_equal(read.fractions, np.tile(parse(["Fe2O3"]).fractions, len(IRON_OXIDE)))


def test_the_text_of_a_dict_reads_back_to_the_same_arrays() -> None:
    awkward = {"Fe": 0.1 + 0.2, "C": 1e-7, "O": 1 / 3, "W": 1e22}
    once = parse([awkward])
    again = parse(once.formulas)
    np.testing.assert_array_equal(once.fractions, again.fractions)
    assert Composition(once.formulas[0])["C"] == 1e-7


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ({}, "empty"),
        (Composition(), "empty"),
        ({"Fe": 0}, "every amount is zero"),
        ({"Fe": -1}, "amount of Fe is -1"),
        (Composition({"Fe": -1}, allow_negative=True), "amount of Fe is -1"),
        ({"Fe": "2"}, "amount of Fe is '2'"),
        ({"Fe": float("nan")}, "amount of Fe is nan"),
        ({"Fe": 10**400}, "amount of Fe is 1000"),
        ({"Xx": 1}, "unknown element 'Xx'"),
        ({True: 1}, "unknown element True"),
        ({119: 1}, "unknown element 119"),
        ({"Li2S": 75, "P2S5": 25}, "unknown element 'Li2S'.* 75Li2S·25P2S5"),
        (Composition("D2O"), "D is an isotope"),
        (Composition({"X0+": 1, "O": 1}), "unknown element 'X'"),
        (Structure(Lattice.cubic(3), ["Na"], [[0, 0, 0]]), r"Structure; pass its \.composition"),
    ],
    ids=repr,
)
def test_a_dict_or_composition_that_is_none_is_refused_with_its_reason(formula, reason) -> None:
    given = reason_for(formula)
    assert pd.Series([given]).str.contains(reason).all(), given


@pytest.mark.parametrize("one", [Composition("Fe2O3"), {"Fe": 2}])
def test_a_single_composition_is_an_error_that_says_to_wrap_it(one) -> None:
    with pytest.raises(TypeError, match="wrap a single composition in a list"):
        parse(one)


def test_an_estimator_takes_dicts_and_compositions_wherever_it_takes_formulas() -> None:
    texts = ["NaCl", "Fe2O3", "SrTiO3", "Cu"]
    others = [{"Na": 1, "Cl": 1}, Composition("Fe2O3"), {38: 1, 22: 1, 8: 3}, Composition("Cu")]
    table = pd.DataFrame({"formula": others, "target": [1.0, 2.0, 3.0, 4.0]})
    recipe = FAST.with_changes(epochs=1)

    def regressor() -> CompositionRegressor:
        return CompositionRegressor("LSTM", recipe, progress=False)

    expected = regressor().fit(texts, table["target"])
    for fitted in (regressor().fit(others, table["target"]), regressor().fit(table, val=table)):
        np.testing.assert_array_equal(fitted.predict(others), fitted.predict(texts))
        assert fitted.score(table) == fitted.score(texts, table["target"])
    np.testing.assert_array_equal(expected.predict(table), expected.predict(texts))


# --- refused for the true reason, with the way out ---


@pytest.mark.parametrize(
    ("formulas", "reason"),
    [
        ("Ga0,65In0,35As", "a decimal comma? write 0.65"),
        ("Li1,2Mn0,6O2", "a decimal comma? write 1.2"),
        ("CaSO4·0,5H2O", "a decimal comma? write 0.5"),
        ("(Fe,Ni)S (Mg0.9,Fe0.1)2SiO4", "elements that share a site: write their amounts"),
        ("Fe2O3,NaCl Fe2O3;NaCl", "several formulas? Give each a row of its own"),
        ("Ti-6Al-4V", "looks like weight per cent: composition.from_weights(['Ti-6Al-4V']); if it is atomic per cent, "
         "write 90Ti·6Al·4V"),
        ("Fe–18Cr–8Ni Sn-3.0Ag-0.5Cu 63Sn-37Pb Fe-0.4C", "looks like weight per cent: composition.from_weights("),
        ("Fe-0.4C", "write 99.6Fe·0.4C"),
        ("Ti-6Al-4V(wt%) Cu-30wt.%Zn Fe18Cr8Niwt%", "weight per cent: composition.from_weights("),
        ("Ti-48Al(at.%)", "atomic per cent: write the numbers as amounts"),
        ("WC-10Co", "from_weights(['WC-10Co']), by moles 90WC·10Co"),
        ("ZrO2-0.1Y2O3", "by moles 0.9ZrO2·0.1Y2O3"),
        ("75Li2S-25P2S5 (75Li2S)-(25P2S5) 75Li2S:25P2S5 75Li2S+25P2S5", "a mixture: write 75Li2S·25P2S5"),
        ("0.67Pb(Mg1/3Nb2/3)O3–0.33PbTiO3", "a mixture: write 0.67Pb(Mg1/3Nb2/3)O3·0.33PbTiO3"),
        ("CaO-SiO2 Fe2O3/SiO2 Pt/C Al-Cu", "a mixture without amounts"),
        ("InOx LixCoO2 YBa2Cu3O7-x La1-xSrxMnO3 Fe1-xO xLi2S-(100-x)P2S5 CuSO4.xH2O", "'x' is a variable"),
        ("YBa2Cu3O7-δ YBa2Cu3O7−δ La2NiO4+δ", "'δ' is a variable"),
        ("CuSO4·nH2O (C2H4)n CnH2n+2 nH2O", "'n' is a variable"),
        ("YBa2Cu3O7-d", "'d' is a variable"),
        ("SrTiO3:Nb ZnO:Al Y2O3:Eu3+ SrTiO3:0.5%Nb Nb:SrTiO3 Nb-dopedSrTiO3", "a dopant without an amount"),
        ("TiO2(anatase) anatase-TiO2 TiO2_anatase TiO2,anatase", "'anatase' is a phase name"),
        ("TiO2(Anatase)", "'Anatase' is a phase name"),
        ("α-Al2O3", "'α' is a phase name"),
        ("γFe2O3", "'γ' is a phase name"),
        ("4H-SiC", "'4H' is a phase name"),
        ("MoS2-2H", "'2H' is a phase name"),
        ("h-BN", "'h' is a phase name"),
        ("Fe(bcc)", "'bcc' is a phase name"),
        ("NaCl(aq)", "'aq' is a phase name"),
        ("H2O(g)", "'g' is a phase name"),
        ("Steel None", "is a name, not a formula"),
        ("[13C]O2 H2[18O] [13C6]H12O6 [15NH4]Cl (13C)O2 H2(18O) {13C}O2 12C16O 235U16O2 7Li19F", "isotope"),
        ("C-14 U-235 Li-6 ¹³CO2 ^13CO2 [¹³C]O2 H₂¹⁸O [14C]-glucose", "isotope"),
        ("CuSO4-5H2O CuSO4:5H2O CuSO4×5H2O CuSO4+5H2O CuSO4,5H2O CaSO4.1/2H2O", "an adduct? write it with a dot"),
        ("Cu50-Zr50", "leave them out: Cu50Zr50"),
        ("Li2S-P2S5(75:25)", "a ratio beside the formula"),
        ("P2-Na0.67MnO2", "'P2' is a phase name"),
        ("ZrO2(m)", "'m' is a phase name"),
        ("Fe$_2$O$_3$ Fe<sub>2</sub>O3 Fe_2O_3", "markup"),
    ],
)  # fmt: skip
def test_a_formula_is_refused_for_the_true_reason_with_the_way_out(formulas: str, reason: str) -> None:
    for formula in formulas.split():
        assert reason in reason_for(formula), formula


def test_the_way_out_that_a_mixture_names_is_read() -> None:
    assert_same("75Li2S·25P2S5", "Li150P50S200")
    assert_same("90Ti·6Al·4V", "Ti90Al6V4")


@pytest.mark.parametrize("formula", ["TiO2 (anatase)", "TiO2 rutile", "Rutile TiO2", "C (diamond)", "SiO2 (α)"])
def test_a_phase_name_after_a_blank_is_refused_as_such(formula) -> None:
    assert "is a phase name, which a composition does not have" in reason_for(formula)


# --- blanks and lines ---


def test_a_long_blank_takes_no_longer_than_a_short_one() -> None:
    begin = time.process_time()
    assert "two lines" in reason_for("Fe" + "\n" * 50_000 + "O")
    assert "is not part" in reason_for("Fe" + " " * 50_000 + "O!")
    assert_same("Fe" + " " * 50_000 + "O", "FeO")
    assert time.process_time() - begin < 2  # 40 s where the time grows with the square


@pytest.mark.parametrize(
    "formula", ["Fe2O3\nNaCl", "Fe3+\nNa+", "Fe2O3\r\nNaCl", "Fe2O3\x0bNaCl", "Fe2O3\u2028NaCl", "Fe2\nO3"]
)
def test_two_lines_in_one_string_are_refused(formula) -> None:
    assert "two lines in one string" in reason_for(formula)


@pytest.mark.parametrize("formula", ["NaBr 2H2O", "NaBr\u00a02H2O", "AlN 3(NH3)", "Na Br 2HF"])
def test_an_adduct_whose_dot_is_a_blank_is_refused(formula) -> None:
    assert "write an adduct with a dot" in reason_for(formula)


@pytest.mark.parametrize(
    "formula", ["NaBr 2 H2O", "Fe2O3 NaCl", "Fe2O3\tNaCl", "CuSO4 H2O", "NaBr 2 HF", "NaCl (H2O)2"]
)
def test_a_blank_between_parts_warns(formula) -> None:
    with pytest.warns(UserWarning, match=r"A blank ignored between the parts .*: 1 \(row 0: "):
        parse([formula])


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        (" Fe 2 O 3\n", "Fe2O3"),
        ("Fe2 O3", "Fe2O3"),
        ("Ca (C O3)", "CaCO3"),
        ("Cu (S O4) (H2 O)5", "CuSO9H10"),
        ("CuSO4 · 5 H2O", "CuSO9H10"),
        ("2 NaCl", "NaCl"),
    ],
)
def test_blanks_that_separate_elements_or_stand_beside_a_dot_are_no_doubt(formula, plain) -> None:
    assert_same(formula, plain)


# --- read, but perhaps not as meant ---


@pytest.mark.parametrize(
    ("formula", "doubt"),
    [
        ("Al2O3/2SiO2", "fraction read as an amount"),
        ("SiO3/2", "fraction read as an amount"),
        ("(15NH4)2SO4", "number at the start of a bracket"),
        ("TiO2/5SiO2", "fraction read as an amount"),
        ("NaI(Tl)", "element in brackets at the end"),
        ("TiO2(B)", "element in brackets at the end"),
        ("Fe(III)Cl3", "Roman numeral"),
        ("Ti(IV)O2", "Roman numeral"),
        ("Cu(I)O", "Roman numeral"),
    ],
)
def test_what_may_mean_something_else_warns(formula, doubt) -> None:
    with pytest.warns(UserWarning, match=rf"{doubt}.*: 1 \(row 0: "):
        parse([formula])


def test_doubts_of_one_kind_are_one_warning_that_shows_a_few() -> None:
    with pytest.warns(UserWarning, match=r"amount is zero: 100 \(row 0: 'FeO0'; row 1: .*; and 95 more\)") as caught:
        parse(["FeO0"] * 100)
    assert len(caught) == 1
    assert caught[0].filename == __file__


# --- messages ---


@pytest.mark.parametrize(
    "formula",
    ["Fe" + "o" * 10_000, "Fe2" * 5_000 + "!", "Fe1" + "1" * 10_000 + "!", "NaCl-" * 3_000 + "NaCl", "1" * 400 + "2Fe!",
     "Fe1 " + "2" * 5_000, "9" * 5_000 + "Fe", b"x" * 10_000, ["Fe"] * 10_000, "0," + "1" * 5_000 + "Fe",
     "75" + "Li2S" * 1_000 + "-25P2S5"],
    ids=lambda formula: repr(formula[:6]),
)  # fmt: skip
def test_a_message_quotes_at_most_80_characters_of_an_input(formula) -> None:
    with pytest.raises(InvalidFormulas) as caught:
        parse([formula])
    longest = max(map(len, str(caught.value).split(": ")))
    assert longest < 260, str(caught.value)
    assert len(str(caught.value)) < 600
    assert caught.value.problems[0].formula is formula


def test_other_messages_cut_long_formulas_too() -> None:
    with pytest.raises(TooManyElements) as caught:
        parse(["FeO" * 5_000]).padded(1)
    assert len(str(caught.value)) < 400
    with pytest.raises(TypeError, match="wrap it in a list") as single:
        parse("FeO" * 5_000)
    assert len(str(single.value)) < 200
