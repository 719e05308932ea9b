"""Exported models: the same predictions from one file, without this package."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from compounds import FORMULAS
from sklearn.exceptions import NotFittedError
from small_regressor import BRIEF, TABLE, regressor
from test_thin_core import WITHOUT

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.composition import parse
from lgdcnn_core.models import CHAINS, build
from lgdcnn_core.models.padded import Padded
from lgdcnn_core.training import Layout, choose, outputs

ONE = BRIEF.with_changes(epochs=1)
LONGER = [*FORMULAS, "YBa2Cu3O7", "Fe0.2Ni0.2Co0.2Cr0.2Mn0.2"]
WIDER = TABLE.assign(**{"T (K)": np.linspace(10, 1000, 10), "p (GPa)": [0, 1] * 5})


def inputs(formulas: list[str], n_places: int | None = None, seed: int | None = None) -> list[torch.Tensor]:
    """Atomic numbers and amounts as a user writes them; a seed puts the elements into another order."""
    numbers, fractions = parse(formulas).padded(n_places)
    if seed is not None:
        generator = np.random.default_rng(seed)
        for row, length in enumerate((numbers > 0).sum(axis=1)):
            order = generator.permutation(length)
            numbers[row, :length], fractions[row, :length] = numbers[row, order], fractions[row, order]
    return [torch.from_numpy(numbers), 7.0 * torch.from_numpy(fractions).double()]


def assert_same(found: torch.Tensor, expected: np.ndarray, scale: float = 1.0) -> None:
    assert found.dtype == torch.float64
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.numpy() / scale, expected / scale, rtol=1e-5, atol=1e-5)


def assert_exported(model: CompositionRegressor, graph: torch.nn.Module, formulas: list[str], **how) -> None:
    mean, std = graph(*inputs(formulas, **how))
    expected = model.predict(formulas, return_std=True)
    scale = float(np.max(model.scaling_.std))
    assert_same(mean, expected[0], scale)
    assert_same(std, expected[1], scale)


def exported(model: CompositionRegressor, tmp_path, **how) -> torch.nn.Module:
    return torch.export.load(model.export(tmp_path / "model.pt2", **how)).module()


@pytest.mark.filterwarnings("ignore::lgdcnn_core.training.DataWarning")  # of elements that ten compounds lack
class TestPredictions:
    @pytest.mark.parametrize(
        ("model", "order"),
        [
            ("L-G-DCNN", "electronegativity"),
            ("L-G-DCNN-boundary", "electronegativity"),
            ("CrabNet", "amount, atomic number"),
            ("RNN+att>TextCNN+res|MLP", "amount, electronegativity"),
        ],
    )
    def test_exact_ones_are_ours_whatever_the_batch_and_the_order_of_elements(self, model, order, tmp_path):
        fitted = regressor(model=model, recipe=ONE.with_changes(order=order)).fit(TABLE)
        graph = exported(fitted, tmp_path)
        for formulas in (LONGER, LONGER[:1], LONGER[3:4], LONGER[4:6], LONGER * 20):
            assert_exported(fitted, graph, formulas, seed=0)
        for n_places in (7, 11, 16):
            assert_exported(fitted, graph, LONGER, n_places=n_places)

    @pytest.mark.parametrize("model", ["L-G-DCNN", "L-G-DCNN-v1", "CrabNet"])
    def test_padded_ones_are_ours(self, model, tmp_path):
        fitted = regressor(model=model, recipe=ONE, setting="published").fit(TABLE)
        graph = exported(fitted, tmp_path)
        for formulas in (FORMULAS, FORMULAS[:1], FORMULAS[3:4], FORMULAS * 20):
            assert_exported(fitted, graph, formulas)
        assert_exported(fitted, graph, FORMULAS, n_places=fitted.layout_.n_max)

    def test_a_formula_is_its_atomic_numbers_and_amounts(self, tmp_path):
        fitted = regressor(recipe=ONE).fit(TABLE)
        graph = exported(fitted, tmp_path)
        mean, _ = graph(torch.tensor([[26, 8, 0], [8, 38, 22]]), torch.tensor([[2.0, 3, 0], [3, 1, 1]]).double())
        assert_same(mean, fitted.predict(["Fe2O3", "SrTiO3"]), fitted.scaling_.std)

    def test_those_of_an_ensemble_are_of_its_mixture(self, tmp_path):
        fitted = regressor(recipe=ONE, n_members=3).fit(TABLE)
        assert_exported(fitted, exported(fitted, tmp_path), LONGER)

    def test_several_properties_come_in_their_units(self, tmp_path):
        fitted = regressor(recipe=ONE).fit(FORMULAS, pd.DataFrame({"a": range(10), "b": np.linspace(1e3, 9e3, 10)}))
        assert fitted.predict(FORMULAS).shape == (10, 2)
        graph = exported(fitted, tmp_path)
        found, expected = graph(*inputs(FORMULAS)), fitted.predict(FORMULAS, return_std=True)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)

    def test_long_tails_come_back_from_their_scale(self, tmp_path):
        targets = [*np.linspace(-1, 1, 9), 1e6]
        fitted = regressor(recipe=ONE.with_changes(targets="asinh of long tails")).fit(FORMULAS, targets)
        assert fitted.scaling_.unit is not None
        found = exported(fitted, tmp_path)(*inputs(FORMULAS))
        for one, other in zip(found, fitted.predict(FORMULAS, return_std=True), strict=True):
            np.testing.assert_allclose(one.numpy(), other, rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("classes", [[0, 1], ["a", "b", "c"]])
    def test_a_classification_gives_probabilities(self, classes, tmp_path):
        labels = (classes * 5)[:10]
        fitted = regressor(recipe=ONE, classification=True, n_members=2).fit(FORMULAS, labels)
        assert_same(exported(fitted, tmp_path)(*inputs(LONGER)), fitted.predict_proba(LONGER))

    @pytest.mark.parametrize("setting", ["exact", "published"])
    def test_conditions_are_an_input_in_their_units(self, setting, tmp_path):
        fitted = regressor(recipe=ONE, setting=setting).fit(WIDER, features=["p (GPa)", "T (K)"])
        conditions = torch.from_numpy(WIDER[["p (GPa)", "T (K)"]].to_numpy(dtype=float))
        graph = exported(fitted, tmp_path)
        mean, _ = graph(*inputs(FORMULAS), conditions)
        assert_same(mean, fitted.predict(WIDER), fitted.scaling_.std)
        mean, _ = graph(*inputs(FORMULAS[:1]), conditions[:1])
        assert_same(mean, fitted.predict(WIDER[:1]), fitted.scaling_.std)


ALONE = """
from pathlib import Path
import numpy as np, torch
try:
    import lgdcnn_core
