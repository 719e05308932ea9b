"""Weight per cent to formulas."""

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core.composition import InvalidFormulas, from_weights, parse

# Moles per 100 g, from the masses Ti 47.867, Al 26.982, V 50.942: 1.88021, 0.22237, 0.07852; in all 2.18110.
TI64 = {22: 0.86204, 13: 0.10195, 23: 0.03600}


def fractions(formula: str) -> dict[int, float]:
    one = parse([formula])
    return dict(zip(one.atomic_numbers.tolist(), one.fractions.tolist(), strict=True))


@pytest.mark.parametrize(
    "alloy",
    [
        "Ti-6Al-4V",
        "Ti–6Al–4V",
        "Ti - 6Al - 4V",
        "6Al-4V-Ti",
        "90Ti-6Al-4V",
        "0.90Ti-0.06Al-0.04V",
        "Ti-6Al-4V (wt%)",
        "Ti-6Al-4V wt.%",
        "Ti-6%Al-4%V",
        "Ti-6 wt% Al-4 wt% V",
        {"Ti": 90, "Al": 6, "V": 4},
        {"Ti": 0.9, "Al": 0.06, "V": 0.04},
        {"Ti": "bal.", "Al": 6, "V": 4},
    ],
    ids=repr,
)
def test_an_alloy_in_weight_per_cent_has_the_hand_worked_mole_fractions(alloy) -> None:
    (formula,) = from_weights([alloy])
    assert fractions(formula) == pytest.approx(TI64, abs=2e-5)


def test_parts_may_be_compounds() -> None:
    # 90 g WC (195.85 g/mol) are 0.45954 mol; 10 g Co (58.933) are 0.16968 mol.
    (formula,) = from_weights(["WC-10Co"])
    total = 2 * 0.45954 + 0.16968
    expected = {74: 0.45954 / total, 6: 0.45954 / total, 27: 0.16968 / total}
    assert fractions(formula) == pytest.approx(expected, abs=2e-5)


def test_a_table_has_a_column_for_each_element_and_one_may_be_the_balance() -> None:
    table = pd.DataFrame({"Ti": [90, np.nan, np.nan], "Al": [6, 6.0, 100], "V": [4, 4.0, np.nan]}, index=[7, 8, 9])
    formulas = from_weights(table, balance="Ti")
    assert formulas[0] == formulas[1]
    assert fractions(formulas[0]) == pytest.approx(TI64, abs=2e-5)
    assert fractions(formulas[2]) == {13: 1.0}
    assert from_weights(table[["Al", "V"]].iloc[:2], balance="Ti")[1].count("Ti") == 1
    glass = from_weights(pd.DataFrame({"SiO2": [60.084], "Na2O": [0]}).assign(SiO2=100.0))
    assert fractions(glass[0]) == pytest.approx({8: 2 / 3, 14: 1 / 3})


@pytest.mark.parametrize(
    ("alloy", "reason"),
    [
        ({"C": 0.4, "Cr": 18}, r'add up to 18\.4, neither 100 .* balance="Fe"'),
        ("60Ti-6Al", "add up to 66"),
        ("Ti-60Al-50V", "add up to 110, which leaves nothing for 'Ti'"),
        ("Al-Cu", "'Al, Cu': only one part can make up the rest"),
        ("Ti-6Al-4V-2Al", "twice"),
        ("Ti-48Al at.%", "not weights"),
        ("75Li2S-25P2S5 mol%", "not weights"),
        ("Fe18Cr8Ni", "not written like Ti-6Al-4V"),
        ("", "not written like Ti-6Al-4V"),
        ({"Fe": -1}, "the weight of 'Fe' is -1"),
        ({"Fe": "much"}, "the weight of 'Fe' is 'much'"),
        ({"Fe": float("inf")}, "the weight of 'Fe' is inf"),
        ({"Xx": 100}, "unknown element 'Xx'"),
        ({26: 100}, "26 is no symbol"),
        (None, "neither a string nor a dict but NoneType"),
    ],
    ids=repr,
)
def test_weights_without_a_composition_are_refused_with_row_and_reason(alloy, reason) -> None:
    with pytest.raises(InvalidFormulas, match=rf"row 1: .*{reason}") as caught:
        from_weights(["Ti-6Al-4V", alloy])
    assert "errors=" not in str(caught.value)


def test_a_table_with_other_columns_or_twice_the_same_names_them() -> None:
    with pytest.raises(ValueError, match="no elements or compounds: 'alloy'"):
        from_weights(pd.DataFrame({"alloy": ["a"], "Fe": [100]}))
    with pytest.raises(ValueError, match="occur twice: 'Fe'"):
        from_weights(pd.DataFrame([[50, 50]], columns=["Fe", "Fe"]))


@pytest.mark.parametrize("single", ["Ti-6Al-4V", {"Fe": 100}])
def test_a_single_alloy_is_an_error_that_says_to_wrap_it(single) -> None:
    with pytest.raises(TypeError, match="wrap it in a list"):
        from_weights(single)


def test_a_balance_that_is_no_formula_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="balance is 'iron'"):
        from_weights([{"C": 0.4}], balance="iron")
