"""Errors of a network's layers and of their output."""


class CECVError(ValueError):
    """No CECV can be computed from this input; the message names it and the remedy."""


class LayerError(CECVError):
    """The network lacks this layer, or the layer's output is not one row per element."""
