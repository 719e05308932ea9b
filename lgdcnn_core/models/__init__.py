"""Build the networks of the paper, or others, from a small library of blocks and one language of specs."""

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
