"""Figures can be read: by the colour-blind, at their printed size, without text over text."""

from itertools import combinations, product

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from test_uncertainty import OVERCONFIDENT

from lgdcnn_core.cecv import CECV, THRESHOLDS, Band
from lgdcnn_core.companion import figures, uncertainty
from lgdcnn_core.companion.figures import design, maps, page, speed
from lgdcnn_core.companion.runs import power_laws

pytestmark = pytest.mark.usefixtures("drawing_style")

# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, IEEE Trans. Vis. Comput. Graph. 2009, 15, 1291: what is left of
# linear RGB without one kind of cones.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}

DISTINCT = 15
"""Difference in CIELAB (CIE 1976) from which on two colours are told apart at a glance; 2.3 is just noticeable."""


def lab(colour, sight):
    """CIELAB of a colour as a reader with this sight sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SIGHT[sight]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ seen / [0.9505, 1.0, 1.089]
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colours, sight):
    """Smallest difference between any two of these colours."""
    seen = [lab(colour, sight) for colour in colours]
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2))


def test_the_simulation_confuses_the_colours_that_the_colour_blind_confuse():
    red, green = "#d62728", "#2ca02c"
    assert nearest([red, green], "normal") > 100
    assert nearest([red, green], "deuteranopia") < 0.5 * nearest([red, green], "normal")


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_of_lines_environments_and_precisions_differ_for_every_reader(sight):
    palettes = {
        "lines": mpl.rcParams["axes.prop_cycle"].by_key()["color"],
        "environments": [colour for colour, _ in maps.ENVIRONMENTS],
        "precisions": [f"C{index}" for index in range(3)],
    }
    for name, colours in palettes.items():
        assert nearest(colours, sight) > DISTINCT, name


def test_shapes_differ_wherever_colours_do():
    for markers in (
        list(maps.BLOCKS.values()),
        [marker for _, marker in maps.ENVIRONMENTS],
        [marker for _, marker in speed.PRECISIONS.values()],
        [marker for marker, *_ in design._ORIGINS.values()],
    ):
        assert len(set(markers)) == len(markers)


@pytest.mark.parametrize("sight", SIGHT)
def test_groups_of_the_periodic_table_are_seen_in_their_order(sight):
    lightness = [lab(mpl.colormaps[maps.GROUPS](number / 17), sight)[0] for number in range(18)]
    assert (np.diff(lightness) > 1).all()


def vector(scale=1.0, n=2000):
    counts = np.maximum(np.geomspace(800, 20, len(THRESHOLDS)) * scale, 1).astype(int)
    return CECV(tuple(THRESHOLDS), (3,), counts[:, None], np.array([n]), "published")


def band():
    each = vector()
    return Band(each, 0.9 * each.counts, 1.1 * each.counts, np.stack([each.counts] * 3), 0.95)


REGION = (0.8 * vector().normalised, vector().normalised)
SETS = ["Bartel Formation enthalpy", "AFLOW Energy per atom", "OQMD Band gap"]
LAYERS = ["LSTM output", "soft attention#1", "GRU output", "soft attention#2", *(f"DCNN block {n}" for n in (1, 2, 3))]
TITLE = "Our networks find in this picture what the paper says of them, on all data sets but one of those recorded here"


def of_layers():
    return {name: vector(scale) for name, scale in zip(LAYERS, np.linspace(1, 0.3, len(LAYERS)), strict=True)}


def curves():
    epochs = np.arange(1, 61)
    kinds = [(model, recipe) for model in ("L-G-DCNN", "CrabNet") for recipe in ("paper", "fast")]
    rows = [
        pd.DataFrame({"epoch": epochs, "seconds": 3.0 * epochs, "val_error": scale * 30 / epochs**0.3})
        .assign(dataset=name, fold=None, store="committed", model=model, recipe=recipe, seed=0, setting="exact")
        .assign(train_fraction=1.0, refit=False, key="k", epochs=60, schedule_epochs=60)
        for name in "abcd"
        for scale, (model, recipe) in enumerate(kinds, start=10)
    ]
    return pd.concat(rows, ignore_index=True)


def maps_points(columns):
    rng = np.random.default_rng(0)
    return pd.concat(
        [
            pd.DataFrame({"x": rng.normal(size=60), "y": rng.normal(size=60), **columns}).assign(layer=layer)
            for layer in ("embedding", *LAYERS[:2])
        ]
    )


NETWORKS = ("DCNN-K1", "DCNN", "LSTM", "L-DCNN", "L-G-DCNN", "CrabNet")


def purities(keys, names):
    values = {"share": 0.4, "null": 0.1, "low": 0.05, "high": 0.15}
    return pd.DataFrame(values, index=pd.MultiIndex.from_tuples(keys, names=names))


def differences():
    rows = product(["LSTM", "DCNN", "DCNN-K1", "L-DCNN"], SETS, ["Si", "O", "Al"])
    table = pd.DataFrame(list(rows), columns=["part", "label", "element"])
    return table.assign(difference=0.05, low=-0.1, high=0.15)


def errors_by_size():
    """Errors over wide and narrow ranges; nothing on the last data set."""
    return pd.DataFrame(
        [
            {"dataset": name, "model": model, "size": size, "mae": scale * size**-exponent * (1 + 0.03 * seed)}
            for name, scale, exponent in (("a", 900.0, 0.45), ("b", 0.3, 0.1), ("c", 4.0, 0.3))
            for model in ("L-G-DCNN", "CrabNet", "RF", "GBM")
            for size in (100, 1000, 5162, 25_000)
            for seed in range(3)
        ]
    )


REMARKS = dict.fromkeys(["embedding", *LAYERS[:2]], "78 % of the nearest atoms in the same environment")

PAGES = {
    "networks": lambda: figures.cecv_networks_figure(
        {(name, symbol): {"DCNN-K1": vector(), "LSTM": vector(0.5)} for name in SETS for symbol in ("Si", "O", "Al")},
        {(name, symbol): REGION for name in SETS for symbol in ("Si", "O", "Al")},
        TITLE,
    ),
    "layers": lambda: figures.cecv_layers_figure(
        {(model, name): of_layers() for model in ("L-G-DCNN", "CrabNet") for name in SETS},
        {name: {"DCNN-K1": vector(), "LSTM": vector(0.5)} for name in SETS},
        dict.fromkeys(SETS, REGION),
        TITLE,
    ),
    "rules": lambda: figures.cecv_rules_figure(
        {"published": band(), "leader": band(), "complete-linkage": band()}, {"published": band()}, None, TITLE
    ),
    "clusters": lambda: figures.clusters_figure(
        {
            f"{n} compounds: {kinds}": (np.eye(3)[None], [["Si", "Ni", "Fe"]], ["Nd10(SiGe)3"] * n)
            for n, kinds in (
                (34, "47 % Si-metal, 41 % Si-O"),
                (12, "33 % Si-S, Se, Te, 25 % Si-O, 17 % Si-halogen, 17 % Si-N"),
            )
        },
        TITLE,
    ),
    "regions": lambda: figures.region_figure(
        {
            name: figures.Region(THRESHOLDS, {"LSTM (global)": vector().normalised}, REGION, {"DCNN": REGION[0]})
            for name in SETS
        },
        TITLE,
    ),
    "environments": lambda: figures.environment_figure(
        maps_points({"environment": ["Si-O"] * 30 + ["Si-other non-metal"] * 30}),
        REMARKS,
        ["Si-O", "Si-other non-metal"],
        TITLE,
    ),
    "compounds": lambda: figures.compound_figure(
        maps_points({"target": np.arange(60.0)}), REMARKS, "eV/atom", "Bartel Formation enthalpy", TITLE
    ),
    "elements": lambda: figures.element_figure(
        maps_points({"symbol": ["Si"] * 60, "block": ["p"] * 60, "group": ["14"] * 60}), REMARKS, TITLE
    ),
    "purities of networks": lambda: figures.networks_figure(
        purities(list(product(NETWORKS, LAYERS)), ["network", "layer"]).reset_index(), TITLE
    ),
    "differences": lambda: figures.differences_figure(differences(), TITLE),
    "order": lambda: figures.order_figure(
        purities(list(product(["group", "environment"], ["embedding", *LAYERS])), ["label", "layer"]),
        {"group": "elements: group", "environment": "Si atoms: environment"},
        pd.DataFrame(0.2, index=["embedding", *LAYERS], columns=["trained", "untrained"]),
        "compounds: target",
        TITLE,
    ),
    "folds": lambda: figures.folds_figure(
        pd.DataFrame(
            [
                {"dataset": name, "model": "CrabNet", "fold": fold, "mae": 0.1023}
                for name in "abcdefghij"
                for fold in range(5)
            ]
        ),
        pd.DataFrame(columns=["dataset", "group", "column", "fold"]),
        dict.fromkeys("abcdefghij", "JARVIS 2D exfoliation energy (meV/atom)"),
        TITLE,
    ),
    "ledger": lambda: figures.ledger_figure(
        {
            "Table 1": pd.DataFrame(
                [
                    {
                        "label": "MP Magnetization of the unit cell",
                        "verdict": verdict,
                        "percent": 5,
                        "low": -30,
                        "high": 40,
                    }
                    for verdict in ("reproduced", "not reproduced", "within what seeds and test compounds leave open")
                ]
                * 6
            ),
            "Table 2": pd.DataFrame(
                [{"label": "JARVIS 2D exfoliation energy", "verdict": "not testable here"}] * 10,
                columns=["label", "verdict", "percent", "low", "high"],
            ),
        },
        TITLE,
    ),
    "efficiency": lambda: figures.efficiency_figure(
        errors_by_size(),
        {
            (name, model): power_laws.fit(rows["size"], rows["mae"])
            for (name, model), rows in errors_by_size().groupby(["dataset", "model"])
        },
        dict.fromkeys("abcd", "JARVIS 2D exfoliation energy, fold 0 (meV/atom)"),
        dict.fromkeys("abcd", "meV/atom"),
        TITLE,
    ),
    "coverage": lambda: figures.calibration_figure(uncertainty.curves(OVERCONFIDENT), TITLE),
    "errors in bins": lambda: figures.binned_figure(uncertainty.binned(OVERCONFIDENT), TITLE),
    "error decay": lambda: figures.decay_figure(uncertainty.decay(OVERCONFIDENT), TITLE),
    "intervals": lambda: figures.conformal_figure(
        uncertainty.group_means(uncertainty.within_groups(OVERCONFIDENT), uncertainty.JOINT), 0.9, TITLE
    ),
    "convergence": lambda: figures.convergence_figure(
        curves(), dict.fromkeys("abcd", "JARVIS 2D exfoliation energy, fold 0 (meV/atom)"), title=TITLE
    ),
}


def beyond(axis):
    """Labels of ticks beyond the limits of their axis, which are not drawn."""
    low, high = sorted(axis.get_view_interval())
    margin = 1e-6 * (high - low)
    for minor in (False, True):
        ticks = axis.get_minor_ticks() if minor else axis.get_major_ticks()
        for place, tick in zip(axis.get_ticklocs(minor=minor), ticks, strict=False):
            if not low - margin <= place <= high + margin:
                yield from (tick.label1, tick.label2)


def boxes_overlap(one, other):
    """Whether two texts overlap; boxes of rotated texts say nothing of that."""
    (text, box), (its, its_box) = one, other
    return box.overlaps(its_box) and not (text.get_rotation() % 90 or its.get_rotation() % 90)


def drawn_texts(figure):
    """Drawn texts of a figure outside its panels, with their boxes in inches: ticks, labels, titles, legends."""
    figure.canvas.draw()
    inches = figure.dpi_scale_trans.inverted()
    inside = {text for ax in figure.axes for text in ax.texts}
    inside |= {text for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for text in beyond(axis)}
    found = []
    for text in figure.findobj(Text):
        if text in inside or not text.get_visible() or not text.get_text().strip():
            continue
        owner = text.axes
        if owner is not None and not owner.axison and text is not owner.title:
            continue
        found.append((text, text.get_window_extent().transformed(inches)))
    return found


@pytest.mark.parametrize("name", PAGES)
def test_no_text_of_a_page_lies_over_another_or_outside_or_is_too_small(name):
    figure = PAGES[name]()
    assert figure.get_figwidth() == figures.DOUBLE
    texts = drawn_texts(figure)
    assert figure.get_suptitle() in {text.get_text() for text, _ in texts}
    shown = []
    for text, box in texts:
        assert box.x0 >= -0.02, text
        assert box.x1 <= figures.DOUBLE + 0.02, text
        assert text.get_fontsize() >= 7, text
        over = [other for other in shown if boxes_overlap((text, box), other)]
        assert not over, (text, over)
        shown.append((text, box))


def test_a_title_is_broken_into_lines_that_fit():
    figure, _ = page.page(1, 1, 2.0, TITLE)
    figure.canvas.draw()
    box = figure._suptitle.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    assert figure.get_suptitle().replace("\n", " ") == TITLE
    assert box.x0 >= 0
    assert box.x1 <= figures.DOUBLE


def test_units_and_folds_are_not_broken():
    label = page.unbroken("Thermal conductivity, fold 0 (W/(m K))")
    for inches in (0.5, 1.0, 2.0):
        lines = page.wrapped(label, inches, 7).split("\n")
        assert any("(W/(m\N{NO-BREAK SPACE}K))" in line for line in lines)
        assert any("fold\N{NO-BREAK SPACE}0" in line for line in lines)
        assert "88\N{NO-BREAK SPACE}%" in page.wrapped("of these, 88 % share a group", inches, 7)


def test_names_beside_points_do_not_lie_over_each_other():
    figure, ax = plt.subplots()
    x = pd.Series(np.repeat(np.arange(5.0), 2))
    y = pd.Series(np.tile([0.0, 0.02], 5))
    ax.plot(x, y, "o")
    ax.set_ylim(-1, 1)
    texts = figures.naming.name_points(x, y, pd.Series([f"name{number}" for number in range(10)]), ax)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_names_in_a_crowd_cover_neither_names_nor_points_nor_lines():
    figure, ax = plt.subplots(figsize=(2.7, 2.7))
    rng = np.random.default_rng(0)
    x, y = pd.Series(rng.normal(size=80)), pd.Series(rng.normal(size=80))
    ax.scatter(x, y, s=16)
    ax.margins(0.1)
    names = pd.Series(rng.choice(["Si", "Mg", "O", "Tm", "Lu"], 80)).where(pd.Series(range(80)) % 10 > 0)
    texts = figures.naming.name_points(x, y, names, ax)
    assert [text.get_text() for text in texts] == names.dropna().tolist()
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    points = ax.transData.transform(np.column_stack([x, y]))
    assert not any(box.contains(*point) for box in boxes for point in points)
    lines = [ax.transData.transform(line.get_xydata()) for line in ax.lines]
    assert lines
    along = np.concatenate([start + np.linspace(0, 1, 20)[:, None] * (end - start) for start, end in lines])
    assert not any(box.contains(*point) for box in boxes for point in along)


def test_a_single_name_stands_next_to_its_point_without_a_line():
    figure, ax = plt.subplots()
    ax.scatter([0, 1], [0, 1])
    (text,) = figures.naming.name_points(pd.Series([0, 1]), pd.Series([0, 1]), pd.Series([None, "Si"]), ax)
    figure.canvas.draw()
    box, point = text.get_window_extent(), ax.transData.transform((1, 1))
    assert abs(box.x0 - point[0]) < 10 * figure.dpi / 72
    assert not ax.lines
