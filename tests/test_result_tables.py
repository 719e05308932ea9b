"""Tables of results as pictures: published numbers, and ours beside them."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from summaries import ensembles, summary

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import figures
from lgdcnn_core.companion.figures.table import NO_RECORD

pytestmark = pytest.mark.usefixtures("drawing_style")


@pytest.fixture
def published():
    values = {"L-G-DCNN": [8.221, 0.310, 44.62], "CrabNet": [8.692, 0.301, np.nan]}
    return pd.DataFrame(values, index=["first", "second", "third"])


def cells(ax):
    """Texts of the table's cells, by (left edge of the cell, number of the row)."""
    tops = sorted({patch.get_y() for patch in ax.patches})
    found = {}
    for text in ax.texts:
        x, y = text.get_position()
        for patch in ax.patches:
            left, top = patch.get_xy()
            if left < x < left + patch.get_width() and top < y < top + patch.get_height():
                found[left, tops.index(top)] = text.get_text()
    return found


def test_a_data_set_without_a_record_has_a_dash(ax, published):
    ours = figures.by_configuration(summary(("first", None, "L-G-DCNN", 8.4, 0.1, 3)))
    assert figures.benchmark_heatmap(published, ours, ax) is ax
    texts = cells(ax)
    last = max(left for left, _ in texts)
    assert [texts[last, row] for row in range(3)] == ["8.400\n± 0.1, n = 3", NO_RECORD, NO_RECORD]
    assert not any(patch.get_hatch() for patch in ax.patches)


def test_without_any_record_there_are_the_published_columns_alone(ax, published):
    figures.benchmark_heatmap(published, figures.by_configuration(summary()), ax)
    assert len({left for left, _ in cells(ax)}) == 2
    assert "This project" not in [text.get_text() for text in ax.texts]


def test_rows_without_a_second_line_are_lower(ax, published):
    ours = figures.by_configuration(summary(("first", None, "L-G-DCNN", 8.4, 0.1, 3)))
    figures.benchmark_heatmap(published, ours, ax)
    heights = [patch.get_height() for patch in ax.patches if patch.get_x() == 0]
    assert heights[0] > heights[1] == heights[2]


def test_published_numbers_and_ours_never_share_a_column(ax, published):
    runs = [("first", None, model, 8.4, np.nan, 1, {"store": store}) for model in published for store in figures_stores]
    figures.benchmark_heatmap(published, figures.by_configuration(summary(*runs)), ax)
    right = {patch.get_x(): patch.get_x() + patch.get_width() for patch in ax.patches}
    texts = cells(ax)
    theirs = {left for (left, _), text in texts.items() if text in ("8.221", "8.692", "0.310", "0.301", "44.620")}
    ours = {left for (left, _), text in texts.items() if text.startswith("8.400")}
    assert len(theirs) == 2
    assert len(ours) == 4
    assert max(right[left] for left in theirs) + 0.1 < min(ours)  # a gap, not only a border
    headings = {text.get_text(): text.xy[0] for text in ax.texts if hasattr(text, "xy")}
    assert headings["Published"] < min(ours) < headings["This project"] < headings["This machine"]


figures_stores = ("committed", "local")


def test_the_best_published_number_decides_the_colours_of_its_row(ax, published):
    ours = figures.by_configuration(summary(("first", None, "L-G-DCNN", 8.221, np.nan, 1)))
    figures.benchmark_heatmap(published, ours, ax)
    colours = {(patch.get_x(), patch.get_y()): patch.get_facecolor() for patch in ax.patches}
    first, second, last = sorted({left for left, _ in colours})
    top, middle, bottom = sorted({row for _, row in colours})
    assert colours[first, top] == colours[second, middle] == colours[last, top]  # each the best of its row, or as good
    assert colours[first, top] != colours[second, top]
    assert colours[second, bottom] == to_rgba("0.95")  # not published


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
    assert "L-G-DCNN, paper recipe, validation data too" in set(ours["column"])
    assert "L-G-DCNN, fast recipe" in set(ours["column"])


