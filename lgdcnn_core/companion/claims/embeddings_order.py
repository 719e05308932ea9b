"""Claim of the paper: maps of its features show that the layers come to know elements and environments."""

import math
from collections.abc import Sequence

import pandas as pd

from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict
from lgdcnn_core.companion.readings import Embeddings, order
from lgdcnn_core.companion.readings.order import BLOCK, ENVIRONMENT, GROUP, UNTRAINED
from lgdcnn_core.companion.readings.purity import Purity

CLAIM = "The layers gather elements of a group and environments of a kind"

NOTEBOOK = "07_embeddings"


def of_maps(maps: Embeddings, untrained: Embeddings | None) -> Verdict:
    """Judge the maps of a network with `verdict`, beside those of the same network before its training."""
    return verdict(order.of_maps(maps, untrained), maps.record.spec.element)


def verdict(purities: pd.DataFrame, element: str) -> Verdict:
    """Judge the last layer by the neighbours in its own features; the paper shows pictures alone.

    Parameters
    ----------
    purities
        From `order.of_maps`.
    element
        The focus element.

    Returns
    -------
    Verdict
        Its numbers are two shares of nearest neighbours, in percent: neighbours of an element that are in its group,
        and neighbours of an environment that are of its kind. "Reproduced" if both are above the range of the null and
        above the share before the training, if that is known; "not reproduced" if neither is.
    """
    layer = _layers(purities)[-1]
    labels = (GROUP, ENVIRONMENT)
    group, kind = (_at(purities, label, layer) for label in labels)
    group_before, kind_before = (_untrained(purities, label, layer) for label in labels)
    embedded = _at(purities, GROUP, str(purities.loc[GROUP].index[0]))
    gathered = [_is_gathered(group, group_before), _is_gathered(kind, kind_before)]
    return Verdict(
        claim=CLAIM,
        by="paper",
        tested=f"the layer {layer!r}; the paper has pictures and no numbers",
        quantity="share of nearest neighbours of the same group, and of the same environment, %",
        published=(),
        ours=(Estimate(100 * group.share, group.n, "element"), Estimate(100 * kind.share, kind.n, "compound")),
        outcome=(Outcome.NOT_REPRODUCED, Outcome.IN_PART, Outcome.REPRODUCED)[sum(gathered)],
        sentence=(
            f"{_percent(group.share)} of an element's nearest neighbours share its group (by chance "
            f"{_percent(group.null)}{_said_before(group_before)}), {_percent(kind.share)} of those of {element} its "
            f"environment ({_percent(kind.null)}{_said_before(kind_before)})."
        ),
        notebook=NOTEBOOK,
        form=".0f",
        detail=f"In the embedding, before any layer, {_percent(embedded.share)} share its group.",
    )


def layer_by_layer(purities: pd.DataFrame, errors: "pd.Series[float]", element: str) -> list[str]:
    """Say how the neighbours of elements, environments and compounds change from the first layer to the last.

    Parameters
    ----------
    purities, element
        As in `verdict`.
    errors
        Column ``trained`` of `order.errors`.
    """
    inside = _layers(purities)
    first, last, start = inside[0], inside[-1], str(purities.loc[GROUP].index[0])
    from_to = []
    for label in (GROUP, BLOCK):
        before, after = _at(purities, label, start), _at(purities, label, last)
        from_to.append(
            f"{_percent(before.share)} in {start!r} and {_percent(after.share)} in {last!r} ({_null(after)})"
        )
    before, after = _at(purities, ENVIRONMENT, first), _at(purities, ENVIRONMENT, last)
    purest = max(inside, key=lambda layer: _at(purities, ENVIRONMENT, layer).share)
    return [
        f"Nearest neighbours share an element's group: {from_to[0]}; its block: {from_to[1]}.",
        f"{_percent(before.share)} of the nearest neighbours of {element} in a compound are in the same kind of "
        f"environment in {first!r}, and {_percent(after.share)} in {last!r} ({_null(after)}); the share is largest, "
        f"{_percent(_at(purities, ENVIRONMENT, purest).share)}, in {purest!r}.",
        f"The mean target of the nearest compounds misses a compound's own by {errors[first]:.2f} of the mean absolute "
        f"deviation in {first!r}, and by {errors[last]:.2f} in {last!r}.",
    ]


def remarks(purities: pd.DataFrame, label: str, layers: Sequence[str]) -> dict[str, str]:
    """Return a remark for the map of each layer: the purity of its neighbours, and the null below.

    Parameters
    ----------
    purities
        From `order.of_maps`.
    label
        The label.
    layers
        The layers that are drawn; those without the label are left out.
    """
    known = {layer: _at(purities, label, layer) for layer in layers if (label, layer) in purities.index}
    return {layer: f"{_percent(each.share)} in the same {label}\n{_null(each)}" for layer, each in known.items()}


def error_remarks(errors: "pd.Series[float]", layers: Sequence[str]) -> dict[str, str]:
    """Return a remark for the map of each layer with its error of the neighbours' target; NaN is left out."""
    known = errors.dropna()
    return {layer: f"error of neighbours' target {known[layer]:.2f}" for layer in layers if layer in known.index}


def table(purities: pd.DataFrame) -> pd.DataFrame:
    """Write the purities as texts: for each layer and label the share, that before the training, the null, p."""
    cells = {
        layer: {
            (label, name): text
            for label in (GROUP, BLOCK, ENVIRONMENT)
            if (label, layer) in purities.index
            for name, text in _texts(_at(purities, label, layer), _untrained(purities, label, layer)).items()
        }
        for layer in (str(each) for each in purities.loc[GROUP].index)
    }
    return pd.DataFrame.from_dict(cells, orient="index").fillna("-").rename_axis("layer")


def _texts(found: Purity, untrained: float) -> dict[str, str]:
    return {
        "share": _percent(found.share),
        "untrained": "-" if math.isnan(untrained) else _percent(untrained),
        "by chance (95 %)": f"{_percent(found.null)} ({100 * found.low:.0f} to {100 * found.high:.0f})",
        "p": f"{found.p:.3f}",
    }


def _layers(purities: pd.DataFrame) -> list[str]:
    """Return the layers behind the embedding, in their order."""
    return [str(layer) for layer in purities.loc[ENVIRONMENT].index]


def _at(purities: pd.DataFrame, label: str, layer: str) -> Purity:
    values = purities.loc[[(label, layer)]].iloc[0]
    share, null, low, high, p = (float(values[name]) for name in ("share", "null", "low", "high", "p"))
    return Purity(share, null, low, high, p, int(values["n"]))


def _untrained(purities: pd.DataFrame, label: str, layer: str) -> float:
    """Return the share before the training, NaN if it is not known."""
    return float(purities.loc[[(label, layer)]][UNTRAINED].iloc[0])


def _is_gathered(found: Purity, untrained: float) -> bool:
    """Whether points of a label are closer than by chance and, as far as it is known, than before the training."""
    return found.share > found.high and not found.share <= untrained


def _said_before(untrained: float) -> str:
    return "" if math.isnan(untrained) else f", untrained {_percent(untrained)}"


def _null(found: Purity) -> str:
    """Write the null of a purity, such as "by chance 8 %, 4 to 12 %"."""
    return f"by chance {_percent(found.null)}, {100 * found.low:.0f} to {100 * found.high:.0f} %"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
