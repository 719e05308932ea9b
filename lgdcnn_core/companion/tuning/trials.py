"""The trials of the study. To add a trial, add a row; never change a row that has records."""

from lgdcnn_core.companion.tuning.spec import InvalidTrial, Trial
from lgdcnn_core.training import JOINT


class UnknownTrial(ValueError):
    """No trial has the name that was asked for."""


def table(*rows: Trial) -> dict[str, Trial]:
    """Return trials by name, after checking that each gives a recipe.

    Raises
    ------
    InvalidTrial
        If two trials have the same name, or a recipe is invalid.
    """
    found: dict[str, Trial] = {}
    for row in rows:
        if row.name in found:
            raise InvalidTrial(f"two trials are called {row.name}")
        row.recipe()
        found[row.name] = row
    return found


BASELINE = "quick"
"""The trial that the others are compared with."""

QUICK = {"batch_size": 256, "lr_max": 2e-3, "epochs": 40}
"""A shorter training, about a third of the cost, in which most ideas were tried first."""

PAULING, PAULING_ONLY = {"order": "amount, electronegativity"}, {"order": "electronegativity"}

LAMB = {"optimiser": "LAMB+Lookahead"}


def many(batch_size: int, epochs: int, lr_max: float) -> dict[str, object]:
    """Return the changes of a trial for data sets of more than 20,000 compounds."""
    return PAULING_ONLY | {"batch_size": batch_size, "epochs": epochs, "lr_max": lr_max}


