"""Export a trained model as one graph of torch operations, which runs without this package."""

import io
import json
import warnings
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from lgdcnn_core import __version__
from lgdcnn_core.composition.order import electronegativities
from lgdcnn_core.files import written_whole
from lgdcnn_core.models.padded import Padded
from lgdcnn_core.regressor.trained import Trained
from lgdcnn_core.training import Layout, Scaling
from lgdcnn_core.training.losses import LOWEST_LOG_UNCERTAINTY
from lgdcnn_core.training.scaling import LARGEST, SMALLEST

DESCRIPTION = "description.json"
"""Extra file in an export: names of its inputs and outputs, and the version that wrote it."""


class WithExport(Trained):
    """A model that is exported, see `CompositionRegressor`."""

    def export(self, path: str | Path, places: int = 16) -> Path:
        """Export the model with `torch.export`, as a file that predicts without this package.

        The graph holds everything from amounts to predictions in the property's unit: the order of elements, the
        standardisation, all networks of an ensemble. It runs on a CPU, for any number of compounds, in either setting.
        Its predictions equal those of `predict` up to the rounding of float32. It does not know which elements lack a
        vector, which `predict` refuses, nor which ones training never saw.

        Parameters
        ----------
        path
            The file; its name ends with ``.pt2``.
        places
            In the exact setting, the most elements of a compound that the file takes; the time of a prediction grows
            with it. In the padded setting it is always that of the training data, `Layout.n_max`.

        Returns
        -------
        The path. `torch.export.load` reads the file, and its ``.module()`` is a function of these tensors:

        atomic_numbers
            (B, N) int64: each element of a compound once, 0 after its last one; N is at most `places`.
        amounts
            (B, N) float64: amounts of the elements on any scale, as in a formula, 0 after the last one.
        conditions
            (B, C) float64: only for a model with features, in the order and units of `features_`.

        It returns ``(mean, std)``, float64, (B,) each, in the property's unit, or (B, K) for several properties in the
        order of `properties_`; in classification probabilities, (B, C), in the order of `classes_`. The extra file
        ``description.json`` has these names.

        Raises
        ------
        ValueError
            If the name of the file does not end with ``.pt2``, or `places` is no integer from 1.
        sklearn.exceptions.NotFittedError
            If the model is not trained.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> graph = torch.export.load("model.pt2").module()  # doctest: +SKIP
        >>> fe2o3, nacl = [26, 8], [11, 17]
        >>> mean, std = graph(torch.tensor([fe2o3, nacl]), torch.tensor([[2.0, 3], [1, 1]]).double())  # doctest: +SKIP
        """
        check_is_fitted(self, "networks_")
        path = Path(path)
        if path.suffix != ".pt2":
            raise ValueError(f"an exported model is a .pt2 file; {path.name!r} is called otherwise")
        content = io.BytesIO()
        places = self.layout_.n_max if self.layout_.setting == "published" else places
        if not isinstance(places, Integral) or places < 1:
            raise ValueError(f"places is {places!r}; give the most elements of a compound, an integer from 1")
        described = json.dumps(self._described_export() | {"places": places})
        torch.export.save(_exported(self, places), content, extra_files={DESCRIPTION: described})
        with written_whole(path) as partial:
            partial.write_bytes(content.getvalue())
        return path

    def _described_export(self) -> dict[str, Any]:
        inputs = ["atomic_numbers", "amounts", *(["conditions"] if self.features_ else [])]
        return {
            "inputs": inputs,
            "outputs": ["mean", "std"] if self.classes_ is None else ["probabilities"],
            "properties": self.properties_ or ([self.target_] if self.target_ else None),
            "classes": None if self.classes_ is None else self.classes_.tolist(),
            "features": self.features_,
            "lgdcnn_core": __version__,
        }


