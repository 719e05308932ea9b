"""CECV: feedback from any layer of any network on how finely it distinguishes chemical environments.

Layer outputs (`LayerReader`, `layer_efms`) -> element feature matrices (`efm`) -> clusters (`clusters`) ->
their number at each threshold (`cecv`, `CECV`) -> uncertainty (`subsample_band`, `shuffle_band`) and
distances (`distances`).

Source: H. Du, H. Wang, J. Chem. Theory Comput. 2024, 20, 6756, doi:10.1021/acs.jctc.4c00187.
"""

from lgdcnn_core.cecv.bands import Band, shuffle_band, subsample_band
from lgdcnn_core.cecv.clustering import RULES, THRESHOLDS, clusters
from lgdcnn_core.cecv.comparison import distances
from lgdcnn_core.cecv.errors import CECVError, LayerError
from lgdcnn_core.cecv.layers import LayerReader
from lgdcnn_core.cecv.matrix import SIZES, efm, efms_by_size
from lgdcnn_core.cecv.picking import pick_layers
from lgdcnn_core.cecv.streaming import Batch, LayerEFMs, layer_efms
from lgdcnn_core.cecv.vector import CECV, cecv

__all__ = [
    "CECV",
    "RULES",
    "SIZES",
    "THRESHOLDS",
    "Band",
    "Batch",
    "CECVError",
    "LayerEFMs",
    "LayerError",
    "LayerReader",
    "cecv",
    "clusters",
    "distances",
    "efm",
    "efms_by_size",
    "layer_efms",
    "pick_layers",
    "shuffle_band",
    "subsample_band",
]
