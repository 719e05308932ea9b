"""What can be wrong with a network's layers or their output, as exceptions."""


class CECVError(ValueError):
    """Something that a CECV cannot be made from: the message names it and the way out."""


class LayerError(CECVError):
    """A layer that the network does not have, or whose output is not one row an element."""
