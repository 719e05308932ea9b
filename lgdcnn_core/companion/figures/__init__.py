"""Draw figures from data: panels draw on an `ax` and return it, pages (`..._figure`) are whole figures.

The title of a page states its finding, in the words of the caller. Only `save` writes files.
"""

from lgdcnn_core.companion.figures.cecv import (
    cecv_counts,
    cecv_curves,
    cecv_layers_figure,
    cecv_networks_figure,
    cecv_rules_figure,
    layer_name,
    target_region,
)
from lgdcnn_core.companion.figures.cells import (
    BASELINES,
    FEW,
    Column,
    by_configuration,
    few_columns,
    over_folds,
    with_published,
)
from lgdcnn_core.companion.figures.clusters import cluster_heatmap, clusters_figure
from lgdcnn_core.companion.figures.convergence import convergence_curves, convergence_figure
from lgdcnn_core.companion.figures.design import Region, power_figure, region_figure, score_figure
from lgdcnn_core.companion.figures.efficiency import efficiency_figure, error_against_size
from lgdcnn_core.companion.figures.export import folder, save
from lgdcnn_core.companion.figures.folds import fold_errors, folds_figure
from lgdcnn_core.companion.figures.learning import learning_curve
from lgdcnn_core.companion.figures.ledger import ledger_figure
from lgdcnn_core.companion.figures.maps import (
    compound_figure,
    compound_map,
    correlation_figure,
    correlation_map,
    element_figure,
    element_map,
    environment_figure,
    environment_map,
    few_layers,
    target_bar,
)
from lgdcnn_core.companion.figures.page import state
from lgdcnn_core.companion.figures.prediction import class_probabilities, parity
from lgdcnn_core.companion.figures.purity import (
    differences_figure,
    errors_by_layer,
    networks_figure,
    order_figure,
    purity_by_layer,
)
from lgdcnn_core.companion.figures.spaces import along_line, element_shares, over_ternary, periodic_table
from lgdcnn_core.companion.figures.speed import shares_of_peak, speed_figure
from lgdcnn_core.companion.figures.style import DOUBLE, SINGLE, STYLE
from lgdcnn_core.companion.figures.table import benchmark_heatmap, best_published, main_table_figure, table_figure
from lgdcnn_core.companion.figures.tuning import trial_ratios, trials_figure
from lgdcnn_core.companion.figures.uncertainty import (
    binned_errors,
    binned_figure,
    calibration_curves,
    calibration_figure,
    conformal_figure,
    decay_figure,
    error_decay,
    group_intervals,
)
from lgdcnn_core.companion.wording import four_digits, label, three_decimals, unit_text

__all__ = [
    "along_line",
    "DOUBLE",
    "BASELINES",
    "FEW",
    "SINGLE",
    "STYLE",
    "Column",
    "Region",
    "benchmark_heatmap",
    "best_published",
    "binned_errors",
    "binned_figure",
    "by_configuration",
    "calibration_curves",
    "calibration_figure",
    "cecv_counts",
    "cecv_curves",
    "cecv_layers_figure",
    "cecv_networks_figure",
    "cecv_rules_figure",
    "class_probabilities",
    "cluster_heatmap",
    "clusters_figure",
    "compound_figure",
    "compound_map",
    "conformal_figure",
    "convergence_curves",
    "convergence_figure",
    "correlation_figure",
    "correlation_map",
    "differences_figure",
    "efficiency_figure",
    "decay_figure",
    "element_figure",
    "element_map",
    "element_shares",
    "environment_figure",
    "environment_map",
    "errors_by_layer",
    "error_against_size",
    "error_decay",
    "few_columns",
    "few_layers",
    "fold_errors",
    "folder",
    "folds_figure",
    "four_digits",
    "group_intervals",
    "label",
    "layer_name",
    "learning_curve",
    "ledger_figure",
    "main_table_figure",
    "networks_figure",
    "order_figure",
    "over_folds",
    "over_ternary",
    "parity",
    "periodic_table",
    "power_figure",
    "purity_by_layer",
    "region_figure",
    "save",
    "score_figure",
    "shares_of_peak",
    "speed_figure",
    "state",
    "table_figure",
    "target_bar",
    "target_region",
    "three_decimals",
    "trial_ratios",
    "trials_figure",
    "unit_text",
    "with_published",
]
