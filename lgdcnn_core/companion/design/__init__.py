"""Automated rational design: compose candidate networks, train them briefly, and let their CECVs propose the next.

`search` runs the paper's loop. `predictive_power` tests whether the score that guides the loop predicts accuracy,
which the paper does not test.

Source: H. Du, H. Wang, J. Chem. Theory Comput. 2024, 20, 6756, doi:10.1021/acs.jctc.4c00187.
"""

from lgdcnn_core.companion.design.evaluation import Task, brief, evaluate
from lgdcnn_core.companion.design.loop import Plan, next_round, repeat, search
from lgdcnn_core.companion.design.power import predictive_power, reliability, smallest_found
from lgdcnn_core.companion.design.proposals import compose, mutations, propose, sample
from lgdcnn_core.companion.design.record import Evaluation, Study, committed_study, local_study
from lgdcnn_core.companion.design.region import TargetRegion
from lgdcnn_core.companion.design.scoring import MissingReference, over_seeds, ranking, region, scores
from lgdcnn_core.companion.design.tables import (
    above_global,
    candidate_table,
    definition_table,
    network_table,
    power_table,
    rank_table,
    region_parts,
    region_table,
    study_table,
)
from lgdcnn_core.companion.design.transfer import fitted_on_one_set

__all__ = [
    "Evaluation",
    "MissingReference",
    "Plan",
    "Study",
    "TargetRegion",
    "Task",
    "above_global",
    "brief",
    "candidate_table",
    "committed_study",
    "compose",
    "definition_table",
    "evaluate",
    "fitted_on_one_set",
    "local_study",
    "mutations",
    "network_table",
    "next_round",
    "over_seeds",
    "power_table",
    "predictive_power",
    "propose",
    "rank_table",
    "ranking",
    "region",
    "region_parts",
    "region_table",
    "reliability",
    "repeat",
    "sample",
    "scores",
    "search",
    "smallest_found",
    "study_table",
]
