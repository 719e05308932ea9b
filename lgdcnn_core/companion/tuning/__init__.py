"""The study behind the fast recipe: all trials with their results, on training and validation data alone.

A trial is a recipe with a reason. On one data set with one seed it makes one sealed record, even if it fails.
"""

from lgdcnn_core.companion.tuning.answers import certainty, findings, mixture_decision
from lgdcnn_core.companion.tuning.comparison import (
    BETTER,
    CHANCE,
    DIVERGED,
    LEVEL,
    UNJUDGED,
    WORSE,
    SeedNoise,
    by_dataset,
    compare,
    seed_noise,
)
from lgdcnn_core.companion.tuning.ensemble import ensembles, mixtures
from lgdcnn_core.companion.tuning.execution import make, make_missing
from lgdcnn_core.companion.tuning.naming import described
from lgdcnn_core.companion.tuning.record import TrialRecord, TrialStore, committed_trials, local_trials
from lgdcnn_core.companion.tuning.results import (
    ALL_SETS,
    QUESTIONS,
    Question,
    ensemble_table,
    frontier,
    many_table,
    mixture_table,
    question_table,
    set_table,
    trial_table,
)
from lgdcnn_core.companion.tuning.spec import BASES, InvalidTrial, Task, Trial
from lgdcnn_core.companion.tuning.table import load_trials
from lgdcnn_core.companion.tuning.trials import BASELINE, TRIALS, UnknownTrial, trial

__all__ = [
    "ALL_SETS",
    "BASELINE",
    "BASES",
    "BETTER",
    "CHANCE",
    "DIVERGED",
    "LEVEL",
    "QUESTIONS",
    "TRIALS",
    "UNJUDGED",
    "WORSE",
    "InvalidTrial",
    "Question",
    "SeedNoise",
    "Task",
    "Trial",
    "TrialRecord",
    "TrialStore",
    "UnknownTrial",
    "by_dataset",
    "certainty",
    "committed_trials",
    "compare",
    "described",
    "ensemble_table",
    "ensembles",
    "findings",
    "frontier",
    "load_trials",
    "local_trials",
    "make",
    "make_missing",
    "many_table",
    "mixture_decision",
    "mixture_table",
    "mixtures",
    "question_table",
    "seed_noise",
    "set_table",
    "trial",
    "trial_table",
]