def test_ensembles_are_columns_of_their_own_that_say_what_they_are(ax, published):
    single, mean = ("first", None, "L-G-DCNN", 8.4, 0.1, 3), ("first", None, "L-G-DCNN", 8.0, None, 3)
    ours = figures.by_configuration(summary(single), ["L-G-DCNN"], ensembles(mean))
    assert ours[["group", "mean", "note"]].to_numpy().tolist() == [
        ["This project", 8.4, "n = 3"],
        ["This project, ensembles", 8.0, "n = 3"],
    ]
    assert ours["column"][1] == "L-G-DCNN, mean of n networks, paper recipe"
    figures.benchmark_heatmap(published, ours, ax)
    texts = cells(ax)
    lefts = sorted({left for left, _ in texts})
    assert [texts[left, 0] for left in lefts] == ["8.221", "8.692", "8.400\n± 0.1, n = 3", "8.000\nn = 3"]
    right = next(patch.get_x() + patch.get_width() for patch in ax.patches if patch.get_x() == lefts[-2])
    assert lefts[-1] > right + 0.1  # a gap between single networks and ensembles
    assert "This project, ensembles" in [text.get_text().replace("\n", " ") for text in ax.texts]


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


def few():
    """Runs of each kind that the main table shows, on one set."""
    fast = {"recipe": "fast", "setting": "exact", "epochs": 60}
    rows = [fast, fast | {"recipe": "joint-transfer"}, fast | {"recipe": "joint-transfer", "refit": True}]
    name = benchmarks.names("extended")[0]
    return summary(*((name, None, "L-G-DCNN", 8.4, 0.1, 3, each) for each in rows)), ensembles(
        *((name, None, "L-G-DCNN", 8.0, None, 3, each) for each in rows)
    )


def drawn_table(figure):
    """All texts of a table's figure, drawn, with their boxes in inches."""
    figure.canvas.draw()
    found = [*figure.axes[0].texts, *figure.axes[0].get_yticklabels(), figure._suptitle]
    return [(text, text.get_window_extent().transformed(figure.dpi_scale_trans.inverted())) for text in found if text]


@pytest.mark.parametrize("columns", [None, [figures.FEW[0], figures.FEW[-1]]], ids=["main", "as published"])
def test_table_1_is_a_page_wide_and_no_two_of_its_texts_overlap(columns):
    names = benchmarks.names("extended")
    published = benchmarks.published("lgdcnn_paper").set_index("dataset").loc[names, "L-G-DCNN":]
    labels = {name: figures.label(benchmarks.card(name).label, benchmarks.card(name).unit) for name in names}
    title = "Our networks together have lower errors than every published model on all sets but one of those trained"
    if columns is None:
        figure = figures.main_table_figure(published, figures.few_columns(*few()), labels, title=title)
    else:
        figure = figures.table_figure(published, figures.few_columns(*few(), columns), labels, title=title)
    assert figure.get_figwidth() == figures.DOUBLE
    texts = drawn_table(figure)
    assert min(text.get_fontsize() for text, _ in texts) >= 7
    for number, (text, box) in enumerate(texts):
        assert box.x0 >= 0, text
        assert box.x1 <= figures.DOUBLE, text
        assert not [other for other, its in texts[:number] if box.overlaps(its)], text


def test_headings_of_table_2_do_not_overlap():
    names = benchmarks.names("matbench", kind="regression")
    published = pd.DataFrame(dict.fromkeys(("L-G-DCNN", "CrabNet", "Finder v1.2 (composition)"), 0.4), index=names)
    texts = drawn_table(figures.table_figure(published, figures.few_columns(summary(), folds=True)))
    for number, (text, box) in enumerate(texts):
        assert not [other for other, its in texts[:number] if box.overlaps(its)], text


def test_the_main_table_names_the_model_that_has_the_best_published_number():
    values = {"L-G-DCNN": [8.2, 0.31], "CrabNet": [8.6, 0.30], "Roost": [9.0, 0.29]}
    figure = figures.main_table_figure(pd.DataFrame(values, index=["first", "second"]), figures.few_columns(summary()))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"8.200\nL-G-DCNN", "0.290\nRoost", "0.310", "0.300"} <= set(texts)
    assert "9.000" not in texts


