"""The networks: against the published implementation's values, and what the exact setting promises."""

import copy
import json
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch
from exact_setting import COMPANY, as_double, exact

from lgdcnn_core.composition import parse as parse_formulas
from lgdcnn_core.elements import UnknownElementTable, table
from lgdcnn_core.models import CHAINS, Network, UnknownNetwork, build
from lgdcnn_core.models.published import (
    TABLES,
    CheckpointMismatch,
    from_published,
    load_published,
    to_published,
)
from lgdcnn_core.training import Layout, choose, outputs

GOLDEN = json.loads((Path(__file__).parent / "golden" / "forward.json").read_text())
CPU = choose("cpu", "float32")


def weights_by_rule(published: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights made by the rule that the golden values were made with, under their published names."""
    filled = {key: value.double() for key, value in published.items()}
    for k, key in enumerate(sorted(set(published) - TABLES)):
        shape = published[key].shape
        if "scaler" in key:
            filled[key] = torch.full(shape, 0.9 + 0.05 * (k % 3), dtype=torch.float64)
            continue
        i = torch.arange(shape.numel())
        w = 0.16 * ((i + 1) * 2654435761 + 40503 * k).remainder(2**32).double() / 2**32 - 0.08
        is_norm_weight = "norm" in key and key.endswith("weight")
        filled[key] = (1 + w if is_norm_weight else w).reshape(shape)
    return filled


@pytest.fixture(scope="module")
def golden_networks() -> dict[str, Network]:
    return {name: from_published(name, weights_by_rule(to_published(name, build(name)))).eval() for name in CHAINS}


@pytest.mark.parametrize("name", CHAINS)
def test_outputs_are_those_of_the_published_implementation(name, golden_networks):
    src = torch.tensor(GOLDEN["src"])
    frac = torch.tensor(GOLDEN["frac"], dtype=torch.float64)
    with torch.no_grad():
        found = golden_networks[name](src, frac)
    assert found.dtype == torch.float64
    expected = torch.tensor(GOLDEN["outputs"][name], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["L-G-DCNN", "CrabNet"])
def test_a_network_of_several_properties_becomes_one_of_a_single_property(name):
    formulas = ["NaCl", "Fe2O3", "SrTiO3"]
    several = build(name, seed=0, n_targets=3)
    layout = Layout("exact", 5)
    compositions = layout.ordered(parse_formulas(formulas))
    before = outputs(several, compositions, layout, CPU)
    assert before.shape == (3, 3, 2)
    assert len(np.unique(before[0, :, 0])) == 3
    for target in range(3):
        single = copy.deepcopy(several)
        single.keep(target, seed=1)
        np.testing.assert_allclose(outputs(single, compositions, layout, CPU), before[:, target], atol=1e-6)
    others = [copy.deepcopy(several) for _ in range(3)]
    for other, seed in zip(others, (1, 1, 2), strict=True):
        other.keep(None, seed)
    fresh = [outputs(other, compositions, layout, CPU) for other in others]
    np.testing.assert_array_equal(fresh[0], fresh[1])
    assert not np.allclose(fresh[0], fresh[2], atol=1e-3)
    assert all(not np.allclose(fresh[0], before[:, target], atol=1e-3) for target in range(3))


@pytest.mark.parametrize("name", CHAINS)
def test_published_weights_survive_the_way_in_and_out(name, golden_networks):
    weights = weights_by_rule(to_published(name, build(name)))
    back = to_published(name, golden_networks[name])
    assert set(back) == set(weights)
    assert all(torch.equal(back[key], weights[key]) for key in weights)


def test_the_published_setting_reproduces_the_golden_inputs(golden_networks):
    layout = Layout("published", GOLDEN["n_max"])
    compositions = layout.ordered(parse_formulas(GOLDEN["formulas"]))
    found = outputs(golden_networks["L-G-DCNN"], as_double(compositions), layout, CPU)
    np.testing.assert_allclose(found, GOLDEN["outputs"]["L-G-DCNN"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", CHAINS)
def test_in_the_exact_setting_a_compound_does_not_see_its_company(name, golden_networks):
    network = golden_networks[name]
    together = exact(network, COMPANY)
    alone = np.concatenate([exact(network, [formula]) for formula in COMPANY])
    reversed_company = exact(network, COMPANY[::-1])[::-1]
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)
    np.testing.assert_allclose(reversed_company, together, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", CHAINS)
def test_in_the_exact_setting_the_writing_of_a_formula_does_not_matter(name, golden_networks):
    network = golden_networks[name]
    iron = exact(network, ["Fe2O3", "Fe4O6", "(Fe2)(O3)", "O3Fe2", "Fe0.4O0.6"])
    ties = exact(network, ["SrTiO3", "TiSrO3", "O3SrTi", "Sr[TiO3]", "Sr2Ti2O6"])
    for same in (iron, ties):
        np.testing.assert_allclose(same, np.broadcast_to(same[0], same.shape), rtol=0, atol=1e-12)


def test_in_the_published_setting_padding_takes_part(golden_networks):
    """What the exact setting is for: the published prediction depends on how far a compound is padded."""
    network = golden_networks["L-G-DCNN"]
    compositions = as_double(parse_formulas(["NaCl"]))
    short, long = (outputs(network, compositions, Layout("published", n), CPU) for n in (2, 5))
    assert np.abs(short - long).max() > 1e-3


def test_compounds_of_the_longest_length_are_the_same_in_both_settings(golden_networks):
    formulas = ["Na2Cl", "Fe2O3", "Li3N"]
    published = outputs(golden_networks["L-G-DCNN"], as_double(parse_formulas(formulas)), Layout("published", 2), CPU)
    np.testing.assert_allclose(published, exact(golden_networks["L-G-DCNN"], formulas), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("L-G-DCNN", 8_635_911), ("CrabNet", 11_987_206), ("DCNN-K1", 629_766)],
)
def test_networks_have_the_size_of_the_published_ones(name, parameters):
    assert sum(p.numel() for p in build(name).parameters()) == parameters


def test_the_convolution_is_that_of_torch():
    network = build("DCNN", seed=0).double()
    convolution = network.blocks["DCNN"].convert
    reference = torch.nn.Conv1d(512, 512, 3, padding=1).double()
    with torch.no_grad():
        reference.weight.copy_(convolution.linear.weight.view(512, 3, 512).transpose(1, 2))
        reference.bias.copy_(convolution.linear.bias)
    x = torch.randn(4, 5, 512, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    from lgdcnn_core.models.packing import places

    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 3, 2, 1]), batch_first=True)
    found = convolution(packed.data, places(packed)).sum(dim=1)
    found_gradient = torch.autograd.grad((found**2).sum(), x, retain_graph=True)[0]
    rows = [reference(x[i, :n].t()[None])[0].t().sum(dim=1) for i, n in enumerate([5, 3, 2, 1])]
    gradient = torch.autograd.grad(sum((row**2).sum() for row in rows), x)[0]
    torch.testing.assert_close(found.sort().values, torch.cat(rows).sort().values, rtol=0, atol=1e-10)
    torch.testing.assert_close(found_gradient, gradient, rtol=0, atol=1e-9)


def test_element_tables_stand_side_by_side_standardised():
    both = table("mat2vec+magpie")
    assert both.vectors.shape == (119, 222)
    np.testing.assert_array_equal(both.known, table("mat2vec").known)
    magpie = both.vectors[:, 200:]
    known = table("magpie").known
    np.testing.assert_allclose(magpie[known].mean(axis=0), 0, atol=1e-5)
    assert set(np.round(magpie[known].std(axis=0), 4)) <= {0.0, 1.0}
    assert not magpie[~known].any()
    with pytest.raises(UnknownElementTable, match="'magpy'"):
        table("mat2vec+magpy")


def test_with_a_boundary_a_compound_does_not_see_its_company_either():
    network = build("L-G-DCNN-boundary", seed=0).double().eval()
    layout = Layout("exact", 3, network.chain.boundary)

    def predicted(formulas: list[str]) -> np.ndarray:
        return outputs(network, as_double(layout.ordered(parse_formulas(formulas))), layout, CPU)

    together = predicted(COMPANY)
    alone = np.concatenate([predicted([formula]) for formula in COMPANY])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)
    # The place takes part: the same weights without it give other numbers.
    without = outputs(network, as_double(Layout("exact", 3).ordered(parse_formulas(COMPANY))), layout, CPU)
    assert np.abs(without - together).max() > 1e-4


def test_same_seed_same_weights_and_the_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    first, second, other = (build("L-DCNN", seed=seed).head.outputs.weight for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_unknown_network_or_element_table_is_named_with_those_that_exist():
    with pytest.raises(UnknownNetwork, match=r"'L-G-CNN'.*L-G-DCNN"):
        build("L-G-CNN")
    with pytest.raises(UnknownElementTable, match=r"'mat3vec'.*mat2vec"):
        table("mat3vec")


@pytest.mark.parametrize("elements", ["magpie", "oliynyk"])
def test_an_element_table_says_which_elements_it_has(elements):
    found = table(elements)
    assert found.known[26]
    assert not found.known.all()
    assert not found.vectors[~found.known].any()
    assert build("LSTM", elements=elements).embedding.projection.in_features == found.width


class TestPublishedCheckpointFiles:
    @pytest.fixture
    def path(self, tmp_path, golden_networks):
        weights = to_published("L-DCNN", golden_networks["L-DCNN"])
        path = tmp_path / "L-DCNN.pth"
        scaler = {"mean": torch.tensor(103.5), "std": torch.tensor(73.25)}
        torch.save({"weights": weights, "scaler_state": scaler, "model_name": "L-DCNN"}, path)
        return path

    def test_a_file_loads_with_its_scaler(self, path, golden_networks):
        model = load_published(path)
        assert (model.name, model.mean, model.std) == ("L-DCNN", 103.5, 73.25)
        state = golden_networks["L-DCNN"].state_dict()
        assert all(torch.equal(value, state[key]) for key, value in model.network.state_dict().items())

    def test_the_wrong_network_is_told_by_its_keys(self, path):
        with pytest.raises(
            CheckpointMismatch, match=r"missing: encoder\.textrnn\.rnn\.weight_ih_l0(.|\n)*unexpected: enc"
        ):
            load_published(path, "LSTM")

    def test_a_wrong_shape_is_told(self, path):
        content = torch.load(path, weights_only=True)
        content["weights"]["output_nn.fc_out.bias"] = torch.zeros(5)
        with pytest.raises(CheckpointMismatch, match=r"fc_out\.bias: expected \(3,\), found \(5,\)"):
            from_published("L-DCNN", content["weights"])

    def test_a_file_of_another_kind_is_refused(self, tmp_path):
        torch.save({"model": {}}, tmp_path / "other.pth")
        with pytest.raises(CheckpointMismatch, match="scaler_state, weights missing"):
            load_published(tmp_path / "other.pth", "LSTM")

    def test_a_file_that_would_run_code_is_refused(self, tmp_path):
        torch.save({"weights": print, "scaler_state": {}}, tmp_path / "code.pth")
        with pytest.raises(CheckpointMismatch, match="cannot read it without running code in it") as refused:
            load_published(tmp_path / "code.pth", "LSTM")
        # torch advises to load it unsafely, which nobody is to read.
        assert "weights_only" not in "".join(traceback.format_exception(refused.value))
