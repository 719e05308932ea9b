import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgba

from lgdcnn_core.companion import figures

THRESHOLDS = [0.1, 0.2, 0.3]


pytestmark = pytest.mark.usefixtures("drawing_style")


@pytest.fixture
def elements():
    return pd.DataFrame(
        {
            "x": [0.0, 1.0, 2.0, 3.0],
            "y": [0.0, 1.0, 0.0, 1.0],
            "symbol": ["Li", "Si", "Fe", "U"],
            "block": ["s", "p", "d", "f"],
            "group": ["1", "14", "8", "f"],
        }
    )


def test_the_target_region_reaches_from_its_lower_to_its_upper_edge(ax):
    assert figures.target_region(THRESHOLDS, [0.3, 0.2, 0.1], [0.3, 0.4, 0.5], ax) is ax
    (region,) = ax.collections
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.3, np.nan, np.nan])  # a line where the edges meet
    corners = {tuple(np.round(point, 6)) for point in region.get_paths()[0].vertices}
    assert {(0.2, 0.2), (0.2, 0.4), (0.3, 0.1), (0.3, 0.5)} <= corners
    assert ax.get_legend_handles_labels()[1] == ["target region"]


def test_counts_stand_beside_the_published_ones_with_their_bands(ax):
    bands = {"leader": ([8, 4, 2], [12, 6, 2])}
    assert figures.cecv_counts({"leader": [10, 5, 2], "other": [9, 4, 1]}, THRESHOLDS, ax, [20, 10, 5], bands) is ax
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert drawn == {"leader": [10, 5, 2], "other": [9, 4, 1], "paper": [20, 10, 5]}
    assert len(ax.collections) == 1
    assert ax.get_yscale() == "log"
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["leader", "other", "paper"]


def test_without_published_counts_none_are_drawn(ax):
    figures.cecv_counts({"leader": [10, 5, 2]}, THRESHOLDS, ax)
    assert [line.get_label() for line in ax.lines] == ["leader"]


def test_a_cluster_shows_the_mean_matrix_its_elements_and_its_compounds(ax):
    efms = np.array([[[1, -0.2], [-0.2, 1]], [[1, -0.6], [-0.6, 1]]])
    figures.cluster_heatmap(efms, [["O", "Si"], ["N", "Si"]], ["SiO2", "Si3N4"], ax)
    np.testing.assert_allclose(ax.images[0].get_array(), [[1, -0.4], [-0.4, 1]])
    minus = "\N{MINUS SIGN}0.40"
    assert [text.get_text() for text in ax.texts] == ["1.00", minus, minus, "1.00"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["O, N", "Si"]
    assert ax.get_title() == "2 compounds"
    assert ax.get_xlabel() == "SiO2, Si3N4"


def test_a_large_cluster_says_how_many_compounds_are_not_named(ax):
    n = 9
    efms = np.tile(np.eye(3), (n, 1, 1))
    elements = [[symbol, "O", "Si"] for symbol in ["Fe", "Al", "Mg", "Ca", "Na", "K", "Li", "Ni", "Fe"]]
    figures.cluster_heatmap(efms, elements, [f"X{number}" for number in range(n)], ax)
    assert "(3 more)" in ax.get_xlabel().replace("\N{NO-BREAK SPACE}", " ")
    assert "X6" not in ax.get_xlabel()
    assert ax.get_yticklabels()[0].get_text() == "Fe, Al, Mg, …"


def test_a_cluster_of_one_is_in_the_singular(ax):
    figures.cluster_heatmap(np.eye(3)[None], [["A", "B", "C"]], ["ABC"], ax)
    assert ax.get_title() == "1 compound"


def test_elements_have_a_marker_for_their_block_and_a_colour_for_their_group(ax, elements):
    assert figures.element_map(elements, ax) is ax
    drawn = [(*each.get_offsets()[0], to_hex(each.get_facecolor()[0])) for each in ax.collections]
    np.testing.assert_array_equal([place[:2] for place in drawn], elements[["x", "y"]])
    assert len({colour for *_, colour in drawn}) == len(elements)
    assert ax.get_legend_handles_labels()[1] == ["s block", "p block", "d block", "f block"]
    assert len({line.get_marker() for line in ax.lines}) == 4


def test_element_maps_name_every_element_and_say_how_pure_they_are(elements):
    points = pd.concat([elements.assign(layer=layer) for layer in ("embedding", "soft attention#2")])
    figure = figures.element_figure(points, {"embedding": "43 % alike", "soft attention#2": "40 % alike"}, "Finding")
    for ax, title in zip(figure.axes, ("embedding\n43 % alike", "soft attention, 2nd\n40 % alike"), strict=False):
        assert ax.get_title().replace("\N{NO-BREAK SPACE}", " ") == title
        assert {text.get_text() for text in ax.texts} >= set(elements["symbol"])
    assert figure.get_suptitle() == "Finding"


def test_environments_keep_their_colours_whichever_are_there(ax):
    points = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0], "environment": ["Si-N", "Si-metal"]})
    order = ["Si-O", "Si-N", "Si-metal"]
    figures.environment_map(points, ax, order)
    assert ax.get_legend_handles_labels()[1] == ["Si-N", "Si-metal"]
    both = plt.figure().add_subplot()
    more = pd.concat([points, pd.DataFrame({"x": [2.0], "y": [2.0], "environment": ["Si-O"]})])
    figures.environment_map(more, both, order)
    assert to_rgba(both.collections[1].get_facecolor()[0]) == to_rgba(ax.collections[0].get_facecolor()[0])
    first, other, same = (each.get_paths()[0].vertices for each in (*ax.collections[:1], *both.collections[:2]))
    np.testing.assert_array_equal(first, same)
    assert first.shape != other.shape


