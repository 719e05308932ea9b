"""The training loop: epochs, learning curve, checkpoints, weight averaging."""

import copy
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from lgdcnn_core.composition import Compositions
from lgdcnn_core.models import Network
from lgdcnn_core.training import checkpoint as checkpoints
from lgdcnn_core.training import divergence
from lgdcnn_core.training.averaging import weight_average
from lgdcnn_core.training.batches import Batch, Inputs, Room, reordered, shuffled, with_noise
from lgdcnn_core.training.fingerprint import fingerprint
from lgdcnn_core.training.graphs import PassGraph
from lgdcnn_core.training.history import Epoch, History, TrainingDiverged
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.objective import Objective
from lgdcnn_core.training.optimisers import optimiser, schedule
from lgdcnn_core.training.plan import Plan
from lgdcnn_core.training.prediction import outputs
from lgdcnn_core.training.sample_weights import relative
from lgdcnn_core.training.watch import Progress, TrainingStopped, Watch

BATCHES_BETWEEN_CHECKS = 50  # whether the loss is finite: reading it makes a GPU wait

NOT_FINITE = "loss or weights became infinite"

FAR = 10.0
"""A training whose errors grow to so many times those of its first epoch has diverged. In no healthy training of this
project's did they grow to five times, and none that went beyond came back."""


class _Diverged(Exception):
    """The loss or the weights are not finite, or the errors have grown beyond return; the message says which."""


def train(
    network: Network,
    train_data: Labelled,
    val_data: Labelled | None,
    plan: Plan,
    *,
    checkpoint: Path | None = None,
    progress: bool = True,
    title: str | None = None,
    watch: Watch | None = None,
) -> History:
    """Train a network in place and return its history.

    Parameters
    ----------
    network
        The network, on the plan's device.
    train_data, val_data
        Compounds with targets and, where there are some, standardised conditions. Validation data choose the weights
        that are kept.
    plan
        How to train, see `Plan`.
    checkpoint
        File for the state after an epoch; if it exists, training resumes from it. It is written after the first epoch,
        after the last, and as often in between as `checkpoint.SHARE` allows.
    progress
        Show a progress bar.
    title
        Text before the progress bar; the default is the recipe.
    watch
        Called before every epoch; if it returns True, the checkpoint is written and the training stops.

    Returns
    -------
    The history. If the loss or the weights become NaN or infinite, or the errors grow to `FAR` times those of the first
    epoch, the training ends with a warning and keeps the best weights so far; `History.diverged` says why.

    Raises
    ------
    TrainingDiverged
        If this happens in the first epoch, when there is nothing to keep.
    TrainingStopped
        If `watch` stopped the training.
    lgdcnn_core.training.checkpoint.ForeignCheckpoint
        If `checkpoint` belongs to another training.
    OSError
        If `checkpoint` cannot be written.
    ValueError
        If the network has weights that are not finite.
    """
    if not _finite(network):
        raise ValueError("the network that the training starts from has weights that are NaN or infinite")
    plan = replace(plan, recipe=plan.recipe.sized(len(train_data)))
    run = _Run(network, train_data, val_data, plan)
    recipe, device = plan.recipe, plan.compute.device
    kept = checkpoints.Kept(checkpoint, network, lambda: fingerprint(plan, network, train_data, val_data))
    if (state := kept.read(device)) is not None:
        run.load_state_dict(state)
        kept.saved = run.n_epochs
    bar = tqdm(
        total=plan.epochs,
        initial=run.n_epochs,
        desc=title or f"{recipe.name} recipe",
        unit="epoch",
        disable=not progress,
        mininterval=1.0,
    )
    generators = torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])
    with bar, generators, plan.compute.memory() as give_back:
        while not run.finished:
            if watch is not None and watch(run.progress(kept.saved)):
                kept.write(run.n_epochs, run.state_dict)
                raise TrainingStopped(f"stopped from outside after {run.n_epochs} of {plan.epochs} epochs")
            try:
                line = run.epoch(give_back)
            except _Diverged as diverged:
                run.keep_what_was_good(str(diverged))
                break
            if run.finished or kept.due:
                kept.write(run.n_epochs, run.state_dict)
            bar.set_postfix(loss=f"{line.loss:.3f}", val=_shown(line.val_error), refresh=False)
            bar.update()
    run.finish()
    if run.history.diverged is not None:
        warnings.warn(run.history.diverged, stacklevel=3)
    return run.history


