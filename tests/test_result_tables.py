"""Tables of results: what stands in them, and what they say of the published numbers."""

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import figures
from lgdcnn_core.companion.runs.table import GROUP

pytestmark = pytest.mark.usefixtures("drawing_style")


@pytest.fixture
def published():
    values = {"L-G-DCNN": [8.221, 0.310, 44.62], "CrabNet": [8.692, 0.301, np.nan]}
    return pd.DataFrame(values, index=["first", "second", "third"])


def summary(*rows):
    """What `runs.summarise` gives, from (dataset, fold, model, mean, std, n) and changes of the other columns."""
    common = {"store": "committed", "recipe": "paper", "setting": "published", "epochs": 300}
    common |= {"train_fraction": 1.0, "refit": False}
    names = ("dataset", "fold", "model", "mean", "std", "n")
    table = pd.DataFrame(
        [common | dict(zip(names, row[:6], strict=True)) | (row[6] if len(row) > 6 else {}) for row in rows],
        columns=[*GROUP, "mean", "std", "n"],
    )
    return table.astype({"fold": "Int64", "epochs": "Int64", "mean": float, "std": float})


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


def ensembles(*rows):
    """What `runs.ensembles` gives, from rows as `summary` takes them, without a spread."""
    return summary(*rows).drop(columns="std").rename(columns={"mean": "mae"}).assign(mae_low=0.0)


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


def test_of_several_schedules_the_longest_of_each_kind_is_kept():
    table = summary(
        ("first", None, "L-G-DCNN", 8.4, 0.1, 3),
        ("second", None, "L-G-DCNN", 8.4, 0.1, 3, {"epochs": 30}),
        ("first", None, "CrabNet", 8.4, 0.1, 3, {"epochs": 30}),
        ("first", None, "L-G-DCNN", 8.4, 0.1, 3, {"epochs": 30, "store": "local"}),
    )
    kept = figures.longest_schedules(table)
    assert kept.index.tolist() == [0, 2, 3]


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


def bulk_modulus(mean, std, n, **changes):
    row = ("aflow__ael_bulk_modulus_vrh", None, "L-G-DCNN", mean, std, n, changes)
    published = pd.DataFrame([{"dataset": row[0], "model": row[2], "published": 8.221}])
    return figures.against_published(summary(row), published)


def test_one_seed_of_the_published_training_is_said_to_be_one():
    (said,) = map(figures.sentence, (row for _, row in bulk_modulus(8.447, np.nan, 1).iterrows()))
    assert "gives 8.447 GPa with one seed, 2.7 % higher than the published 8.221; one seed does not tell" in said
    assert "no repetition" not in said


def test_several_seeds_give_the_distance_in_their_deviations():
    table = bulk_modulus(8.021, 0.1, 3)
    assert table["deviations"].tolist() == [pytest.approx(-2.0)]
    assert "2.4 % lower than the published 8.221, that is 2.0 standard deviations" in figures.sentence(table.iloc[0])


def test_two_seeds_are_too_few_to_count_in_deviations():
    table = bulk_modulus(8.021, 0.1, 2)
    assert table["deviations"].isna().all()
    assert "± 0.1 GPa over 2 seeds" in figures.sentence(table.iloc[0])
    assert "so few seeds do not tell" in figures.sentence(table.iloc[0])


@pytest.mark.parametrize(
    "change", [{"recipe": "fast"}, {"setting": "exact"}, {"epochs": 60}, {"train_fraction": 0.5}, {"refit": True}]
)
def test_another_training_is_never_called_a_repetition(change):
    table = bulk_modulus(8.2, np.nan, 1, **change)
    assert not table["same_training"].any()
    assert figures.sentence(table.iloc[0]).endswith("so no repetition of it.")
    assert "not been repeated" in figures.repetitions(table, "L-G-DCNN", ["aflow__ael_bulk_modulus_vrh"])


