"""Training: recipes, the loop, weight averaging, devices."""

from lgdcnn_core.training.batches import Layout, Setting, prediction_batches
from lgdcnn_core.training.compute import Compute, UnavailableDevice, choose, precisions
from lgdcnn_core.training.duplicates import merge_duplicates
from lgdcnn_core.training.given import Formulas, Given, given
from lgdcnn_core.training.history import Epoch, History, TrainingDiverged
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.loop import train
from lgdcnn_core.training.notices import DataWarning, merging_expected
from lgdcnn_core.training.plan import Plan
from lgdcnn_core.training.prediction import PREDICTION_BATCH, outputs, sigmoid, softmax
from lgdcnn_core.training.recipe import (
    FAST,
    FAST_VAL1000,
    FIRST_FAST,
    JOINT,
    JOINT_TRANSFER,
    LENGTHS,
    MANY,
    PAPER,
    PRETRAINING,
    RECIPES,
    TOGETHER,
    TRANSFER,
    InvalidRecipe,
    Recipe,
    UnknownRecipe,
    differing,
    recipe,
)
from lgdcnn_core.training.sample_weights import SampleWeight
from lgdcnn_core.training.scaling import Scaling
from lgdcnn_core.training.tables import (
    UnknownElements,
    hold_out,
    labelled,
    require_known,
    training_and_validation,
)
from lgdcnn_core.training.targets import BadTrainingData, Targets, as_numbers, matched, property_names
from lgdcnn_core.training.watch import Progress, TrainingStopped, Watch

__all__ = [
    "FAST",
    "FAST_VAL1000",
    "FIRST_FAST",
    "JOINT",
    "JOINT_TRANSFER",
    "LENGTHS",
    "MANY",
    "PAPER",
    "PREDICTION_BATCH",
    "PRETRAINING",
    "RECIPES",
    "TOGETHER",
    "TRANSFER",
    "BadTrainingData",
    "Compute",
    "DataWarning",
    "Epoch",
    "Formulas",
    "Given",
    "History",
    "InvalidRecipe",
    "Labelled",
    "Layout",
    "Plan",
    "Progress",
    "Recipe",
    "SampleWeight",
    "Scaling",
    "Setting",
    "Targets",
    "TrainingDiverged",
    "TrainingStopped",
    "UnavailableDevice",
    "UnknownElements",
    "UnknownRecipe",
    "Watch",
    "as_numbers",
    "choose",
    "differing",
    "given",
    "hold_out",
    "labelled",
    "matched",
    "merge_duplicates",
    "merging_expected",
    "outputs",
    "precisions",
    "prediction_batches",
    "property_names",
    "recipe",
    "require_known",
    "sigmoid",
    "softmax",
    "train",
    "training_and_validation",
]