class _Run:
    """The state of one training between epochs."""

    def __init__(self, network: Network, train_data: Labelled, val_data: Labelled | None, plan: Plan) -> None:
        self.network = network
        self.plan = plan = replace(plan, recipe=plan.recipe.suited(network.chain.has_transformers))
        self.recipe, self.layout, self.compute = plan.recipe, plan.layout, plan.compute
        self.train_data = train_data.in_order(plan.layout)
        self.val_data = None if val_data is None else _judges(val_data, plan).in_order(plan.layout)
        self.objective = Objective.of(plan, train_data.targets)
        self.weights = None if train_data.weights is None else relative(train_data.weights)
        network.dropout.p = self.recipe.dropout
        self.batch_size = self.recipe.batch_size_for(len(train_data))
        self.optimiser = optimiser(network, self.recipe)
        self.schedule = schedule(self.optimiser, self.recipe, math.ceil(len(train_data) / self.batch_size))
        self.average = weight_average(network, self.recipe)
        self.graph: PassGraph | None = None
        if self.compute.has_graphs and plan.layout.setting == "exact":
            room = Room.enough(self.train_data.compositions.lengths, self.batch_size)
            self.graph = PassGraph(self._passes, network, room)
        self.history = History()
        self.best_error = float("inf")
        self.best_weights: dict[str, Tensor] | None = None
        self.last_finite: dict[str, Tensor] | None = None

    @property
    def n_epochs(self) -> int:
        return len(self.history.epochs)

    @property
    def finished(self) -> bool:
        return self.history.stopped_early or self.n_epochs >= self.plan.epochs

    def progress(self, saved: int) -> Progress:
        """Return how far the training is, given the number of epochs in its checkpoint."""
        error = self.history.epochs[-1].val_error if self.n_epochs else None
        return Progress(self.n_epochs, self.plan.epochs, saved, error)

    def epoch(self, after_step: Callable[[], None]) -> Epoch:
        """Train for one epoch and return its line of the learning curve."""
        number = self.n_epochs
        started = time.perf_counter()
        torch.manual_seed(int(np.random.default_rng([self.plan.seed, number, 1]).integers(2**31)))  # dropout
        generator = np.random.default_rng([self.plan.seed, number, 0])
        learning_rate = float(self.schedule.get_last_lr()[0])
        loss, train_error = self._train_epoch(number, generator, after_step)
        if not _finite(self.average.evaluated()):
            raise _Diverged(NOT_FINITE)
        first = self.history.epochs[0].train_error if self.history.epochs else train_error
        if train_error > FAR * first > 0:
            raise _Diverged(f"errors grew to {train_error / first:,.0f} times those of the first epoch")
        val_error = self._val_error(self.average.evaluated()) if self.val_data is not None else None
        self.history.stopped_early = self.average.after_epoch(number)
        if not self.recipe.needs_validation and val_error is not None and val_error < self.best_error:
            self.best_error, self.history.best_epoch = val_error, number + 1
            self.best_weights = copy.deepcopy(self.average.evaluated().state_dict())
        if self.best_weights is None:
            self.last_finite = _copied(self.average.chosen(), self.last_finite)
        self.compute.wait()
        seconds = time.perf_counter() - started
        line = Epoch(number + 1, loss, train_error, val_error, learning_rate, seconds)
        self.history.epochs.append(line)
        return line

    def keep_what_was_good(self, how: str) -> None:
        """Make the best or the last good weights the result of the training, and record how it diverged.

        Raises
        ------
        TrainingDiverged
            If there are no such weights.
        """
        done = self.n_epochs
        reason = divergence.reason(self.plan, self.train_data, done + 1, how)
        if not done:
            raise TrainingDiverged(f"{reason} There are no weights of an earlier epoch to keep.")
        if self.best_weights is None:
            self.best_weights, self.history.best_epoch = self.last_finite, done
        self.history.diverged = f"{reason} The weights of epoch {self.history.best_epoch} are kept."

    def finish(self) -> None:
        """Put the weights that were chosen into the network."""
        if self.best_weights is None:
            self.best_weights, self.history.best_epoch = self.average.chosen(), self.n_epochs
        self.network.load_state_dict(self.best_weights)

    def _train_epoch(
        self, number: int, generator: np.random.Generator, after_step: Callable[[], None]
    ) -> tuple[float, float]:
        """Train for one epoch; return its loss and training error, means over compounds."""
        self.network.train()
        compositions = with_noise(self.train_data.compositions, self.recipe.noise, generator)
        if self.recipe.reordered:
            compositions = reordered(compositions, self.recipe.reordered, generator)
        standardised = self.plan.scaling.learnt(self.train_data.targets)
        n = len(compositions)
        total = torch.zeros(2, device=self.compute.device)
        for index, rows in enumerate(shuffled(n, self.batch_size, generator)):
            total += self._accumulate_gradients(compositions, standardised, rows)
            self.optimiser.step()
            self.optimiser.zero_grad()
            self.schedule.step()
            self.average.after_batch(number, lambda: self._val_error(self.network))
            after_step()
            if index % BATCHES_BETWEEN_CHECKS == 0:
                _require_finite(total)
        _require_finite(total)
        self.history.tokens += compositions.n_tokens
        loss, error = (total / n).tolist()
        return loss, self.objective.train_error(error)

    def _accumulate_gradients(
        self, compositions: Compositions, standardised: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> Tensor:
        """Add the gradient of a batch's mean loss; return its summed loss and error, (2,)."""
        if self.graph is not None and len(rows) == self.batch_size:
            room = self.graph.room
            if room.take(compositions.lengths[rows]) is not None:
                batch, target, weights = self._batch(compositions, standardised, rows, room)
                return self.graph(batch, target, weights, batch.conditions)
        total = torch.zeros(2, device=self.compute.device)
        for part in self.compute.passes(rows):
            batch, target, weights = self._batch(compositions, standardised, part)
            share = len(part) / len(rows)
            total += self._passes(batch.src, batch.frac, target, weights, batch.conditions, share)
        return total

    def _batch(
        self,
        compositions: Compositions,
        standardised: NDArray[np.float64],
        rows: NDArray[np.int64],
        room: Room | None = None,
    ) -> tuple[Batch, Tensor, Tensor | None]:
        """Return compounds, their standardised targets and their sample weights, if any, on the device."""
        target = self.compute.tensor(torch.from_numpy(standardised[rows]).float())
        weights = None if self.weights is None else self.compute.tensor(torch.from_numpy(self.weights[rows]).float())
        conditions = None if self.train_data.conditions is None else self.train_data.conditions[rows]
        return Batch(compositions[rows], self.layout, self.compute, room, conditions), target, weights

    def _passes(
        self,
        src: Inputs,
        frac: Inputs,
        target: Tensor,
        weights: Tensor | None = None,
        conditions: Tensor | None = None,
        share: float = 1.0,
    ) -> Tensor:
        """Pass forwards and backwards: add a share of the mean loss's gradient; return summed loss and error, (2,)."""
        with self.compute.autocast():
            output = self.network(src, frac, conditions)
        loss, error = self.objective.loss_and_error(output, target, weights)
        (loss * share).backward()
        return torch.stack([loss.detach(), error.detach()]) * len(target)

    def _val_error(self, network: torch.nn.Module) -> float:
        assert self.val_data is not None
        data = self.val_data
        result = outputs(network, data.compositions, self.layout, self.compute, data.conditions)
        return self.objective.val_error(result, data.targets, data.weights)

    def state_dict(self) -> dict[str, object]:
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average": self.average.state_dict(),
            "best_error": self.best_error,
            "best_weights": self.best_weights,
            "history": asdict(self.history),
        }

    def load_state_dict(self, state: dict[str, object]) -> None:
        self.network.load_state_dict(state["network"])  # type: ignore[arg-type]
        self.optimiser.load_state_dict(state["optimiser"])  # type: ignore[arg-type]
        self.schedule.load_state_dict(state["schedule"])  # type: ignore[arg-type]
        self.average.load_state_dict(state["average"])  # type: ignore[arg-type]
        self.best_error = state["best_error"]  # type: ignore[assignment]
        self.best_weights = state["best_weights"]  # type: ignore[assignment]
        history = dict(state["history"])  # type: ignore[call-overload]
        history["epochs"] = [Epoch(**line) for line in history["epochs"]]
        self.history = History(**history)
        if self.history.epochs and self.best_weights is None:
            self.last_finite = _copied(self.average.chosen(), None)


def _judges(val_data: Labelled, plan: Plan) -> Labelled:
    """Return the validation compounds that judge an epoch."""
    most = plan.recipe.val_compounds
    if most is None or len(val_data) <= most:
        return val_data
    return val_data[np.sort(np.random.default_rng(plan.seed).permutation(len(val_data))[:most])]


def _require_finite(total: Tensor) -> None:
    if not math.isfinite(total[0].item()):
        raise _Diverged(NOT_FINITE)


def _finite(network: torch.nn.Module) -> bool:
    """Return whether all weights are finite; reads from a GPU only once."""
    return bool(torch.stack(torch._foreach_norm(list(network.parameters()), math.inf)).isfinite().all())


def _copied(state: dict[str, Tensor], room: dict[str, Tensor] | None) -> dict[str, Tensor]:
    """Return a copy of a state, in the memory of an older copy if there is one."""
    if room is None:
        return {name: value.detach().clone() for name, value in state.items()}
    for name, value in state.items():
        room[name].copy_(value)
    return room


def _shown(error: float | None) -> str:
    return "-" if error is None else f"{error:.4g}"
