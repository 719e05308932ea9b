"""The networks of the paper, built from one small library of blocks."""

from lgdcnn_core.models.networks import BLOCKS, CHAINS, Chain, Network, UnknownNetwork, build

__all__ = ["BLOCKS", "CHAINS", "Chain", "Network", "UnknownNetwork", "build"]
