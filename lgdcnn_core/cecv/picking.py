"""Pick the layers of a network: which modules they are, and their names."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from lgdcnn_core.cecv.errors import LayerError

_RECURRENT = (nn.RNNBase,)
_TRANSFORMER = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)


def pick_layers(model: nn.Module, layers: str | Sequence[str] = "auto") -> dict[nn.Module, str]:
    """Return the layers of a network that names or patterns pick, with their names.

    Parameters
    ----------
    model
        Any torch module.
    layers
        Names as in ``model.named_modules()``, shell patterns such as ``"encoder.*"``, or paper names; a
        pattern picks everything that it matches. ``"auto"`` picks, from the outside in and descending no further
        into a picked module:

        - any module with a string attribute ``cecv_layer``, under that name;
        - recurrent layers (`torch.nn.RNNBase`) and transformer layers;
        - attention: `torch.nn.MultiheadAttention`, and modules whose class name contains "attention" and
          that hold no layer of another kind;
        - convolutional blocks: the smallest modules that hold `torch.nn.Conv1d` directly and no other layer;
          in the network itself and in plain lists each `Conv1d` counts by itself.

    Returns
    -------
    dict
        Name by module. Two modules may carry the same paper name.

    Raises
    ------
    LayerError
        If a name or pattern matches nothing, or "auto" finds nothing; the message lists the modules' names.
    """
    if layers == "auto":
        found: dict[nn.Module, str] = {}
        _descend(model, "", model, found)
        if not found:
            raise LayerError(f"no layer was found in {_names(model)}; name the layers to read")
        return found
    patterns = [layers] if isinstance(layers, str) else list(layers)
    if not patterns:
        raise LayerError(f"no layer was asked for in {_names(model)}")
    picked: dict[nn.Module, str] = {}
    for pattern in patterns:
        matches = {
            module: name
            for module, path in _paths(model).items()
            for name in (path, _paper_name(module))
            if name is not None and (name == pattern or fnmatchcase(name, pattern))
        }
        if not matches:
            raise LayerError(f"no layer is called {pattern!r} in {_names(model)}")
        picked |= {module: name for module, name in matches.items() if module not in picked}
    return picked


def is_convolutional(module: nn.Module) -> bool:
    """Return whether a module is, or holds, a one-dimensional convolution."""
    return any(isinstance(part, nn.Conv1d) for part in module.modules())


def _paper_name(module: nn.Module) -> str | None:
    """Return the name by which a module's class or instance marks it as a layer, or None."""
    marker = getattr(module, "cecv_layer", None)
    return marker if isinstance(marker, str) else None


def _paths(model: nn.Module) -> dict[nn.Module, str]:
    """Return every module's path as its name; the network itself, which has no path, gets its class's name."""
    return {module: path or type(model).__name__ for path, module in model.named_modules()}


def _names(model: nn.Module) -> str:
    """Return the names of all modules, for an error message."""
    names = [
        path if _paper_name(module) is None else f"{path} ({_paper_name(module)})"
        for module, path in _paths(model).items()
    ]
    return f"{type(model).__name__}, which has: {', '.join(names)}"


def _descend(module: nn.Module, path: str, model: nn.Module, found: dict[nn.Module, str]) -> None:
    """Add the layers in a module to those found, in the order of definition."""
    if module in found:
        return
    marker = _paper_name(module)
    if marker is not None or _is_layer(module, model):
        found[module] = marker or path or type(model).__name__
        return
    for name, child in module.named_children():
        _descend(child, f"{path}.{name}" if path else name, model, found)


def _is_layer(module: nn.Module, model: nn.Module) -> bool:
    """Return whether an unmarked module is a layer as a whole."""
    if isinstance(module, (*_RECURRENT, *_TRANSFORMER, nn.MultiheadAttention, nn.Conv1d)):
        return True
    inside = [part for part in module.modules() if part is not module]
    if module is model or any(_holds_another_kind(part) for part in inside):
        return False
    if "attention" in type(module).__name__.lower():
        return not is_convolutional(module)
    if isinstance(module, nn.ModuleList | nn.ModuleDict) or any(map(_is_attention, inside)):
        return False
    convolutions = sum(isinstance(part, nn.Conv1d) for part in inside)
    return 0 < convolutions == sum(isinstance(child, nn.Conv1d) for child in module.children())


def _is_attention(module: nn.Module) -> bool:
    """Return whether a module is attention, by class or class name; it may contain smaller attention modules."""
    return isinstance(module, nn.MultiheadAttention) or "attention" in type(module).__name__.lower()


def _holds_another_kind(part: nn.Module) -> bool:
    """Return whether a part is a layer wherever it is; the module that holds it is then no single layer."""
    return isinstance(part, (*_RECURRENT, *_TRANSFORMER)) or _paper_name(part) is not None
