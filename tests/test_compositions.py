"""Compositions as arrays: selected, padded, cut."""

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core.composition import Compositions, TooManyElements, parse


@pytest.fixture
def five() -> Compositions:
    return parse(["Fe2O3", "Cu", "SrTiO3", "NaCl", "Li3Fe2(PO4)3"])


@pytest.mark.parametrize(
    "key",
    [
        slice(None),
        slice(1, 4, 2),
        slice(None, None, -1),
        [4, 0, 4, -1],
        np.array([2]),
        [],
        np.array([True, False, False, True, True]),
        pd.Series([False] * 5),
    ],
    ids=repr,
)
def test_a_selection_is_what_parsing_the_selected_formulas_gives(five: Compositions, key) -> None:
    chosen = np.arange(5)[np.asarray(key, dtype=int) if isinstance(key, list) else key]
    selected, expected = five[key], parse(five.formulas[chosen])
    for name in ("formulas", "atomic_numbers", "fractions", "lengths", "offsets"):
        np.testing.assert_array_equal(getattr(selected, name), getattr(expected, name))
        assert getattr(selected, name).dtype == getattr(expected, name).dtype
    np.testing.assert_array_equal(selected.rows, chosen)
    assert len(selected) == len(chosen)
    assert selected.n_tokens == selected.lengths.sum()


def test_a_selection_keeps_the_rows_and_the_report_of_what_was_parsed() -> None:
    with pytest.warns(UserWarning, match="dropped: 1"):
        read = parse(["Xx", "Fe2O3", "NaCl"], errors="drop")
    np.testing.assert_array_equal(read[1:].rows, [2])
    assert read[1:].dropped == read.dropped


def test_a_single_position_or_a_bad_one_is_an_error(five: Compositions) -> None:
    with pytest.raises(TypeError, match=r"\[\[i\]\]"):
        five[0]  # type: ignore[index]
    with pytest.raises(IndexError):
        five[[5]]
    with pytest.raises(IndexError):
        five[np.array([True, False])]


def test_compounds_that_contain_an_element_are_found_once_and_in_order() -> None:
    compositions = parse(["CH3COOH", "Fe2O3", "NaCl", "FeO"])
    assert compositions.containing(26).tolist() == [1, 3]
    assert compositions.containing([1, 17]).tolist() == [0, 2]
    assert compositions.containing([]).tolist() == []


def test_padding_is_zero_and_as_wide_as_asked(five: Compositions) -> None:
    src, frac = five.padded()
    assert src.shape == frac.shape == (5, 4)
    np.testing.assert_array_equal(src[:2], [[8, 26, 0, 0], [29, 0, 0, 0]])
    wide_src, wide_frac = five.padded(7)
    np.testing.assert_array_equal(wide_src[:, :4], src)
    np.testing.assert_array_equal(wide_frac[:, :4], frac)
    assert not wide_src[:, 4:].any()
    assert not wide_frac[:, 4:].any()


def test_a_compound_too_long_is_named_and_never_cut_silently(five: Compositions) -> None:
    with pytest.raises(TooManyElements, match=r"2 of 5 .* n_max = 2 .*row 2: 'SrTiO3' has 3; row 4: .* n_max=4"):
        five.padded(2)
    with pytest.raises(ValueError, match="n_max must be at least 1, not 0"):
        five.padded(0, truncate=True)


def test_truncation_keeps_the_first_elements_with_their_fractions_as_published(five: Compositions) -> None:
    src, frac = five.padded(2, truncate=True)
    np.testing.assert_array_equal(src[2], [8, 38])
    np.testing.assert_array_equal(frac[2], np.array([0.6, 0.2], dtype=np.float32))


def test_nothing_to_parse_is_no_compounds() -> None:
    nothing = parse([])
    assert len(nothing) == nothing.n_tokens == 0
    np.testing.assert_array_equal(nothing.offsets, [0])
    assert nothing.padded(3)[0].shape == (0, 3)
    assert len(nothing.canonical()) == 0


def test_arrays_have_the_documented_types_and_are_ragged(five: Compositions) -> None:
    assert (five.atomic_numbers.dtype, five.fractions.dtype) == (np.uint8, np.float32)
    assert {five.lengths.dtype, five.rows.dtype, five.offsets.dtype} == {np.dtype(np.int64)}
    assert five.n_tokens == 2 + 1 + 3 + 2 + 4
