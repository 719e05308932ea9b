"""Stated uncertainties: how well they fit the errors, and intervals that conformal prediction makes of them.

Everything comes from the predictions of run records. Cross-fits, a kind of record of their own, measure how optimistic
a calibration is whose validation data also chose the epoch.
"""

from lgdcnn_core.companion.uncertainty.answers import (
    NAMED,
    conformal_finding,
    coverage_finding,
    crossfit_finding,
    crossfit_table,
    decay_finding,
    error_finding,
    featured,
    missing,
    optimism,
    set_table,
    share_table,
    way_table,
)
from lgdcnn_core.companion.uncertainty.case import ENSEMBLE, FOREST, JOINT, SINGLE, WAYS, Case, cases, origin
from lgdcnn_core.companion.uncertainty.conformal import crossfitted, group_means, intervals, within_groups
from lgdcnn_core.companion.uncertainty.crossfit import (
    CrossFitRecord,
    CrossFitStore,
    committed_crossfits,
    local_crossfits,
    make,
)
from lgdcnn_core.companion.uncertainty.tables import SHARE, binned, by_set, curves, decay, fit, over_sets

__all__ = [
    "ENSEMBLE",
    "FOREST",
    "JOINT",
    "NAMED",
    "SHARE",
    "SINGLE",
    "WAYS",
    "Case",
    "CrossFitRecord",
    "CrossFitStore",
    "binned",
    "by_set",
    "cases",
    "committed_crossfits",
    "conformal_finding",
    "coverage_finding",
    "crossfit_finding",
    "crossfit_table",
    "crossfitted",
    "curves",
    "decay",
    "decay_finding",
    "error_finding",
    "featured",
    "fit",
    "group_means",
    "intervals",
    "local_crossfits",
    "make",
    "missing",
    "optimism",
    "origin",
    "over_sets",
    "set_table",
    "share_table",
    "way_table",
    "within_groups",
]
