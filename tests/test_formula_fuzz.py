"""Random formulas against pymatgen: never another composition without a warning."""

import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymatgen.core import Composition

from lgdcnn_core.composition import InvalidFormulas, parse
from lgdcnn_core.composition.notation import SYMBOLS

BRIEF = settings(max_examples=300, deadline=None)
SALTS = ["CuSO4", "LiClO4", "CaCl2", "Al2(SO4)3", "Na2CO3", "[Co(NH3)6]Cl3", "CaO", "FeCl3", "Mg(NO3)2", "K4[Fe(CN)6]"]
GUESTS = ["H2O", "NH3", "(NH3)", "(H2O)", "HCl", "C2H5OH", "KCl", "SiO2", "CH3CN", "(CH3)2SO", "N2H4", "TiO2"]

symbols = st.sampled_from(SYMBOLS)
amounts = st.one_of(
    st.just(""),
    st.integers(1, 300).map(str),
    st.integers(1, 50_000).map(lambda thousandths: f"{thousandths / 1000:.3f}"),
)
units = st.recursive(
    st.tuples(symbols, amounts).map("".join),
    lambda inner: st.builds(
        lambda within, brackets, amount: f"{brackets[0]}{''.join(within)}{brackets[1]}{amount}",
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from(["()", "[]", "{}"]),
        amounts,
    ),
    max_leaves=6,
)
PIECES = [
    *"()[]{}.·*/-+:,^@' \n\t0123456789",
    "Fe",
    "O",
    "C",
    "H",
    "N",
    "Na",
    "Cl",
    "I",
    "V",
    "D",
    "x",
    "n",
    "δ",
    "e",
    "E",
]
PIECES += [
    "1/3",
    "½",
    "0.5",
    ".5",
    "13",
    "18",
    "₂",
    "²",
    "–",
    "H2O",
    "NH3",
    "(III)",
    " ",
    "NaN",
    "wt%",
    "\u00a0",
    "1e-3",
    "Xx",
]


class EveryAmount(Composition):
    """pymatgen's own drops amounts below 1e-8 without a word."""

    amount_tolerance = 0.0


def read(text: str, **options) -> tuple[dict[str, float] | None, list[str]]:
    """Fractions by symbol, None if the text is refused; and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            one = parse([text], **options)
        except InvalidFormulas:
            return None, []
    found = {SYMBOLS[z - 1]: float(x) for z, x in zip(one.atomic_numbers, one.fractions, strict=True)}
    return found, [str(each.message) for each in caught]


def theirs(text: str) -> dict[str, float] | None:
    """Fractions as pymatgen reads them; None if it does not, or reads a dummy element, such as E in "Fe1E1"."""
    try:
        found = EveryAmount(text)
        fractions = {str(element): found.get_atomic_fraction(element) for element in found}
        return fractions if fractions and fractions.keys() <= set(SYMBOLS) else None
    except (ValueError, KeyError, ZeroDivisionError, OverflowError):
        return None


def assert_same(ours: dict[str, float], expected: dict[str, float]) -> None:
    expected = {symbol: fraction for symbol, fraction in expected.items() if fraction}
    assert ours == pytest.approx(expected, rel=1e-5, abs=1e-7)


@BRIEF
@given(st.lists(units, min_size=1, max_size=5).map("".join))
def test_a_formula_of_elements_amounts_and_brackets_is_what_pymatgen_reads(text: str) -> None:
    ours, doubts = read(text)
    expected = theirs(text)
    if ours is None:
        assert expected is None or min(expected.values()) < 1e-37  # float32 cannot hold the fraction
    elif not doubts and expected:
        assert_same(ours, expected)


@BRIEF
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join))
@example("NaBr 2H2O")
@example("[13C]O2")
@example("Fe2O3\nNaCl")
@example("CuSO4.5H2O")
def test_no_text_becomes_another_composition_than_pymatgens_without_a_warning(text: str) -> None:
    ours, doubts = read(text)
    expected = theirs(text)
    if ours and expected and not doubts:
        assert_same(ours, expected)


@BRIEF
@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    ours, _ = read(text)
    assert ours is None or sum(ours.values()) == pytest.approx(1, abs=1e-5)


@BRIEF
@given(st.lists(st.tuples(symbols, st.integers(1, 999)), min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_strings_dicts_and_compositions_of_one_compound_have_the_same_arrays(pairs) -> None:
    text = "".join(f"{symbol}{amount}" for symbol, amount in pairs)
    one = parse([text, dict(pairs), Composition(dict(pairs))])
    src, frac = one.padded()
    assert (src == src[0]).all()
    assert (frac == frac[0]).all()


@BRIEF
@given(st.sampled_from(SALTS), st.integers(2, 24), st.sampled_from(GUESTS))
def test_every_salt_with_a_full_stop_before_its_guest_warns_or_is_the_adduct(salt: str, count: int, guest: str) -> None:
    text = f"{salt}.{count}{guest}"
    as_written, doubts = read(text)
    adduct, none = read(text, full_stop="adduct")
    assert adduct == read(f"{salt}·{count}{guest}")[0]
    assert not none
    assert as_written == adduct or any("full stop" in doubt for doubt in doubts)
