"""Read the outputs of a network's layers by forward hooks: any torch module, any layer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from types import TracebackType

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.hooks import RemovableHandle

from lgdcnn_core.cecv.errors import LayerError
from lgdcnn_core.cecv.layouts import LAYOUTS, as_tensor, checked_lengths, own_layout, per_compound
from lgdcnn_core.cecv.picking import pick_layers


class LayerReader:
    """Read the outputs of a network's layers while it runs.

    The caller runs the network, in a mode (``eval``, gradients, device) of its choice::

        model.eval()
        with LayerReader(model) as reader, torch.no_grad():
            model(src, frac)
            outputs = reader.outputs(lengths)

    Parameters
    ----------
    model
        Any torch module.
    layers
        "auto", or names and patterns: see `pick_layers`.
    layout
        Order of a tensor's axes: "BNd" (batch first), "NBd" or "BdN" (channels first). Either one for all
        layers that do not declare their own (recurrent, attention and transformer layers do, by
        ``batch_first``, and so does `torch.nn.Conv1d`); or one by layer name or pattern, which takes precedence
        over a layer's own.

    Raises
    ------
    LayerError
        If a layer or layout is unknown.

    Notes
    -----
    Inside the context, torch's fused path for transformers is off in the whole process: in ``eval`` mode it
    would skip the hooks of the modules inside a transformer layer. On exit it is as before.
    """

    def __init__(
        self,
        model: nn.Module,
        layers: str | Sequence[str] = "auto",
        layout: str | Mapping[str, str] | None = None,
    ) -> None:
        self.model = model
        self.layers = pick_layers(model, layers)
        self.layout = layout
        self._layouts = {module: self._layout(module, name) for module, name in self.layers.items()}
        self._calls: list[tuple[nn.Module, torch.Tensor | PackedSequence]] = []
        self._handles: list[RemovableHandle] = []
        self._fused = True

    def _layout(self, module: nn.Module, name: str) -> str | None:
        """Return a layer's layout: the caller's choice comes first, then the layer's own."""
        asked = self.layout if isinstance(self.layout, Mapping) else {}
        settled = next((value for pattern, value in asked.items() if fnmatchcase(name, pattern)), None)
        settled = settled or own_layout(module)
        if settled is None and isinstance(self.layout, str):
            settled = self.layout
        for value in (*asked.values(), settled):
            if value is not None and value not in LAYOUTS:
                raise LayerError(f"unknown layout {value!r} for layer {name}: choose one of {', '.join(LAYOUTS)}")
        return settled

    def __enter__(self) -> "LayerReader":
        self._fused = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        # This hook comes first, so that outputs of a failed pass are not taken for those of this one.
        self._handles.append(self.model.register_forward_pre_hook(lambda *_: self._calls.clear()))
        self._handles += [module.register_forward_hook(self._record) for module in self.layers]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._handles:
            self._handles.pop().remove()
        torch.backends.mha.set_fastpath_enabled(self._fused)

    def _record(self, module: nn.Module, inputs: object, output: object) -> None:
        """Keep one call's output."""
        features = as_tensor(output, self.layers[module])
        # We copy, because the next module may change the output in place (ReLU(inplace=True)).
        if isinstance(features, PackedSequence):
            features = features._replace(data=features.data.detach().clone())
        else:
            features = features.detach().clone()
        self._calls.append((module, features))

    def outputs(
        self, lengths: ArrayLike | torch.Tensor, width: int | None = None
    ) -> dict[str, list[NDArray[np.generic]]]:
        """Return the layers' outputs of the latest forward pass, and clear them.

        Parameters
        ----------
        lengths
            Number of elements of each compound, (B,): its real positions come first in its row.
        width
            N of the batch, if it is padded beyond the longest compound.

        Returns
        -------
        dict
            By layer, in the order of the calls: B arrays (N, d), one per compound, in the order of the input. A
            layer that was called k > 1 times appears k times, as ``name#1`` ... ``name#k``.

        Raises
        ------
        LayerError
            If a layer was not called, or its output is not one row per position for this batch.
        """
        real = checked_lengths(lengths)
        width = int(real.max()) if width is None else width
        missed = [name for module, name in self.layers.items() if module not in dict(self._calls)]
        if missed:
            raise LayerError(
                f"no output of layer {', '.join(missed)}: it was not called since the last reading "
                f"(is it used in the forward pass, and did that run inside the `with` block?)"
            )
        calls, self._calls = self._calls, []
        total = Counter(self.layers[module] for module, _ in calls)
        seen: Counter[str] = Counter()
        result = {}
        for module, features in calls:
            name = self.layers[module]
            seen[name] += 1
            numbered = name if total[name] == 1 else f"{name}#{seen[name]}"
            result[numbered] = per_compound(features, real, width, module, name, self._layouts[module])
        return result
