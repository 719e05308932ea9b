"""Lines and ternaries of compositions, and the compounds that lie on them; neighbours in a network's features."""

import numpy as np
import pandas as pd
import pytest
from compounds import FORMULAS

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.companion.readings import spaces
from lgdcnn_core.composition import parse
from lgdcnn_core.training import FAST


def test_a_line_is_evenly_spaced_in_shares_of_atoms():
    line = spaces.mixtures(["Fe", "O"], 4)
    assert line["b"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    read = parse(line["formula"])
    oxygen = [float(read.fractions[read.atomic_numbers == 8][place]) for place in range(4)]
    assert oxygen == pytest.approx([0.25, 0.5, 0.75, 1])
    assert line["formula"][0] == "Fe1.00000"


def test_shares_count_atoms_and_not_formula_units():
    """Half the atoms from Fe2O3 and half from MgO: Fe 0.2, O 0.3 + 0.25, Mg 0.25."""
    (_, middle, _) = spaces.mixtures(["Fe2O3", "MgO"], 2)["formula"]
    read = parse([middle])
    found = dict(zip(read.atomic_numbers.tolist(), read.fractions.tolist(), strict=True))
    assert found == pytest.approx({26: 0.2, 8: 0.55, 12: 0.25})


def test_a_ternary_holds_every_mixture_once():
    found = spaces.mixtures(["Li2O", "MnO2", "Co3O4"], 6)
    assert len(found) == 28
    assert found[["a", "b", "c"]].sum(axis=1).to_numpy() == pytest.approx(1)
    assert not found.duplicated(["a", "b", "c"]).any()


def test_compounds_on_a_mixture_get_their_shares_and_others_are_left_out():
    compounds = pd.DataFrame({"formula": ["Fe2O3", "FeO", "NaCl", "O", "Fe3O4C"], "target": range(5)})
    found = spaces.on_mixtures(compounds, ["Fe", "O"])
    assert found["formula"].tolist() == ["Fe2O3", "FeO", "O"]
    assert found["b"].tolist() == pytest.approx([0.6, 0.5, 1.0])
    ternary = pd.DataFrame({"formula": ["LiMnO2", "Li2MnO3", "MnO2"]})
    found = spaces.on_mixtures(ternary, ["Li2O", "MnO2", "Co3O4"])
    assert found["formula"].tolist() == ["Li2MnO3", "MnO2"]
    assert found["a"].tolist() == pytest.approx([0.5, 0.0])
    assert spaces.on_mixtures(compounds[2:3], ["Fe", "O"]).empty


def test_the_mixture_made_at_a_share_is_found_at_it():
    made = spaces.mixtures(["Li2O", "MnO2", "Co3O4"], 5)
    found = spaces.on_mixtures(made[["formula"]], ["Li2O", "MnO2", "Co3O4"])
    np.testing.assert_allclose(found[["a", "b", "c"]], made[["a", "b", "c"]], atol=1e-4)


@pytest.mark.filterwarnings("ignore::lgdcnn_core.training.DataWarning")
def test_a_training_compound_is_its_own_nearest_neighbour_and_shares_lie_side_by_side():
    model = CompositionRegressor("LSTM", FAST.with_changes(epochs=1), progress=False).fit(FORMULAS, range(10))
    found = model.neighbours("Fe2O3", n=3)
    assert found["formula"][0] == "Fe2O3"
    assert found["similarity"][0] == pytest.approx(1)
    assert found["distance"][0] == 0
    assert (found["similarity"].diff().dropna() <= 0).all()
    shares = spaces.shares_of_elements(model.contributions(["Fe2O3", "FeO"])["target"], [0.6, 0.5])
    assert shares.index.tolist() == [0.6, 0.5]
    assert sorted(shares) == ["Fe", "O"]