def test_the_published_number_is_inside_the_intervals_that_hold_it():
    group = {"store": "committed", "recipe": "paper", "setting": "published", "epochs": 300}
    group |= {"train_fraction": 1.0, "refit": False}
    runs = group | {"dataset": "aflow__ael_bulk_modulus_vrh", "fold": pd.NA, "model": "L-G-DCNN"}
    intervals = [(0, 7.0, 8.0), (1, 8.0, 9.0), (2, 8.221, 9.0)]
    records = pd.DataFrame([runs | {"seed": seed, "mae_low": low, "mae_high": high} for seed, low, high in intervals])
    shorter = records.assign(epochs=30, mae_low=0.0, mae_high=100.0)
    records = pd.concat([records, shorter]).astype({"fold": "Int64", "epochs": "Int64", "seed": "Int64"})
    row = ("aflow__ael_bulk_modulus_vrh", None, "L-G-DCNN", 8.4, 0.1, 3)
    beside = pd.DataFrame([{"dataset": row[0], "model": row[2], "published": 8.221}])
    compared = figures.against_published(summary(row), beside, records)
    assert compared["inside"].tolist() == [(1, 2)]
    said = figures.sentence(compared.iloc[0])
    assert "the published number lies inside the 95 % bootstrap interval of 2 of 3 runs (seeds 1, 2)" in said
    table = figures.agreement_table(compared)
    assert table[["inside", "repeats"]].to_numpy().tolist() == [["2 of 3", "yes"]]
    assert list(table.index.names) == ["store", "dataset", "model", "recipe", "setting", "epochs"]


@pytest.mark.parametrize(("low", "word"), [(8.0, "inside"), (8.3, "outside")])
def test_a_single_run_has_the_published_number_inside_or_outside_its_interval(low, word):
    row = bulk_modulus(8.5, np.nan, 1)
    records = row.assign(seed=42, mae_low=low, mae_high=9.0).drop(columns="published")
    beside = row[["dataset", "model", "published"]]
    compared = figures.against_published(row.drop(columns=["published"]), beside, records)
    assert f"the published number lies {word} the run's 95 % bootstrap interval." in figures.sentence(compared.iloc[0])


def test_standings_count_sets_at_or_below_each_published_column_and_all():
    published = pd.DataFrame({"L-G-DCNN": [1.0, 2.0, 3.0], "CrabNet": [2.0, 1.0, np.nan]}, index=["a", "b", "c"])
    rows = [(name, None, "L-G-DCNN", mean, 0.1, 3) for name, mean in (("a", 1.0), ("b", 1.5), ("c", 3.5))]
    ours = figures.by_configuration(summary(*rows), (), ensembles(("b", None, "L-G-DCNN", 0.9, None, 3)))
    table = figures.standings(ours, published)
    counts = table[["sets", "L-G-DCNN", "CrabNet", figures.EVERY]].to_numpy().tolist()
    assert counts == [[3, 2, 1, 1], [1, 1, 1, 1]]
    single, mean = (figures.standing(row, ["L-G-DCNN", "CrabNet"]) for _, row in table.iterrows())
    assert "(single networks, mean over seeds) has records of 3 sets" in single
    assert single.endswith("the published L-G-DCNN on 2, of the published CrabNet on 1, of every published model on 1.")
    assert mean.startswith("This project, ensembles: L-G-DCNN, mean of n networks,")
    assert "has records of 1 set;" in mean
    assert figures.standings(figures.by_configuration(summary()), published).empty


