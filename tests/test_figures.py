"""Pictures of predictions and learning, and the files that figures are written to."""

import hashlib
import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lgdcnn_core import benchmarks, cecv
from lgdcnn_core.companion import figures
from lgdcnn_core.companion.figures import export
from lgdcnn_core.companion.runs import Store

EPOCHS = [1, 2, 3, 4]

pytestmark = pytest.mark.usefixtures("drawing_style")


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    actual = rng.uniform(10, 300, size=80)
    return pd.DataFrame({"actual": actual, "predicted": actual + 5, "uncertainty": rng.uniform(1, 20, size=80)})


def test_parity_draws_every_compound_on_the_given_axes_with_units(ax, predictions):
    assert figures.parity(predictions, ax, "GPa", quantity="bulk modulus", published=8.221) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("bulk modulus, actual (GPa)", "bulk modulus, predicted (GPa)")
    assert len(ax.collections[0].get_offsets()) == 80
    assert ax.get_xlim() == ax.get_ylim()
    (bar,) = [each for each in ax.figure.axes if each is not ax]
    assert bar.get_ylabel() == "stated uncertainty (GPa)"


def test_parity_states_the_mae_its_interval_and_the_published_one(ax, predictions):
    figures.parity(predictions, ax, "GPa", metrics={"mae": 5.0, "mae_low": 4.5, "mae_high": 5.5}, published=8.221)
    assert ax.texts[0].get_text() == "MAE 5 GPa\n95 %: 4.5 to 5.5\npublished 8.221\nn = 80"


def test_parity_works_out_the_mae_when_no_metrics_are_given(ax, predictions):
    figures.parity(predictions, ax, "GPa")
    assert ax.texts[0].get_text().startswith("MAE 5 GPa\n95 %: 5 to 5\n")


def test_parity_draws_predictions_without_uncertainty(ax, predictions):
    figures.parity(predictions.assign(uncertainty=None), ax, "GPa")
    assert ax.figure.axes == [ax]


def test_many_points_are_stored_as_an_image(ax, predictions):
    figures.parity(pd.concat([predictions] * 50), ax, "GPa")
    assert ax.collections[0].get_rasterized()


def test_class_probabilities_show_both_classes_and_the_scores(ax):
    table = pd.DataFrame({"actual": [0, 0, 1, 1], "predicted": [0.1, 0.6, 0.7, 0.9]})
    assert figures.class_probabilities(table, ax) is ax
    assert ax.get_title() == "accuracy 0.750   ROC AUC 1.000   n = 4"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["class 0", "class 1"]


def test_learning_curve_shows_both_errors_and_the_epoch_that_was_kept(ax):
    curve = {"epoch": EPOCHS, "train_error": [50.0, 20.0, 10.0, 5.0], "val_error": [45.0, 18.0, 12.0, 13.0]}
    assert figures.learning_curve(curve, ax, "GPa", best_epoch=3) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "MAE (GPa)")
    assert [line.get_label() for line in ax.lines] == ["training", "validation", "kept: epoch 3"]
    assert ax.lines[2].get_xydata().tolist() == [[3.0, 12.0]]


def test_learning_curve_without_validation_shows_training_alone(ax):
    figures.learning_curve({"epoch": EPOCHS, "train_error": [4, 3, 2, 1], "val_error": [None] * 4}, ax, "", "log-loss")
    assert [line.get_label() for line in ax.lines] == ["training"]
    assert ax.get_ylabel() == "log-loss"


def test_cecv_curves_draw_clusters_per_compound(ax):
    each = cecv.CECV((0.1, 0.2), (3,), np.array([[30], [10]]), np.array([40]), "published")
    assert figures.cecv_curves({"LSTM": each}, ax) is ax
    assert ax.lines[0].get_xydata().tolist() == [[0.1, 0.75], [0.2, 0.25]]


