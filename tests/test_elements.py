"""Element tables: what a network is told about an element."""

from itertools import pairwise

import numpy as np
import pytest
from pymatgen.core import Element

from lgdcnn_core import CompositionRegressor, benchmarks, elements
from lgdcnn_core.composition import parse
from lgdcnn_core.training import FAST

VECTORS = [name for name in elements.names() if not elements.table(name).is_one_hot]


@pytest.mark.parametrize("name", sorted(set(elements.names()) - {"onehot"}))
def test_tables_are_read_as_elementembeddings_reads_them(name):
    from elementembeddings.core import Embedding

    found, expected = elements._as_stored(name), Embedding.load_data(name).embeddings
    for number in range(1, 119):
        vector = expected.get(Element.from_Z(number).symbol)
        assert found.known[number] == (vector is not None), number
        np.testing.assert_array_equal(
            found.vectors[number], np.zeros(found.width) if vector is None else np.float32(vector)
        )


@pytest.mark.parametrize("name", elements.names())
def test_mat2vec_and_one_hot_vectors_stay_as_published(name):
    assert (elements.table(name).vectors == elements._as_stored(name).vectors).all() == (
        name == "mat2vec" or elements.table(name).is_one_hot
    )


@pytest.mark.parametrize("name", sorted({*VECTORS} - {"mat2vec"}))
def test_all_other_tables_are_standardised_by_column(name):
    table = elements.table(name)
    known = table.vectors[table.known].astype(float)
    np.testing.assert_allclose(known.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(known.std(axis=0), 1, atol=1e-4)
    assert (table.vectors[~table.known] == 0).all()


def test_tables_side_by_side_are_all_standardised_and_the_first_knows_the_elements():
    both, mat2vec, magpie = (elements.table(name) for name in ("mat2vec+magpie", "mat2vec", "magpie"))
    assert both.width == mat2vec.width + magpie.width
    np.testing.assert_array_equal(both.known, mat2vec.known)
    np.testing.assert_array_equal(both.vectors[:, mat2vec.width :], magpie.vectors)
    np.testing.assert_allclose(both.vectors[1:, : mat2vec.width].std(axis=0), 1, atol=1e-4)


def test_one_hot_tables_have_a_place_for_each_element():
    for name, width in (("onehot", 118), ("atomic", 118), ("mod_petti", 103)):
        table = elements.table(name)
        assert table.width == width == table.known.sum()
        assert len(np.unique(table.vectors[table.known], axis=0)) == width


def test_a_table_that_there_is_not_names_those_that_there_are():
    with pytest.raises(elements.UnknownElementTable, match=r"'oganesson'; choose from .*mat2vec.*onehot"):
        elements.table("mat2vec+oganesson")


@pytest.fixture(scope="module")
def moduli(benchmark_data):
    """600 compounds with their bulk moduli, and 300 to judge on, of elements that every table has."""
    known = np.logical_and.reduce([elements.table(name).known for name in elements.names()])

    def with_known_elements(part):
        compositions = parse(part["formula"])
        ends = compositions.offsets
        return part[[known[compositions.atomic_numbers[a:b]].all() for a, b in pairwise(ends)]]

    train, val, _ = map(with_known_elements, benchmarks.load("aflow__ael_bulk_modulus_vrh"))
    return train.sample(600, random_state=0), val.head(300)


@pytest.mark.parametrize("name", elements.names())
def test_a_network_learns_from_every_table(name, moduli):
    """With the columns of oliynyk as stored, the error is that of a constant."""
    train, val = moduli
    recipe = FAST.with_changes(epochs=10, batch_size=16, precision="float32")
    fitted = CompositionRegressor("identity", recipe, elements=name, progress=False).fit(train)
    error = np.abs(fitted.predict(val) - val["target"]).mean()
    of_a_constant = np.abs(val["target"] - train["target"].median()).mean()
    assert error < 0.75 * of_a_constant
