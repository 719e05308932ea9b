"""The networks of the paper, and any other, built from one small library of blocks by one language of specs."""

from lgdcnn_core.models.language import Design, InvalidNetworkSpec, Stage, parse
from lgdcnn_core.models.library import BLOCKS, CONNECTIONS, HEADS
from lgdcnn_core.models.networks import CHAINS, Chain, Network, UnknownNetwork, build, chain

__all__ = [
    "BLOCKS",
    "CHAINS",
    "CONNECTIONS",
    "HEADS",
    "Chain",
    "Design",
    "InvalidNetworkSpec",
    "Network",
    "Stage",
    "UnknownNetwork",
    "build",
    "chain",
    "parse",
]