@pytest.mark.parametrize("name", benchmarks.names(kind="regression"))
def test_every_unit_of_the_data_cards_is_written_out_on_axes(name):
    text = figures.label("MAE", benchmarks.card(name).unit)
    assert text.endswith(")")
    assert not any(mark in text for mark in ("^", "_", "(1)"))


@pytest.fixture
def stored(tmp_path):
    """A store with one record's file, the table row that names it, and a folder for figures."""
    store = Store("local", tmp_path / "runs")
    (store.path / "set" / "run").mkdir(parents=True)
    (store.path / "set" / "run" / "record.json").write_text("{}\n")
    records = pd.DataFrame({"store": ["local"], "key": ["set/run"]})
    return SimpleNamespace(store=store, records=records, folder=tmp_path / "figures")


def draw_and_save(predictions, stored):
    figure, ax = plt.subplots()
    figures.parity(predictions, ax, "GPa")
    return figures.save(figure, "parity", predictions, stored.records, stored.folder, [stored.store])


def test_save_writes_picture_numbers_and_origin(predictions, stored):
    files = draw_and_save(predictions, stored)
    assert sorted(file.name for file in stored.folder.iterdir()) == sorted(file.name for file in files)
    assert {file.suffix for file in files} == {".png", ".svg", ".csv", ".json"}
    pd.testing.assert_frame_equal(pd.read_csv(stored.folder / "parity.csv"), predictions)
    origin = json.loads((stored.folder / "parity.json").read_text())
    assert origin["records"] == [{"store": "local", "key": "set/run", "sha256": hashlib.sha256(b"{}\n").hexdigest()}]
    assert origin["files"]["parity.png"] == hashlib.sha256((stored.folder / "parity.png").read_bytes()).hexdigest()
    assert {"python", "matplotlib"} <= set(origin["versions"])
    assert "code" in origin


def test_a_saved_figure_carries_its_caption_and_its_notebook(predictions, stored):
    figure, ax = plt.subplots()
    figures.parity(predictions, ax, "GPa")
    said = {"caption": "Predicted against measured values. The errors are small.", "notebook": "01_train"}
    figures.save(figure, "parity", predictions, stored.records, stored.folder, [stored.store], **said)
    origin = json.loads((stored.folder / "parity.json").read_text())
    assert {name: origin[name] for name in said} == said


def test_drawing_again_changes_no_byte(predictions, stored, monkeypatch):
    monkeypatch.setattr(export.provenance, "code", lambda: {"commit": "a", "dirty": False})
    before = {file: file.read_bytes() for file in draw_and_save(predictions, stored)}
    # A later commit that leaves the figure as it is leaves its files as they are.
    monkeypatch.setattr(export.provenance, "code", lambda: {"commit": "b", "dirty": False})
    after = {file: file.read_bytes() for file in draw_and_save(predictions, stored)}
    assert before == after


def test_another_picture_gets_the_commit_that_drew_it(predictions, stored, monkeypatch):
    for commit, shift in (("a", 0), ("b", 10)):
        monkeypatch.setattr(export.provenance, "code", lambda commit=commit: {"commit": commit, "dirty": False})
        draw_and_save(predictions + shift, stored)
        assert json.loads((stored.folder / "parity.json").read_text())["code"]["commit"] == commit


def test_a_clean_commit_replaces_a_dirty_one(predictions, stored, monkeypatch):
    for code in ({"commit": "a", "dirty": True}, {"commit": "b", "dirty": False}):
        monkeypatch.setattr(export.provenance, "code", lambda code=code: code)
        draw_and_save(predictions, stored)
        assert json.loads((stored.folder / "parity.json").read_text())["code"] == code


def test_figures_go_to_the_build_directory_unless_another_is_named(monkeypatch, tmp_path):
    top = export.checkout()
    monkeypatch.delenv(export.VARIABLE, raising=False)
    assert figures.folder() == top / "build" / "figures"
    monkeypatch.setenv(export.VARIABLE, "figures")
    assert figures.folder() == top / "figures"
    monkeypatch.setenv(export.VARIABLE, str(tmp_path))
    assert figures.folder() == tmp_path