TRIALS = table(
    Trial("fast", "the recipe that the study began with"),
    Trial("batch256", "half the steps of twice the size cost less; do they cost accuracy?", {"batch_size": 256}),
    Trial("pauling", "tied elements as formulas are written: the most electropositive first", PAULING),
    Trial("pauling-only", "all elements from the most electropositive on, whatever their amounts", PAULING_ONLY),
    Trial(
        "pauling-only-float32",
        "what does the arithmetic in bfloat16, which FAST takes where it can, cost in accuracy?",
        PAULING_ONLY | {"precision": "float32"},
    ),
    Trial(
        "pauling-only-asinh",
        "long tails squeezed: the network learns ratios",
        PAULING_ONLY | {"targets": "asinh of long tails"},
    ),
    Trial(
        "pauling-only-ema0.998",
        "averaged over ten times as many steps, so that the average takes in weights of higher rates",
        PAULING_ONLY | {"ema_decay": 0.998},
    ),
    Trial(
        "pauling-only-dropout0.1",
        "a little dropout in the full length",
        PAULING_ONLY | {"dropout": 0.1},
    ),
    Trial(
        "transfer-volume",
        "a network that knows the volumes of 210,000 compounds may need less of the few moduli",
        PAULING_ONLY | {"source": "OQMD_Volume_per_atom"},
    ),
    Trial(
        "transfer-enthalpy",
        "formation enthalpies in place of volumes: what binds, in place of how large atoms are",
        PAULING_ONLY | {"source": "OQMD_Formation_Enthalpy"},
    ),
    Trial(
        "joint-transfer",
        "all 18 properties learnt together before, in place of one",
        PAULING_ONLY | {"source": JOINT},
    ),
    Trial(
        "transfer-lr5e-4",
        "smaller steps may keep more of what was learnt before",
        PAULING_ONLY | {"source": "OQMD_Formation_Enthalpy", "lr_max": 5e-4},
    ),
    Trial(
        "transfer-dropout0.1",
        "a network that begins with what it has learnt overfits sooner",
        PAULING_ONLY | {"source": "OQMD_Formation_Enthalpy", "dropout": 0.1},
    ),
    Trial("batch64", "twice the steps in the same epochs", PAULING_ONLY | {"batch_size": 64, "lr_max": 7e-4}),
    Trial("epochs120", "twice the epochs: on one set, half of them cost 7 %", PAULING_ONLY | {"epochs": 120}),
    Trial(
        "batch64-dropout0.1",
        "twice the steps, and dropout against what they overfit",
        PAULING_ONLY | {"batch_size": 64, "lr_max": 7e-4, "dropout": 0.1},
    ),
    Trial(
        "batch64-ema0.998",
        "twice the steps, averaged over ten times as many: nearer to the published average over whole epochs",
        PAULING_ONLY | {"batch_size": 64, "lr_max": 7e-4, "ema_decay": 0.998},
    ),
    Trial("pauling-dropout0.1", "ties as formulas are written, and a little dropout", PAULING | {"dropout": 0.1}),
    Trial("epochs30", "how much of the accuracy does half the time give?", {"epochs": 30}),
    Trial("lr5e-4", "a peak rate of 1e-3 may be too high", {"lr_max": 5e-4}),
    Trial("lr2e-3", "a peak rate of 1e-3 may be too low for so few epochs", {"lr_max": 2e-3}),
    Trial("noise0", "does the published noise on the fractions help a short training?", {"noise": 0.0}),
    Trial("noise0.05", "more noise on the fractions may regularise small sets", {"noise": 0.05}),
    Trial("decay0", "is weight decay of any use beside noise and averaging?", {"weight_decay": 0.0}),
    Trial("decay0.1", "a network this large on few compounds may want more weight decay", {"weight_decay": 0.1}),
    Trial("ema0.95", "an average over fewer batches follows the falling rate more closely", {"ema_decay": 0.95}),
    Trial(
        "quick",
        "larger batches, a higher rate and fewer epochs: a third of the time; the others are compared with it",
        QUICK,
    ),
    Trial("quick-L1", "every compound counts the same, as in the error that is reported", QUICK | {"loss": "L1"}),
    Trial("quick-dropout0.1", "dropout may regularise better than noise on the fractions", QUICK | {"dropout": 0.1}),
    Trial("quick-decay0.1", "more weight decay where a short training overfits", QUICK | {"weight_decay": 0.1}),
    Trial("quick-dropout0.3", "a good deal of dropout against early overfitting", QUICK | {"dropout": 0.3}),
    Trial("quick-decay1", "weight decay that is felt in a few hundred steps", QUICK | {"weight_decay": 1.0}),
    Trial("quick-noise0.1", "much more noise on the fractions", QUICK | {"noise": 0.1}),
    Trial(
        "quick-lr5e-4",
        "steps as small, relative to the weights, as the published optimiser's",
        QUICK | {"lr_max": 5e-4},
    ),
    Trial(
        "quick-LAMB6e-3",
        "the published optimiser and its highest rate, on our schedule",
        QUICK | LAMB | {"lr_max": 6e-3},
    ),
    Trial("quick-LAMB2e-2", "the published optimiser at a rate for fewer epochs", QUICK | LAMB | {"lr_max": 2e-2}),
    Trial(
        "quick-pauling",
        "tied elements as formulas are written, the electropositive first, in place of by atomic number",
        QUICK | PAULING,
    ),
    Trial(
        "quick-pauling-only",
        "all elements from the most electropositive on: cations and anions always at the same ends",
        QUICK | PAULING_ONLY,
    ),
    Trial(
        "quick-pauling-dropout0.1",
        "the better order of ties, with a little dropout",
        QUICK | PAULING | {"dropout": 0.1},
    ),
    Trial("quick-CrabNet", "the same for the network that ours is compared with", QUICK, model="CrabNet"),
    Trial(
        "quick-CrabNet-lr6e-4",
        "does CrabNet stand twice the rate with batches of twice the size?",
        QUICK | {"lr_max_transformer": 6e-4},
        model="CrabNet",
    ),
    Trial(
        "pauling-only-LAMB6e-3",
        "the published optimiser and rate do much for CrabNet in the full length; for L-G-DCNN as well?",
        PAULING_ONLY | LAMB | {"lr_max": 6e-3},
    ),
    Trial(
        "pauling-only-CrabNet", "the same order for CrabNet, to compare its optimisers", PAULING_ONLY, model="CrabNet"
    ),
    Trial(
        "pauling-only-CrabNet-LAMB6e-3",
        "CrabNet was published with this optimiser and rate; does it do better with them in our time?",
        PAULING_ONLY | LAMB | {"lr_max": 6e-3, "lr_max_transformer": None},
        model="CrabNet",
    ),
    Trial(
        "pauling-only-CrabNet-LAMB1.2e-2",
        "the published optimiser at a rate for fewer epochs",
        PAULING_ONLY | LAMB | {"lr_max": 1.2e-2, "lr_max_transformer": None},
        model="CrabNet",
    ),
    Trial("quick-lr3e-3", "an even higher rate for an even flatter minimum", QUICK | {"lr_max": 3e-3}),
    Trial("quick-asinh", "long tails squeezed: the network learns ratios", QUICK | {"targets": "asinh of long tails"}),
    Trial("quick-magpie", "a second element table, Magpie's, beside mat2vec", QUICK, elements="mat2vec+magpie"),
    Trial(
        "quick-reordered0.3",
        "elements in random order, at times, may do what more compounds would",
        QUICK | {"reordered": 0.3},
    ),
    Trial(
        "quick-boundary",
        "padding seems to serve as places to work in; one place without an element may do as well",
        QUICK,
        model="L-G-DCNN-boundary",
    ),
    Trial(
        "many-512x18-lr3e-3",
        "a third of the epochs in batches of four times the size: what does it cost on 40,000 compounds?",
        many(512, 18, 3e-3),
    ),
    Trial("many-256x18-lr2e-3", "the same epochs in twice the steps", many(256, 18, 2e-3)),
    Trial("many-512x30-lr3e-3", "half the epochs of the recipe for few compounds", many(512, 30, 3e-3)),
    Trial("many-256x30-lr2e-3", "half the epochs in steps of twice the size", many(256, 30, 2e-3)),
    Trial(
        "many-1024x30-lr6e-3",
        "batches of the size that a processor and a GPU like best, at a rate that makes up for half the steps",
        many(1024, 30, 6e-3),
    ),
    Trial("many-1024x30-lr3e-3", "the same at the rate that was best in batches of 512", many(1024, 30, 3e-3)),
    Trial("many-512x30-lr1.5e-3", "does half the rate keep every set from going astray?", many(512, 30, 1.5e-3)),
    Trial("many-512x20-lr3e-3", "the length that 200,000 compounds can afford", many(512, 20, 3e-3)),
    Trial(
        "many-512x20",
        "the same at the rate for few compounds",
        PAULING_ONLY | {"batch_size": 512, "epochs": 20},
    ),
    Trial("quick-published", "the quick version with padding taking part as published", QUICK, setting="published"),
    Trial("paper60", "the paper's recipe in the time of ours, padding left out", {"epochs": 60}, base="paper"),
    Trial(
        "paper60-published",
        "the paper's recipe in the time of ours, padding taking part as published",
        {"epochs": 60},
        base="paper",
        setting="published",
    ),
)
"""Every trial of the study, by name."""


def trial(name: str) -> Trial:
    """Return the trial of this name.

    Raises
    ------
    UnknownTrial
        If there is none; the message lists those that exist.
    """
    if name not in TRIALS:
        raise UnknownTrial(f"no trial is called {name!r}; there are {', '.join(TRIALS)}")
    return TRIALS[name]