def test_a_compound_far_away_does_not_shrink_the_map_and_is_counted(ax):
    rng = np.random.default_rng(0)
    points = pd.DataFrame({"x": rng.normal(size=500), "y": rng.normal(size=500), "target": rng.normal(size=500)})
    points.loc[0, ["x", "y"]] = 50
    figures.compound_map(points, ax)
    assert ax.get_xlim()[1] < 4
    outside = ~(points["x"].between(*ax.get_xlim()) & points["y"].between(*ax.get_ylim()))
    assert outside[0]
    assert ax.get_xlabel() == f"{outside.sum()} of 500 outside"


def test_compounds_of_all_maps_share_the_colours_of_their_bar():
    points = pd.DataFrame({"x": range(101), "y": range(101), "target": np.arange(101.0)})
    figure, axes = plt.subplots(1, 2)
    for ax in axes:
        figures.compound_map(points, ax)
    figures.target_bar(points["target"], list(axes), "eV", "band gap")
    assert all(ax.collections[0].get_clim() == (2, 98) for ax in axes)
    bar = next(ax for ax in figure.axes if ax not in list(axes))
    assert bar.get_ylabel() == "band gap (eV)"
    assert bar.get_ylim() == (2, 98)


def test_two_layers_share_a_map_of_correlations(ax):
    symbols = ["Li", "Si", "Fe"]
    below = pd.DataFrame(np.full((3, 3), 0.2), symbols, symbols)
    above = pd.DataFrame(np.full((3, 3), -0.5), symbols, symbols)
    figures.correlation_map(below, ax, upper=above)
    np.testing.assert_array_equal(ax.images[0].get_array(), [[0.2, -0.5, -0.5], [0.2, 0.2, -0.5], [0.2, 0.2, 0.2]])
    assert [label.get_text().strip() for label in ax.get_yticklabels()] == symbols
    assert [label.get_text().strip() for label in ax.get_xticklabels()] == symbols


def purities(layers, **values):
    columns = {"share": 0.5, "null": 0.2, "low": 0.1, "high": 0.3} | values
    return pd.DataFrame(columns, index=pd.Index(layers, name="layer"))


def test_purities_are_drawn_layer_after_layer_above_the_range_of_their_null(ax):
    table = purities(["embedding", "LSTM output"], share=[0.25, 0.75])
    assert figures.purity_by_layer(table, ax, "group") is ax
    assert [label.get_text() for label in ax.get_xticklabels()] == list(table.index)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.25, 0.75])
    bands = [each.get_paths()[0].vertices for each in ax.collections[1:]]
    assert [(band[:, 1].min(), band[:, 1].max()) for band in bands] == [(0.1, 0.3), (0.1, 0.3)]
    assert ax.get_ylim() == (0, 1)


def test_shares_before_the_training_are_dashed_where_they_are_known(ax):
    layers = ["embedding", "LSTM output"]
    figures.purity_by_layer(purities(layers, untrained=[np.nan, 0.4]), ax, "group")
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    np.testing.assert_array_equal(dashed[0].get_ydata(), [np.nan, 0.4])
    assert dashed[1].get_label() == "before the training"
    figures.purity_by_layer(purities(layers, untrained=np.nan), fresh := plt.figure().add_subplot(), "group")
    assert not any(line.get_linestyle() == "--" for line in fresh.lines)


def test_errors_of_layers_leave_out_those_that_have_none(ax):
    errors = pd.DataFrame({"trained": [np.nan, 0.5], "untrained": [np.nan, 0.8]}, ["embedding", "LSTM output"])
    figures.errors_by_layer(errors, ax, "target")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [np.nan, 0.5])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [np.nan, 0.8])
    assert ax.get_ylim()[0] == 0


def test_each_network_has_a_panel_with_its_layers_in_their_order_on_one_scale():
    table = pd.concat(
        {"LSTM": purities(["LSTM output"]), "DCNN": purities(["DCNN block 1", "DCNN block 2"])}, names=["network"]
    ).reset_index()
    figure = figures.networks_figure(table, "Finding")
    assert [ax.get_title() for ax in figure.axes] == ["LSTM", "DCNN"]
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == ["DCNN block 1", "DCNN block 2"]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1


def test_differences_are_drawn_part_by_part_with_their_intervals():
    table = pd.DataFrame({"part": ["LSTM", "DCNN"], "label": "AFLOW Band gap", "element": "Si"})
    table = table.assign(difference=[0.1, -0.1], low=[0.05, -0.3], high=[0.2, 0.1])
    (ax,) = figures.differences_figure(table, "Finding").axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["than LSTM", "than DCNN"]
    (bars,) = ax.containers[0].lines[2]
    ends = [segment[:, 0].tolist() for segment in bars.get_segments()]
    np.testing.assert_allclose(ends, [[0.05, 0.2], [-0.3, 0.1]])
