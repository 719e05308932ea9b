"""Save a trained model to a file, and load models from files."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from lgdcnn_core import __version__, pretrained
from lgdcnn_core.models import Network
from lgdcnn_core.models.published import load_published
from lgdcnn_core.regressor import origin, saved_model
from lgdcnn_core.regressor.calibration import Calibration
from lgdcnn_core.regressor.saved_model import NotASavedModel
from lgdcnn_core.regressor.trained import Trained, unit_in
from lgdcnn_core.training import PAPER, Layout, Recipe, Scaling, choose, recipe

OLDER_CLASSES = (0.0, 1.0)
"""Classes of every classification in files of versions that kept no labels."""


class WithFiles(Trained, BaseEstimator):
    """A model that is saved to files and loaded from them, see `CompositionRegressor`."""

    def save(self, path: str | Path, half: bool = False, training: bool = True) -> Path:
        """Save the model, with all its networks, as one safetensors file that needs nothing else to predict.

        Parameters
        ----------
        path
            The file.
        half
            Store the weights in bfloat16, which halves the file. Predictions of the loaded model, still computed in
            float32, then differ from those of this model in about the third digit.
        training
            Keep the histories, the date and the compositions of the training too (formulas and targets are never kept).
            Without them, equal trainings give equal files.
        """
        check_is_fitted(self, "networks_")
        parameters = {name: value for name, value in self.get_params().items() if name != "n_members"}
        description = {
            "parameters": parameters | {"recipe": self.recipe_.as_dict()},
            "layout": asdict(self.layout_),
            "scaling": asdict(self.scaling_),
            "properties": self.properties_,
            **({} if self.classes_ is None else {"classes": self.classes_.tolist()}),
            **({} if self.target_ in (None, "target") else {"target": self.target_}),
            **self._described_features(),
            "units": self.units_,
            "calibration": self.calibration_ and self.calibration_.as_dict(),
            "lgdcnn_core": __version__,
            **origin.described(self, repeatable=not training),
        }
        compounds = vars(self).get("training_compounds_") if training else None
        return saved_model.write(Path(path), description, self.networks_, half, compounds)

    @classmethod
    def load(cls, path: str | Path, device: str | None = None) -> Self:
        """Load a model that `save` wrote; on the same machine its predictions are bit-equal, except after `half`.

        Raises
        ------
        lgdcnn_core.regressor.NotASavedModel
            If the file is not a saved model, or was damaged or changed.
        """
        description, networks, compounds = saved_model.read(Path(path))
        try:
            parameters = dict(description["parameters"])
            parameters["recipe"] = Recipe(**parameters["recipe"])
            self = cls(**parameters | {"device": device, "n_members": len(networks)})
            scaling, layout = Scaling.from_dict(description["scaling"]), Layout(**description["layout"])
            self.__dict__.update(origin.restored(description))
            features = description.get("features", {"names": (), "scaling": None})
            self.condition_scaling_ = features["scaling"] and Scaling.from_dict(features["scaling"])
            self.features_, self.target_ = tuple(features["names"]), description.get("target")
            self.classes_ = np.array(description.get("classes", OLDER_CLASSES)) if self.classification else None
            self.calibration_ = (found := description.get("calibration")) and Calibration.from_dict(found)
        except (KeyError, TypeError, ValueError) as error:
            raise NotASavedModel(
                f"{path} was saved by lgdcnn_core {description.get('lgdcnn_core', '?')}; this version, {__version__}, "
                f"cannot use it: {error}"
            ) from error
        names = description.get("properties")
        if compounds is not None:
            self.training_compounds_ = compounds
        self._adopt(networks, scaling, layout, names and tuple(names))
        self.units_ = tuple(description.get("units") or map(unit_in, self.target_names_))
        return self

    @classmethod
    def pretrained(cls, name: str = "joint", device: str | None = None) -> Self:
        """Load a trained network by name, see `lgdcnn_core.pretrained`.

        ``"joint"`` comes with the package: 18 properties, with their units and calibrated intervals. ``make weights``
        makes ``"joint-ensemble"``, three such networks.

        Raises
        ------
        lgdcnn_core.pretrained.UnknownModel, lgdcnn_core.pretrained.MissingModel, lgdcnn_core.pretrained.DamagedModel
            If there is no such network, it has not been made here, or its file was changed.
        """
        return cls.load(pretrained.path(name), device)

    @classmethod
    def from_published(cls, path: str | Path, n_max: int, model: str | None = None, device: str | None = None) -> Self:
        """Load a checkpoint of the paper's published implementation, or CrabNet's, in the padded setting.

        Parameters
        ----------
        path
            The checkpoint.
        n_max
            Largest number of elements in a compound of its training data; every compound is padded to it.
        model
            Name of the network; None takes the file's own. Files of L-G-DCNN and L-G-DCNN-v1 look the same.
        """
        name, network, mean, std = load_published(path, model)
        self = cls(name, recipe=PAPER, setting="published", device=device)
        self._without, self.classes_, self.target_ = origin.PUBLISHED, None, None
        self.features_, self.condition_scaling_ = (), None
        self.units_, self.calibration_ = ("",), None
        return self._adopt([network], Scaling(mean, std), Layout("published", n_max))

    def _described_features(self) -> dict[str, Any]:
        if self.condition_scaling_ is None:
            return {}
        return {"features": {"names": self.features_, "scaling": asdict(self.condition_scaling_)}}

    def _adopt(
        self, networks: list[Network], scaling: Scaling, layout: Layout, properties: tuple[str, ...] | None = None
    ) -> Self:
        """Use trained networks."""
        self.recipe_ = recipe(self.recipe)
        self.compute_ = choose(self.device, self.recipe_.precision)
        self.networks_ = [network.to(self.compute_.device) for network in networks]
        self.scaling_, self.layout_, self.properties_ = scaling, layout, properties
        return self
