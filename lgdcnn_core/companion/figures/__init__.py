"""Figures: each a function of data and an `ax` that draws and gives the `ax` back; only `save` writes."""

from lgdcnn_core.companion.figures.cecv import cecv_curves
from lgdcnn_core.companion.figures.cells import (
    FEW,
    Column,
    by_configuration,
    few_columns,
    over_folds,
    with_published,
)
from lgdcnn_core.companion.figures.convergence import convergence_curves
from lgdcnn_core.companion.figures.environments import cecv_counts, cluster_heatmap, target_region
from lgdcnn_core.companion.figures.export import folder, save
from lgdcnn_core.companion.figures.folds import fold_errors
from lgdcnn_core.companion.figures.learning import learning_curve
from lgdcnn_core.companion.figures.maps import (
    compound_map,
    correlation_map,
    element_map,
    environment_map,
    order_by_layer,
    target_bar,
)
from lgdcnn_core.companion.figures.prediction import class_probabilities, parity
from lgdcnn_core.companion.figures.speed import roofline
from lgdcnn_core.companion.figures.style import DOUBLE, SINGLE, STYLE
from lgdcnn_core.companion.figures.table import (
    benchmark_heatmap,
    best_published,
    main_table_figure,
    table_figure,
)
from lgdcnn_core.companion.figures.tuning import error_against_cost, relative_cost, trial_ratios, trial_size
from lgdcnn_core.companion.wording import four_digits, label, three_decimals, unit_text

__all__ = [
    "DOUBLE",
    "FEW",
    "SINGLE",
    "STYLE",
    "Column",
    "benchmark_heatmap",
    "best_published",
    "by_configuration",
    "cecv_counts",
    "cecv_curves",
    "class_probabilities",
    "cluster_heatmap",
    "compound_map",
    "convergence_curves",
    "correlation_map",
    "element_map",
    "environment_map",
    "error_against_cost",
    "few_columns",
    "fold_errors",
    "folder",
    "four_digits",
    "label",
    "learning_curve",
    "main_table_figure",
    "order_by_layer",
    "over_folds",
    "parity",
    "relative_cost",
    "roofline",
    "save",
    "table_figure",
    "target_bar",
    "target_region",
    "three_decimals",
    "trial_ratios",
    "trial_size",
    "unit_text",
    "with_published",
]