def test_the_few_columns_are_single_networks_first_and_those_without_records_are_left_out():
    singles, means = few()
    ours = figures.few_columns(singles, means)
    assert ours[["group", "column", "mean"]].to_numpy().tolist() == [
        ["This project", "FAST", 8.4],
        ["This project", "joint-transfer", 8.4],
        ["This project, ensembles", "FAST", 8.0],
        ["This project, ensembles", "joint-transfer, validation data too", 8.0],
    ]
    assert figures.few_columns(singles[:1])["column"].tolist() == ["FAST"]


def test_columns_of_baselines_and_of_the_network_of_all_properties():
    rows = [
        ("RF", "trees", 1, 9.6),
        ("ET", "trees", 1, 9.4),
        ("L-G-DCNN", "joint", 30, 9.0),
        ("L-G-DCNN", "fast", 60, 8.4),
    ]
    table = summary(
        *(
            ("a", None, name, mae, 0.1, 3, {"recipe": recipe, "setting": "exact", "epochs": n})
            for name, recipe, n, mae in rows
        )
    )
    ours = figures.few_columns(table, columns=(*figures.BASELINES, *figures.FEW))
    assert ours[["column", "mean"]].to_numpy().tolist() == [
        ["random forest", 9.6],
        ["extra trees", 9.4],
        ["FAST", 8.4],
        ["one network, 18 properties", 9.0],
    ]
    assert "random forest" in set(figures.by_configuration(table)["column"])


def test_a_data_set_with_shorter_trainings_than_others_keeps_them_and_of_its_own_the_longest_count():
    fast = {"recipe": "fast", "setting": "exact"}
    rows = [("small", 60, 8.4), ("small", 30, 8.9), ("large", 20, 0.3)]
    table = summary(*((name, None, "L-G-DCNN", mae, 0.1, 3, fast | {"epochs": n}) for name, n, mae in rows))
    ours = figures.few_columns(table)
    assert ours[["dataset", "mean"]].to_numpy().tolist() == [["small", 8.4], ["large", 0.3]]


def test_the_few_columns_need_all_five_folds_for_a_mean():
    fast = {"recipe": "fast", "setting": "exact", "epochs": 60}
    complete = [("a", fold, "L-G-DCNN", mae, None, 1, fast) for fold, mae in enumerate([1.0, 2.0, 3.0, 4.0, 5.0])]
    some = [("b", fold, "L-G-DCNN", 1.0, None, 1, fast) for fold in range(3)]
    table = figures.few_columns(summary(*complete, *some), folds=True).set_index("dataset")
    assert table.loc["a", ["mean", "note"]].tolist() == [3.0, "n = 1 a fold"]
    assert math.isnan(table.loc["b", "mean"])
    assert table.loc["b", "note"] == "3 of 5 folds"


def test_fold_errors_draw_published_lines_and_our_marks(ax):
    theirs = pd.DataFrame({"model": "CrabNet", "fold": range(5), "mae": [36.1, 45.9, 67.1, 31.7, 47.3]})
    ours = figures.by_configuration(summary(("matbench_jdft2d", 0, "L-G-DCNN", 31.6, np.nan, 1)))
    assert figures.fold_errors(theirs, ours, ax, "meV/atom") is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("official fold", "MAE (meV/atom)")
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["published: CrabNet", "This project: L-G-DCNN, paper recipe"]


def test_a_mark_means_the_same_runs_in_every_panel(ax):
    theirs = pd.DataFrame({"model": "CrabNet", "fold": range(5), "mae": 1.0})
    ours = figures.by_configuration(summary(("matbench_jdft2d", 0, "L-G-DCNN", 31.6, np.nan, 1)))
    own = (ours["group"][0], ours["column"][0])
    figures.fold_errors(theirs, ours, ax, "meV/atom", kinds=[("This project", "other runs"), own], legend=False)
    second = ax.figure.add_subplot()
    figures.fold_errors(theirs, ours, second, "meV/atom", kinds=[own], legend=False)
    assert [ax.containers[0][0].get_marker(), second.containers[0][0].get_marker()] == ["X", "D"]
    assert ax.get_legend() is None