class WholeModel(nn.Module):
    """Maps amounts of elements to predictions, in plain torch operations; see `WithExport.export`."""

    def __init__(self, model: Trained, places: int) -> None:
        super().__init__()
        self.places = places
        published = model.layout_.setting == "published"
        self.networks = nn.ModuleList(Padded(network, published) for network in model.networks_)
        self.arrange = Arranged(model.layout_)
        self.scaling, self.conditions = Unit(model.scaling_), None
        self.lowest = LOWEST_LOG_UNCERTAINTY[model.layout_.setting]
        self.classification = model.classes_ is not None
        if model.condition_scaling_ is not None:
            self.conditions = Unit(model.condition_scaling_)

    def forward(self, atomic_numbers: Tensor, amounts: Tensor, conditions: Tensor | None = None) -> Any:
        """Return means and standard deviations, or probabilities."""
        src, frac = self.arrange(self._filled(atomic_numbers), self._filled(amounts))
        if self.conditions is not None and conditions is not None:
            conditions = self.conditions.learnt(conditions).float()
        raw = torch.stack([network(src, frac, conditions) for network in self.networks]).double()
        value, log_uncertainty = raw.unbind(dim=-1)
        if self.classification and value.dim() > 2:
            return torch.softmax(value, dim=-1).mean(dim=0)
        if self.classification:
            positive = torch.sigmoid(value).mean(dim=0)
            return torch.stack([1 - positive, positive], dim=1)
        mean, std = self.scaling(value, log_uncertainty.clamp(min=self.lowest))
        if len(self.networks) == 1:
            return mean[0], std[0]
        return mean.mean(dim=0), (mean.var(dim=0, correction=0) + std.square().mean(dim=0)).sqrt()

    def _filled(self, values: Tensor) -> Tensor:
        """(B, N) -> (B, places), with zeros: recurrent layers are exported for a fixed number of places."""
        return torch.cat([values, values.new_zeros(values.shape[0], self.places)], dim=1)[:, : self.places]


class Arranged(nn.Module):
    """Puts elements into the order that networks read, as `Layout.ordered` does, and amounts into fractions."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.published, self.order = layout.setting == "published", layout.order
        self.electronegativity: Tensor
        self.register_buffer("electronegativity", torch.from_numpy(electronegativities()))

    def forward(self, atomic_numbers: Tensor, amounts: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N) atomic numbers and amounts -> (B, N) atomic numbers and float32 fractions, in order."""
        fractions = (amounts / amounts.sum(dim=1, keepdim=True)).float()
        keys = [-amounts] if self.published else self._keys(atomic_numbers, fractions)
        places = torch.arange(atomic_numbers.shape[1], device=atomic_numbers.device).expand_as(atomic_numbers)
        for key in (*keys, (atomic_numbers == 0).long()):  # the last key counts first, as in `numpy.lexsort`
            places = places.gather(1, torch.argsort(key.gather(1, places), dim=1, stable=True))
        return atomic_numbers.gather(1, places), fractions.gather(1, places)

    def _keys(self, atomic_numbers: Tensor, fractions: Tensor) -> list[Tensor]:
        keys = [atomic_numbers]
        if "electronegativity" in self.order:
            keys.append(self.electronegativity[atomic_numbers])
        if "amount" in self.order:
            keys.append(-fractions)
        return keys


class Unit(nn.Module):
    """`Scaling` in torch operations."""

    def __init__(self, scaling: Scaling) -> None:
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(scaling.mean, dtype=torch.float64))
        self.register_buffer("std", torch.tensor(scaling.std, dtype=torch.float64))
        self.unit = scaling.unit

    def learnt(self, values: Tensor) -> Tensor:
        """Return standardised values."""
        return (values - self.mean) / self.std

    def forward(self, value: Tensor, log_uncertainty: Tensor) -> tuple[Tensor, Tensor]:
        """Return predictions and standard deviations in the property's unit."""
        plain, std = value * self.std + self.mean, log_uncertainty.exp() * self.std
        if self.unit is not None:
            plain, std = plain.sinh() * self.unit, std * plain.cosh() * self.unit
        return plain.clamp(-LARGEST, LARGEST), std.clamp(SMALLEST, LARGEST)


def _exported(model: Trained, places: int) -> "torch.export.ExportedProgram":
    compounds, elements = torch.export.Dim("compounds", min=1), torch.export.Dim("elements", min=1, max=places)
    example = [torch.ones(2, places, dtype=torch.int64), torch.ones(2, places, dtype=torch.float64)]
    shapes = [{0: compounds, 1: elements}] * 2
    if model.features_:
        example.append(torch.zeros(2, len(model.features_), dtype=torch.float64))
        shapes.append({0: compounds})
    whole = WholeModel(model, places).cpu().eval()
    with warnings.catch_warnings():
        # Recurrent layers list their weights a second time; the graph has the ones that are parameters.
        warnings.filterwarnings("ignore", message=".*were assigned during export", category=UserWarning)
        return torch.export.export(whole, tuple(example), dynamic_shapes=tuple(shapes))
