"""Bidirectional LSTM and GRU over the elements of compounds, on a CPU, without padding.

The same numbers as `torch.nn.LSTM` and `torch.nn.GRU` give on packed sequences. Those run many small operations for
each position and direction; here both directions run together, the one that goes backwards over mirrored tokens (see
`packing.Places`), and all products but those of one position's states with the recurrent weights run over all tokens
at once. Gates and states are float32 or better, whatever the type of the products.

Shapes: T tokens, d features in, H features a direction, G gates times H; direction 0 forwards, 1 backwards.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.models.packing import Places, neighbouring_rows, places, with_data
from lgdcnn_core.models.products import operand, weight_gradient

PARAMETERS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
COMPOUNDS_AT_ONCE = 256
"""Compounds whose gates are computed together, so that they stay in the cache from one operation to the next."""

Position = tuple[slice, slice | None]
"""Rows of some compounds at one position, and of the same compounds at the position before, if there is one."""


def bidirectional(rnn: nn.LSTM | nn.GRU, x: PackedSequence) -> PackedSequence:
    """Output of a bidirectional layer of one level with zero initial states: (T, d) -> (T, 2 H)."""
    parameters = [getattr(rnn, name + way) for name in PARAMETERS for way in ("", "_reverse")]
    layer = _LSTM if isinstance(rnn, nn.LSTM) else _GRU
    return with_data(x, layer.apply(x.data, places(x), *parameters))


def _positions(sizes: tuple[int, ...]) -> list[Position]:
    """Positions in the order in which states follow from one another."""

    def parts() -> Iterator[Position]:
        for first in range(0, sizes[0], COMPOUNDS_AT_ONCE):
            last = min(first + COMPOUNDS_AT_ONCE, sizes[0])
            yield slice(first, last), None
            for earlier, later in neighbouring_rows(sizes):
                n = min(COMPOUNDS_AT_ONCE, later.stop - later.start - first)
                if n <= 0:
                    break
                yield _rows(later, first, n), _rows(earlier, first, n)

    return list(parts())


def _rows(position: slice, first: int, n: int) -> slice:
    return slice(position.start + first, position.start + first + n)


def _wide(value: Tensor) -> Tensor:
    """Float32, or float64 as it is."""
    return value if value.dtype == torch.float64 else value.float()


class _Layer(torch.autograd.Function):
    """What LSTM and GRU share: products with inputs before the scan, and gradients of all weights after it."""

    @staticmethod
    def before(ctx: Any, x: Tensor, at: Places, parameters: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """Give the gates' sums from inputs (2, T, G), recurrent weights (2, G, H) and recurrent biases (2, 1, G)."""
        ctx.at, ctx.types = at, (x.dtype, parameters[0].dtype)
        ordered = operand(x)
        inputs = (ordered, ordered.index_select(0, at.mirrored))
        weights = [operand(weight) for weight in parameters[:2]]
        sums = torch.stack([torch.mm(i, w.t()) for i, w in zip(inputs, weights, strict=True)])
        recurrent = torch.stack([operand(weight) for weight in parameters[2:4]])
        bias_ih, bias_hh = (_wide(torch.stack(pair))[:, None] for pair in (parameters[4:6], parameters[6:8]))
        ctx.kept = (*inputs, *weights, recurrent)
        gates = _wide(sums) + bias_ih
        return gates, recurrent, bias_hh

    @staticmethod
    def output(states: Tensor, at: Places) -> Tensor:
        """Both directions side by side: (2, T, H) -> (T, 2 H)."""
        return torch.cat([states[0], states[1].index_select(0, at.mirrored)], dim=1)

    @staticmethod
    def of_states(gradient: Tensor, at: Places) -> Tensor:
        """Gradient of the states (2, T, H) from that of the output (T, 2 H)."""
        forwards, backwards = _wide(gradient).chunk(2, dim=1)
        return torch.stack([forwards, backwards.index_select(0, at.mirrored)])

    @staticmethod
    def after(ctx: Any, of_gates: Tensor, of_recurrent: Tensor, states: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of everything that was given.

        Parameters
        ----------
        of_gates, of_recurrent
            (2, T, G): gradients of what enters the gates, and of the products with states and their bias; in a GRU
            the two differ.
        states
            (2, T, H).
        """
        x, mirrored, *weights, _ = ctx.kept
        dtype, weight_dtype = ctx.types
        gates, recurrent = of_gates.to(x.dtype), of_recurrent.to(x.dtype)
        of_x = gates[0] @ weights[0] + (gates[1] @ weights[1]).index_select(0, ctx.at.mirrored)
        of_weights = [weight_gradient(gates[0], x), weight_gradient(gates[1], mirrored)]
        steps = list(neighbouring_rows(ctx.at.sizes))
        if steps:
            before = torch.cat([states[:, earlier] for earlier, _ in steps], dim=1)
            of_weights += weight_gradient(recurrent[:, steps[0][1].start :], before)
        else:
            of_weights += torch.zeros_like(ctx.kept[-1])
        of_biases = [*of_gates.sum(1), *of_recurrent.sum(1)]
        return of_x.to(dtype), None, *(value.to(weight_dtype) for value in (*of_weights, *of_biases))


class _LSTM(_Layer):
    """Gates in torch's order: input, forget, cell, output."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, at: Places, *parameters: Tensor) -> Tensor:
        gates, recurrent, bias = _Layer.before(ctx, x, at, parameters)
        gates += bias
        n = recurrent.shape[2]
        states = recurrent.new_empty(*gates.shape[:2], n)
        cells, squashed = gates.new_empty(states.shape), gates.new_empty(states.shape)
        for rows, before in _positions(at.sizes):
            gate = gates[:, rows]
            if before is not None:
                gate += torch.bmm(states[:, before], recurrent.transpose(1, 2))
            gate[..., : 2 * n].sigmoid_()
            gate[..., 2 * n : 3 * n].tanh_()
            gate[..., 3 * n :].sigmoid_()
            enter, keep, new, out = gate.split(n, dim=2)
            cell = enter * new
            if before is not None:
                cell.addcmul_(keep, cells[:, before])
            cells[:, rows] = cell
            squashed[:, rows] = cell.tanh_()
            states[:, rows] = out * cell
        ctx.save_for_backward(gates, cells, squashed, states)
        return _Layer.output(states, at)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gates, cells, squashed, states = ctx.saved_tensors
        recurrent = ctx.kept[-1]
        n = states.shape[2]
        of_gates = torch.empty_like(gates)
        of_state = _Layer.of_states(gradient, ctx.at)
        of_cell = torch.zeros_like(of_state)
        for rows, before in reversed(_positions(ctx.at.sizes)):
            enter, keep, new, out = gates[:, rows].split(n, dim=2)
            to_enter, to_keep, to_new, to_out = of_gates[:, rows].split(n, dim=2)
            tanh_cell, dh = squashed[:, rows], of_state[:, rows]
            dc = of_cell[:, rows].addcmul_(dh * out, 1 - tanh_cell * tanh_cell)
            torch.mul(dh * tanh_cell, out * (1 - out), out=to_out)
            torch.mul(dc * new, enter * (1 - enter), out=to_enter)
            torch.mul(dc * enter, 1 - new * new, out=to_new)
            if before is None:
                to_keep.zero_()
                continue
            torch.mul(dc * cells[:, before], keep * (1 - keep), out=to_keep)
            of_cell[:, before].addcmul_(dc, keep)
            of_state[:, before] += torch.bmm(of_gates[:, rows].to(recurrent.dtype), recurrent)
        return _Layer.after(ctx, of_gates, of_gates, states)


class _GRU(_Layer):
    """Gates in torch's order: reset, update, new."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, at: Places, *parameters: Tensor) -> Tensor:
        gates, recurrent, bias = _Layer.before(ctx, x, at, parameters)
        n = recurrent.shape[2]
        states = recurrent.new_empty(*gates.shape[:2], n)
        products = gates.new_empty(states.shape)  # of states with the new gate's recurrent weight
        for rows, before in _positions(at.sizes):
            gate = gates[:, rows]
            from_state = bias if before is None else bias + torch.bmm(states[:, before], recurrent.transpose(1, 2))
            gate[..., : 2 * n].add_(from_state[..., : 2 * n]).sigmoid_()
            reset, update, new = gate.split(n, dim=2)
            products[:, rows] = from_state[..., 2 * n :]
            new.addcmul_(reset, products[:, rows]).tanh_()
            state = new - update * new
            if before is not None:
                state.addcmul_(update, _wide(states[:, before]))
            states[:, rows] = state
        ctx.save_for_backward(gates, products, states)
        return _Layer.output(states, at)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gates, products, states = ctx.saved_tensors
        recurrent = ctx.kept[-1]
        n = states.shape[2]
        of_gates, of_recurrent = torch.empty_like(gates), torch.empty_like(gates)
        of_state = _Layer.of_states(gradient, ctx.at)
        for rows, before in reversed(_positions(ctx.at.sizes)):
            reset, update, new = gates[:, rows].split(n, dim=2)
            to_reset, to_update, to_new = of_gates[:, rows].split(n, dim=2)
            dh = of_state[:, rows]
            torch.mul(dh * (1 - update), 1 - new * new, out=to_new)
            torch.mul(to_new * products[:, rows], reset * (1 - reset), out=to_reset)
            change = -new if before is None else states[:, before] - new
            torch.mul(dh * change, update * (1 - update), out=to_update)
            of_recurrent[:, rows, : 2 * n] = of_gates[:, rows, : 2 * n]
            torch.mul(to_new, reset, out=of_recurrent[:, rows, 2 * n :])
            if before is not None:
                of_state[:, before].addcmul_(dh, update)
                of_state[:, before] += torch.bmm(of_recurrent[:, rows].to(recurrent.dtype), recurrent)
        return _Layer.after(ctx, of_gates, of_recurrent, states)
