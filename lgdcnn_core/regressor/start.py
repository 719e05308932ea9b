"""The networks from which a training starts: fresh ones, or those of a trained model."""

from collections.abc import Sequence

import numpy as np

from lgdcnn_core import elements as element_tables
from lgdcnn_core.composition.compositions import listed, quoted
from lgdcnn_core.models import Network, build, chain
from lgdcnn_core.regressor import ensemble
from lgdcnn_core.training.batches import Layout
from lgdcnn_core.training.classes import BINARY, Classes
from lgdcnn_core.training.conditions import Features, listed_features
from lgdcnn_core.training.recipe import JOINT, Recipe
from lgdcnn_core.training.targets import BadTrainingData

Properties = tuple[str, ...] | None
"""Names of the properties that a model predicts; None for a single one, which has no name."""


def fresh(
    model: str,
    elements: str,
    sizes: tuple[int, int],
    seeds: Sequence[int],
    recipe: Recipe,
    init_property: str | None = None,
) -> list[Network]:
    """Return one network with fresh weights for each seed; `sizes` are its numbers of targets and of conditions.

    Raises
    ------
    BadTrainingData
        If the recipe starts from a network trained on its `source`, or there is an `init_property`.
    """
    if init_property is not None:
        raise BadTrainingData(f"init_property is {init_property!r}, but there is no init to take it from")
    if recipe.source is not None:
        source = "all extended sets together" if recipe.source == JOINT else recipe.source
        raise BadTrainingData(
            f"the recipe {recipe.name!r} starts from a network that was trained on {source}: give it as init"
        )
    return [build(model, elements, seed, *sizes) for seed in seeds]


def n_targets(properties: Properties, classes: Classes | None) -> int:
    """Return the number of values that a network predicts: of properties, or of classes if they are more than two."""
    return len(classes) if classes is not None and len(classes) > BINARY else len(properties or [""])


def continued(
    networks: Sequence[Network],
    given: Properties,
    properties: Properties,
    seeds: Sequence[int],
    init_property: str | None,
) -> list[Network]:
    """Return copies of trained networks, one for each seed, for a model of these properties.

    Parameters
    ----------
    networks, given
        The trained networks, as `ensemble.copies` takes them, and the properties that they predict.
    properties
        The properties that the copies will predict: the same, or one in place of several.
    seeds
        Seeds of new weights, where these are needed.
    init_property
        If `given` has several properties and `properties` one: the property to continue from. None: it is another one,
        and the weights of its last layer are drawn.

    Raises
    ------
    BadTrainingData
        If there is no such property, or a model of `given` cannot become one of `properties`.
    lgdcnn_core.regressor.InvalidEnsemble
        If the number of networks does not fit.
    """
    copies = ensemble.copies(networks, len(seeds))
    if given == properties and init_property is None:
        return copies
    if given is None or properties is not None:
        raise BadTrainingData(
            f"cannot continue from a model of {_named(given)} to one of {_named(properties)}"
            + (f": init_property is {init_property!r}" if init_property else "")
        )
    if init_property is not None and init_property not in given:
        raise BadTrainingData(f"init has no property {init_property!r}; it has {', '.join(given)}")
    which = None if init_property is None else given.index(init_property)
    for network, seed in zip(copies, seeds, strict=True):
        network.keep(which, seed)
    return copies


def require_alike(
    model: str, elements: str, layout: Layout, start: str, network: Network, start_layout: Layout
) -> None:
    """Raise if a network to fine-tune was trained to read compounds in another way.

    Parameters
    ----------
    model, elements, layout
        Name of the network to train, name of its element table, and its layout.
    start, network, start_layout
        Name of the network to start from, this network, and its layout.

    Raises
    ------
    BadTrainingData
        If network, element table, setting or order of elements differ; the message names both values.
    """
    table = element_tables.table(chain(model).elements or elements)
    theirs = network.elements
    same_vectors = table.vectors.shape == theirs.vectors.shape and np.allclose(table.vectors, theirs.vectors, atol=1e-6)
    pairs = {
        "network": (start, model),
        "element table": (theirs.name, theirs.name if same_vectors else table.name),
        **{name: (value, layout.reading()[name]) for name, value in start_layout.reading().items()},
    }
    for name, (given, own) in pairs.items():
        if given != own:
            raise BadTrainingData(
                f"cannot fine-tune across a change of {name}: init has {given!r}, and this model {own!r}"
            )
    if not same_vectors:
        raise BadTrainingData(f"cannot fine-tune: init has other vectors in its element table {theirs.name!r}")


def require_same_features(own: Features, given: Features) -> None:
    """Raise if a network to fine-tune takes other conditions.

    Raises
    ------
    BadTrainingData
        If they differ; the message names both.
    """
    if own != given:
        theirs, ours = listed_features(given), listed_features(own)
        raise BadTrainingData(f"cannot fine-tune across a change of features: init has {theirs}, and this model {ours}")


def require_same_classes(own: Classes | None, given: Classes | None) -> None:
    """Raise if a network to fine-tune predicts other classes.

    A model of two classes may start from a regression, since both have a single value.

    Parameters
    ----------
    own, given
        Classes of the model to train and of the model to start from; None in regression.

    Raises
    ------
    BadTrainingData
        If they differ; the message names both.
    """
    both = own is not None and given is not None
    single = n_targets(None, own) == n_targets(None, given) == 1
    if not (np.array_equal(own, given) if both else single):  # type: ignore[arg-type]
        theirs, ours = (
            "no classes" if each is None else f"the classes {listed(map(quoted, each.tolist()), ', ')}"
            for each in (given, own)
        )
        raise BadTrainingData(f"cannot fine-tune across a change of classes: init has {theirs}, and this model {ours}")


def _named(properties: Properties) -> str:
    return "a single property" if properties is None else f"the properties {', '.join(properties)}"
