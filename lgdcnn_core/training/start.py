"""Networks that a training starts from: fresh ones, or those of a model that was trained before."""

from collections.abc import Sequence

from lgdcnn_core import ensemble
from lgdcnn_core.models import Network, build
from lgdcnn_core.training.recipe import JOINT, Recipe
from lgdcnn_core.training.tables import BadTrainingData

Properties = tuple[str, ...] | None
"""Names of the properties that a model predicts; None of a single one, which has no name."""


def fresh(model: str, elements: str, properties: Properties, seeds: Sequence[int], recipe: Recipe) -> list[Network]:
    """Make a network of each seed.

    Raises
    ------
    BadTrainingData
        If the recipe starts from a network trained on its `source`.
    """
    if recipe.source is not None:
        source = "all extended sets together" if recipe.source == JOINT else recipe.source
        raise BadTrainingData(
            f"the recipe {recipe.name!r} starts from a network that was trained on {source}: give it as init"
        )
    return [build(model, elements, seed, len(properties or [""])) for seed in seeds]


def continued(
    networks: Sequence[Network],
    given: Properties,
    properties: Properties,
    seeds: Sequence[int],
    init_property: str | None,
) -> list[Network]:
    """Copy trained networks, one for each seed, for a model of these properties.

    Parameters
    ----------
    networks, given
        What was trained before, as `ensemble.copies` takes it, and what it predicts.
    properties
        What the networks are to predict: the same, or one property in place of several.
    seeds
        Draw new weights, where they are needed.
    init_property
        Which of several the one property goes on from; None: it is another one, and its last layer is drawn.

    Raises
    ------
    BadTrainingData
        If there is no such property, or no way from the one to the other.
    lgdcnn_core.ensemble.InvalidEnsemble
        If the number of networks does not fit.
    """
    copies = ensemble.copies(networks, len(seeds))
    if given == properties and init_property is None:
        return copies
    if given is None or properties is not None:
        raise BadTrainingData(
            f"cannot go on from a model of {_named(given)} to one of {_named(properties)}"
            + (f": init_property is {init_property!r}" if init_property else "")
        )
    if init_property is not None and init_property not in given:
        raise BadTrainingData(f"init has no property {init_property!r}; it has {', '.join(given)}")
    which = None if init_property is None else given.index(init_property)
    for network, seed in zip(copies, seeds, strict=True):
        network.keep(which, seed)
    return copies


def _named(properties: Properties) -> str:
    return "a single property" if properties is None else f"the properties {', '.join(properties)}"
