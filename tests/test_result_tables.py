"""Tables of results as pictures: published numbers, and ours beside them."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from summaries import ensembles, summary

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import figures

pytestmark = pytest.mark.usefixtures("drawing_style")


@pytest.fixture
def published():
    values = {"L-G-DCNN": [8.221, 0.310, 44.62], "CrabNet": [8.692, 0.301, np.nan]}
    return pd.DataFrame(values, index=["first", "second", "third"])


def cells(ax):
    """Texts of the table's cells, by (left edge of the cell, row)."""
    rectangles = [(patch.get_x(), patch.get_x() + patch.get_width(), patch.get_y()) for patch in ax.patches]
    found = {}
    for text in ax.texts:
        x, y = text.get_position()
        for left, right, top in rectangles:
            if left < x < right and top < y < top + 1:
                found[left, top] = text.get_text()
    return found


def test_every_data_set_without_a_record_says_so(ax, published):
    ours = figures.by_configuration(summary(("first", None, "L-G-DCNN", 8.4, 0.1, 3)))
    assert figures.benchmark_heatmap(published, ours, ax) is ax
    texts = cells(ax)
    last = max(left for left, _ in texts)
    assert [texts[last, row] for row in range(3)] == ["8.400 ± 0.1\nn = 3", "no record", "no record"]
    hatched = [patch for patch in ax.patches if patch.get_hatch()]
    assert [(patch.get_x(), patch.get_y()) for patch in hatched] == [(last, 1), (last, 2)]


def test_without_any_record_the_project_has_a_column_that_says_so(ax, published):
    figures.benchmark_heatmap(published, figures.by_configuration(summary()), ax)
    assert list(cells(ax).values()).count("no record") == 3
    assert "This project" in [text.get_text() for text in ax.texts]


def test_published_numbers_and_ours_never_share_a_column(ax, published):
    runs = [("first", None, model, 8.4, np.nan, 1, {"store": store}) for model in published for store in figures_stores]
    figures.benchmark_heatmap(published, figures.by_configuration(summary(*runs)), ax)
    texts = cells(ax)
    theirs = {left for (left, _), text in texts.items() if text in ("8.221", "8.692", "0.310", "0.301", "44.620", "-")}
    ours = {left for (left, _), text in texts.items() if text.startswith(("8.400", "no record"))}
    assert len(theirs) == 2
    assert len(ours) == 4
    assert max(theirs) + 1 < min(ours)  # a gap, not only a border
    headings = {text.get_text(): text.xy[0] for text in ax.texts if hasattr(text, "xy")}
    assert headings["Published"] < min(ours) < headings["This project"] < headings["This machine"]


figures_stores = ("committed", "local")


def test_the_best_published_number_decides_the_colours_of_its_row(ax, published):
    ours = figures.by_configuration(summary(("first", None, "L-G-DCNN", 8.221, np.nan, 1)))
    figures.benchmark_heatmap(published, ours, ax)
    colours = {(patch.get_x(), patch.get_y()): patch.get_facecolor() for patch in ax.patches}
    first, second, last = sorted({left for left, _ in colours})
    assert colours[first, 0] == colours[second, 1] == colours[last, 0]  # each the best of its row, or as good
    assert colours[first, 0] != colours[second, 0]
    assert colours[second, 2] == to_rgba("0.9")  # not published


def test_a_mean_over_folds_needs_all_five():
    complete = [("a", fold, "L-G-DCNN", mae, np.nan, 1) for fold, mae in enumerate([1.0, 2.0, 3.0, 4.0, 5.0])]
    some = [("b", fold, "L-G-DCNN", 1.0, 0.1, 2) for fold in range(3)]
    table = figures.over_folds(summary(*complete, *some)).set_index("dataset")
    assert table.loc["a", ["mean", "std", "note"]].tolist() == [3.0, pytest.approx(2.5**0.5), "n = 1 a fold"]
    assert table.loc["b", ["mean", "std"]].isna().all()
    assert table.loc["b", "note"] == "3 of 5 folds"


def test_incomplete_folds_show_their_number_and_no_error(ax, published):
    ours = figures.over_folds(summary(*[("third", fold, "L-G-DCNN", 40.0, np.nan, 1) for fold in range(4)]))
    figures.benchmark_heatmap(published, ours, ax)
    assert "4 of 5 folds" in cells(ax).values()
    assert not any("40" in text for text in cells(ax).values())


def test_runs_that_differ_in_more_than_the_seed_get_columns_of_their_own():
    ours = figures.by_configuration(
        summary(
            ("first", None, "CrabNet", 9.0, np.nan, 1),
            ("first", None, "L-G-DCNN", 8.6, np.nan, 1, {"recipe": "fast", "setting": "exact", "epochs": 60}),
            ("first", None, "L-G-DCNN", 8.4, np.nan, 1),
            ("first", None, "L-G-DCNN", 8.5, np.nan, 1, {"store": "local"}),
            ("first", None, "L-G-DCNN", 8.2, np.nan, 1, {"refit": True}),
            ("first", None, "L-G-DCNN", 9.5, np.nan, 1, {"train_fraction": 0.1}),
        ),
        models=["L-G-DCNN", "CrabNet"],
    )
    assert len(ours[["group", "column"]].drop_duplicates()) == 6
    assert ours["mean"].tolist() == [8.4, 9.5, 8.2, 8.6, 9.0, 8.5]
    assert "L-G-DCNN, paper recipe, published, 300 epochs, validation data too" in set(ours["column"])
    assert "L-G-DCNN, fast recipe, exact, 60 epochs" in set(ours["column"])


