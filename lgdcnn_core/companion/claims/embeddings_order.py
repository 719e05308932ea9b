"""Claim of the paper: maps of its features show that the layers come to know elements and environments."""

from collections.abc import Mapping

import pandas as pd

from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict
from lgdcnn_core.companion.readings import Embeddings

CLAIM = "The layers gather elements of a group and environments of a kind"

NOTEBOOK = "07_embeddings"


def of_maps(maps: Embeddings, element: str) -> Verdict:
    """Judge the maps of a network with `verdict`; `element` is their focus element."""
    n = {"same_group": maps.elements["atomic_number"].nunique(), "same_environment": maps.environments["row"].nunique()}
    return verdict(maps.order(), maps.record.results["by_chance"], element, n)


def verdict(order: pd.DataFrame, by_chance: Mapping[str, float], element: str, n: Mapping[str, int]) -> Verdict:
    """Judge the last layer by the neighbours in its full space; the paper shows pictures alone.

    Parameters
    ----------
    order
        From `Embeddings.order`, layers from the first to the last.
    by_chance
        Shares of like neighbours that chance would give: ``same_group``, ``same_environment``.
    element
        The focus element.
    n
        Number of elements (``same_group``) and of compounds (``same_environment``).

    Returns
    -------
    Verdict
        Its numbers are two shares of nearest neighbours, in percent: neighbours of an element that are in its group,
        and neighbours of an environment that are of its kind. "Reproduced" if both are above chance, "not reproduced"
        if neither is.
    """
    last = order.dropna().iloc[-1]
    shares = {name: (float(last[name]), by_chance[name]) for name in ("same_group", "same_environment")}
    above = sum(share > chance for share, chance in shares.values())
    counted = {"same_group": "element", "same_environment": "compound"}
    return Verdict(
        claim=CLAIM,
        by="paper",
        tested=f"the layer {last.name!r}; the paper has pictures and no numbers",
        quantity="share of nearest neighbours of the same group, and of the same environment, %",
        published=(),
        ours=tuple(Estimate(100 * share, n[name], counted[name]) for name, (share, _) in shares.items()),
        outcome=(Outcome.NOT_REPRODUCED, Outcome.IN_PART, Outcome.REPRODUCED)[above],
        sentence=(
            f"{_percent(last['same_group'])} of an element's nearest neighbours share its group (by chance "
            f"{_percent(by_chance['same_group'])}), {_percent(last['same_environment'])} of those of {element} its "
            f"environment ({_percent(by_chance['same_environment'])})."
        ),
        notebook=NOTEBOOK,
        form=".0f",
    )


def layer_by_layer(order: pd.DataFrame, by_chance: Mapping[str, float], element: str) -> list[str]:
    """Say how the neighbours change from the first layer to the last.

    Parameters
    ----------
    order, by_chance, element
        As in `verdict`.
    """
    inside = order.dropna()
    first, last = inside.iloc[0], inside.iloc[-1]
    groups, kinds = order["same_group"], inside["same_environment"]
    chance = {name: _percent(share) for name, share in by_chance.items()}
    return [
        f"{_percent(groups.iloc[0])} of an element's nearest neighbours belong to its group in the layer "
        f"{order.index[0]!r}, and {_percent(last['same_group'])} in {last.name!r} (by chance {chance['same_group']}).",
        f"{_percent(first['same_environment'])} of the nearest neighbours of {element} in a compound are in the same "
        f"kind of environment in {first.name!r}, and {_percent(last['same_environment'])} in {last.name!r} (by chance "
        f"{chance['same_environment']}); the share is largest, {_percent(kinds.max())}, in {kinds.idxmax()!r}.",
        f"The mean target of the nearest compounds misses a compound's own by {first['neighbour_error']:.2f} of the "
        f"mean absolute deviation in {first.name!r}, and by {last['neighbour_error']:.2f} in {last.name!r}.",
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def remarks(order: pd.DataFrame, column: str, text: str) -> dict[str, str]:
    """Return a remark for the map of each layer, with the layer's value of one measure of `Embeddings.order`.

    Parameters
    ----------
    order
        From `Embeddings.order`.
    column
        The measure; layers without it have no remark and are left out.
    text
        The remark, with ``{}`` for the number: of a share in percent, of an error as it is.
    """
    known = order[column].dropna().astype(float)
    form = ".2f" if column == "neighbour_error" else ".0%"
    return {str(layer): text.format(format(value, form)) for layer, value in known.items()}
