"""Errors of a network's layers and of their output."""


class CECVError(ValueError):
    """Input from which no CECV can be made: the message names it and the way out."""


class LayerError(CECVError):
    """A layer that the network does not have, or whose output is not one row for each element."""