def test_ensembles_are_columns_of_their_own_that_say_what_they_are(ax, published):
    single, mean = ("first", None, "L-G-DCNN", 8.4, 0.1, 3), ("first", None, "L-G-DCNN", 8.0, None, 3)
    ours = figures.by_configuration(summary(single), ["L-G-DCNN"], ensembles(mean))
    assert ours[["group", "mean", "note"]].to_numpy().tolist() == [
        ["This project", 8.4, "n = 3"],
        ["This project, ensembles", 8.0, "n = 3"],
    ]
    assert ours["column"][1] == "L-G-DCNN, mean of n networks, paper recipe, published, 300 epochs"
    figures.benchmark_heatmap(published, ours, ax)
    texts = cells(ax)
    lefts = sorted({left for left, _ in texts})
    assert [texts[left, 0] for left in lefts] == ["8.221", "8.692", "8.400 ± 0.1\nn = 3", "8.000\nn = 3"]
    assert lefts[-1] > lefts[-2] + figures.table.WIDTH_WITH_SPREAD  # a gap between single networks and ensembles
    assert "This project,\nensembles" in [text.get_text() for text in ax.texts]


def test_both_stores_have_ensembles_of_their_own_beside_their_single_networks():
    rows = [("first", None, "L-G-DCNN", 8.4, 0.1, 3, {"store": store}) for store in figures_stores]
    ours = figures.by_configuration(summary(*rows), (), ensembles(*rows))
    assert ours["group"].tolist() == [
        *("This project", "This project, ensembles"),
        *("This machine", "This machine, ensembles"),
    ]


def test_an_ensemble_over_folds_needs_all_five_as_well():
    rows = [("a", fold, "L-G-DCNN", mae, None, 3) for fold, mae in enumerate([1.0, 2.0, 3.0, 4.0, 5.0])]
    some = [("b", fold, "L-G-DCNN", 1.0, None, 3) for fold in range(4)]
    table = figures.over_folds(summary(), (), ensembles(*rows, *some)).set_index("dataset")
    assert table.loc["a", ["mean", "std", "note"]].tolist() == [3.0, pytest.approx(2.5**0.5), "n = 3 a fold"]
    assert math.isnan(table.loc["b", "mean"])


def test_classifications_have_no_cell_in_a_table_of_maes():
    table = ensembles(("matbench_glass", 0, "L-G-DCNN", None, None, 2))
    assert figures.by_configuration(summary(), (), table).empty


def test_small_numbers_keep_their_power_of_ten_and_their_spread(ax):
    published = pd.DataFrame({"L-G-DCNN": [3.61e-6]}, index=["expansion"])
    ours = figures.by_configuration(summary(("expansion", None, "L-G-DCNN", 3.512e-6, 4.1e-8, 3)))
    figures.benchmark_heatmap(published, ours, ax)
    assert list(cells(ax).values()) == ["3.61e-6", "3.51e-6\n± 4.1e-8, n = 3"]


def test_table_1_with_five_columns_of_ours_is_about_a_page_wide():
    names = benchmarks.names("extended")
    published = benchmarks.published("lgdcnn_paper").set_index("dataset").loc[names, "L-G-DCNN":]
    other = {"recipe": "fast", "setting": "exact", "epochs": 60}
    runs = [(names[0], None, model, 8.4, 0.1, 3, other) for model in ("L-G-DCNN", "CrabNet")]
    paper = (names[0], None, "L-G-DCNN", 8.4, None, 1)
    width, _ = figures.heatmap_size(published, figures.by_configuration(summary(paper, *runs), (), ensembles(*runs)))
    assert width < 1.1 * figures.DOUBLE


def test_fold_errors_draw_published_lines_and_our_marks(ax):
    theirs = pd.DataFrame({"model": "CrabNet", "fold": range(5), "mae": [36.1, 45.9, 67.1, 31.7, 47.3]})
    ours = figures.by_configuration(summary(("matbench_jdft2d", 0, "L-G-DCNN", 31.6, np.nan, 1)))
    assert figures.fold_errors(theirs, ours, ax, "meV/atom") is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("official fold", "MAE (meV/atom)")
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["Published: CrabNet", "This project: L-G-DCNN, paper recipe, published, 300 epochs"]


def test_a_mark_means_the_same_runs_in_every_panel(ax):
    theirs = pd.DataFrame({"model": "CrabNet", "fold": range(5), "mae": 1.0})
    ours = figures.by_configuration(summary(("matbench_jdft2d", 0, "L-G-DCNN", 31.6, np.nan, 1)))
    own = (ours["group"][0], ours["column"][0])
    figures.fold_errors(theirs, ours, ax, "meV/atom", kinds=[("This project", "other runs"), own], legend=False)
    second = ax.figure.add_subplot()
    figures.fold_errors(theirs, ours, second, "meV/atom", kinds=[own], legend=False)
    assert [ax.containers[0][0].get_marker(), second.containers[0][0].get_marker()] == ["X", "D"]
    assert ax.get_legend() is None