def test_columns_that_leave_pure_elements_out_are_compared_without_them():
    published = pd.DataFrame({"L-G-DCNN": [2.0, 2.0], "CrabNet": [1.5, 1.5]}, index=["a", "b"])

    def of(first, second):
        return [("a", None, "L-G-DCNN", first, 0.1, 3), ("b", None, "L-G-DCNN", second, 0.1, 3)]

    cells_of, less = (figures.by_configuration(summary(*of(*values))) for values in ((1.9, 2.1), (1.4, 1.5)))
    names = ["L-G-DCNN", "CrabNet", figures.EVERY]
    assert figures.standings(cells_of, published)[names].to_numpy().tolist() == [[1, 0, 0]]
    assert figures.standings(cells_of, published, less)[names].to_numpy().tolist() == [[1, 2, 1]]


def test_shortfalls_are_what_lies_above_its_own_kind_or_an_ensemble_above_all():
    published = pd.DataFrame({"L-G-DCNN": [2.0, 2.0, 2.0], "Roost": [1.0, 3.0, 3.0]}, index=["a", "b", "c"])
    own = {"recipe": "fast", "setting": "exact", "epochs": 60}
    runs = [(name, None, "L-G-DCNN", mean, 0.1, 3, own) for name, mean in (("a", 1.9), ("b", 2.1), ("c", 1.9))]
    of_paper = summary(("b", None, "L-G-DCNN", 2.2, np.nan, 1))
    beside = published.reset_index(names="dataset").melt("dataset", var_name="model", value_name="published")
    compared = figures.against_published(pd.concat([summary(*runs), of_paper]), beside)
    means = ensembles(*(("a", None, "L-G-DCNN", 1.1, None, 3, own), ("c", None, "L-G-DCNN", 1.8, None, 3, own)))
    table = figures.shortfalls(compared, means, published)
    assert table["dataset"].tolist() == ["a", "b"]
    of_both = ensembles(("a", None, "L-G-DCNN + CrabNet", 0.9, None, 6, own), ("a", None, "CrabNet", 0.8, None, 3, own))
    assert figures.shortfalls(compared, pd.concat([means, of_both]), published)["dataset"].tolist() == ["b"]
    of_ensemble, of_network = (figures.shortfall(row, "Set", n) for n, (_, row) in enumerate(table.iterrows()))
    assert (
        "1.900 (n = 3), 5.0 % below the published L-G-DCNN, 2.000; 3 together (L-G-DCNN) 1.100 without pure elements, "
        "10.0 % above" in of_ensemble
    )
    assert "what is hardest to beat, Roost's 1.000. The paper's own recipe was not run here." in of_ensemble
    assert of_ensemble.endswith("Trials on its validation data: none.")
    assert "2.100 (n = 3), 5.0 % above the published L-G-DCNN, 2.000. The paper's own recipe gave us 2.2" in of_network
    assert of_network.endswith("Trials on its validation data: 1.")
    less = means.assign(mae=[0.9, 1.8])
    assert figures.shortfalls(compared, means, published, less)["dataset"].tolist() == ["b"]


def test_a_tally_counts_verdicts_for_each_kind_of_training():
    kind = {"store": "committed", "recipe": "fast", "setting": "exact", "epochs": 60}
    kind |= {"train_fraction": 1.0, "refit": False}
    verdicts = ["better", "better", "worse", "not told apart"]
    table = pd.DataFrame(
        [kind | {"verdict": verdict} for verdict in verdicts] + [kind | {"epochs": 30, "verdict": "worse"}]
    )
    long, short = figures.tally(table, "L-G-DCNN", "CrabNet")
    assert (
        "60 epochs: our L-G-DCNN is better than our CrabNet on 2 of 4 sets, worse on 1, and not told apart on 1."
        in long
    )
    assert "on 0 of 1 set, worse on 1, and not told apart on 0." in short


def test_repetitions_count_sets_and_name_those_that_are_missing():
    said = figures.repetitions(bulk_modulus(8.447, np.nan, 1), "L-G-DCNN", ["aflow__ael_bulk_modulus_vrh", "mp_mu_b"])
    assert "repeated on 1 of 2 sets; our MAE lies +2.7 % from" in said
    assert said.endswith("Not repeated yet: MP Magnetization of the unit cell.")
