"""CECV curves: how finely layers tell chemical environments apart."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from lgdcnn_core.cecv import CECV

MARKERS = "osD^vPX*"


def cecv_curves(cecvs: Mapping[str, CECV], ax: Axes) -> Axes:
    """Draw normalised CECVs against the threshold, one curve a layer or network.

    Parameters
    ----------
    cecvs
        By the name for the legend; of the same compounds, if the curves are to be compared.
    ax
        Where to draw.
    """
    for number, (name, each) in enumerate(cecvs.items()):
        ax.plot(each.thresholds, each.normalised, marker=MARKERS[number % len(MARKERS)], markersize=3, label=name)
    ax.set(xlabel="threshold (difference of correlations)", ylabel="clusters per compound", ylim=(0, None))
    ax.legend()
    return ax