except ImportError:
    path, asked, answered = map(Path, sys.argv[2:])
    extra = {"description.json": ""}
    graph = torch.export.load(path, extra_files=extra).module()
    given = np.load(asked)
    found = [graph(*map(torch.from_numpy, (given[f"src{n}"], given[f"amounts{n}"]))) for n in range(2)]
    np.savez(answered, **{f"{name}{n}": x for n, pair in enumerate(found) for name, x in zip(("mean", "std"), pair)})
    print(extra["description.json"])
"""


@pytest.mark.parametrize("setting", ["exact", "published"])
def test_a_process_without_the_package_predicts_the_same(setting, tmp_path):
    fitted = regressor(model="L-G-DCNN", recipe=ONE, setting=setting).fit(TABLE.rename(columns={"target": "K"}), "K")
    batches = [FORMULAS, FORMULAS[2:5]]
    asked = {}
    for number, formulas in enumerate(batches):
        asked[f"src{number}"], asked[f"amounts{number}"] = (values.numpy() for values in inputs(formulas))
    np.savez(tmp_path / "asked.npz", **asked)
    files = [str(fitted.export(tmp_path / "model.pt2")), str(tmp_path / "asked.npz"), str(tmp_path / "answered.npz")]
    command = [sys.executable, "-c", WITHOUT + ALONE, "lgdcnn_core", *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answered = np.load(tmp_path / "answered.npz")
    for number, formulas in enumerate(batches):
        expected = fitted.predict(formulas, return_std=True)
        for name, values in zip(("mean", "std"), expected, strict=True):
            np.testing.assert_allclose(answered[f"{name}{number}"], values, rtol=1e-5)
    said = json.loads(done.stdout)
    assert (said["inputs"], said["outputs"]) == (["atomic_numbers", "amounts"], ["mean", "std"])
    assert (said["properties"], said["places"]) == (["K"], fitted.layout_.n_max if setting == "published" else 16)


class TestFile:
    def test_it_takes_as_many_elements_as_was_asked_and_no_more(self, tmp_path):
        fitted = regressor(recipe=ONE).fit(TABLE)
        graph = exported(fitted, tmp_path, places=4)
        assert_exported(fitted, graph, FORMULAS)
        with pytest.raises(AssertionError, match="<= 4"):
            graph(*inputs(FORMULAS, n_places=5))

    @pytest.mark.parametrize("wrong", [0, 2.5, "4"])
    def test_impossible_arguments_are_told(self, wrong, tmp_path):
        fitted = regressor(recipe=ONE).fit(TABLE)
        with pytest.raises(ValueError, match=f"places is {wrong!r}; give the most elements of a compound"):
            fitted.export(tmp_path / "model.pt2", places=wrong)
        with pytest.raises(ValueError, match=r"an exported model is a \.pt2 file; 'model\.onnx' is called otherwise"):
            fitted.export(tmp_path / "model.onnx")
        with pytest.raises(NotFittedError):
            regressor().export(tmp_path / "model.pt2")
        assert list(tmp_path.iterdir()) == []

    def test_the_model_stays_as_it_was(self, tmp_path):
        fitted = regressor(model="L-G-DCNN", recipe=ONE).fit(TABLE)
        before = fitted.predict(FORMULAS)
        fitted.export(tmp_path / "model.pt2")
        np.testing.assert_array_equal(fitted.predict(FORMULAS), before)
        assert fitted.fit(TABLE, init=CompositionRegressor.load(fitted.save(tmp_path / "model.safetensors")))


@pytest.mark.parametrize("setting", ["exact", "published"])
@pytest.mark.parametrize("name", [*CHAINS, "L-G-DCNN-boundary", "identity+att>GRU+res"])
def test_padded_computation_is_that_of_every_network(name, setting):
    network = build(name, seed=1, n_conditions=1).eval()
    layout, compositions = Layout(setting, 7, network.chain.boundary), parse(LONGER)
    conditions = np.linspace(-1, 1, len(LONGER))[:, None]
    expected = outputs(network, layout.ordered(compositions), layout, choose("cpu", "float32"), conditions)
    numbers, fractions = (compositions.canonical() if setting == "exact" else compositions).padded(7)
    given = [torch.from_numpy(values) for values in (numbers, fractions, conditions.astype(np.float32))]
    found = Padded(network, padding_takes_part=setting == "published")(*given)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
