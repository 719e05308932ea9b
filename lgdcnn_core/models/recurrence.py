"""Bidirectional LSTM and GRU over the elements of compounds, without padding.

It computes the same values as `torch.nn.LSTM` and `torch.nn.GRU` on packed sequences. The torch modules run many small
operations for each position and direction. Here both directions run together, the backward one over mirrored tokens
(see `packing.Places`), and only the products of one position's states with the recurrent weights run position by
position. Gates and states are float32 or better, whatever the type of the products.

Shapes: T tokens, d features in, H features a direction, G gates times H; direction 0 forwards, 1 backwards.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.models.autocast import operand
from lgdcnn_core.models.packing import Places, followed, neighbouring_rows, places, with_data

PARAMETERS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
COMPOUNDS_AT_ONCE = 256
"""Compounds whose gates a CPU computes together: they stay in its cache from one operation to the next."""

Position = tuple[slice, slice | None]
"""Rows of some compounds at one position, and of the same compounds at the previous position, if there is one."""


def bidirectional(rnn: nn.LSTM | nn.GRU, x: PackedSequence) -> PackedSequence:
    """Run a bidirectional layer of one level with zero initial states: (T, d) -> (T, 2 H)."""
    parameters = [getattr(rnn, name + way) for name in PARAMETERS for way in ("", "_reverse")]
    layer = _LSTM if isinstance(rnn, nn.LSTM) else _GRU
    return with_data(x, layer.apply(x.data, places(x), *parameters))


def _positions(at: Places) -> list[Position]:
    """List positions in the order in which states follow from one another."""
    sizes = at.sizes
    at_once = COMPOUNDS_AT_ONCE if at.mirrored.device.type == "cpu" else sizes[0]

    def parts() -> Iterator[Position]:
        for first in range(0, sizes[0], at_once):
            last = min(first + at_once, sizes[0])
            yield slice(first, last), None
            for earlier, later in neighbouring_rows(sizes):
                n = min(at_once, later.stop - later.start - first)
                if n <= 0:
                    break
                yield _rows(later, first, n), _rows(earlier, first, n)

    return list(parts())


def _rows(position: slice, first: int, n: int) -> slice:
    return slice(position.start + first, position.start + first + n)


def _wide(value: Tensor) -> Tensor:
    """Convert to float32; float64 stays as it is."""
    return value if value.dtype == torch.float64 else value.float()


class _Layer(torch.autograd.Function):
    """The part that LSTM and GRU share: products with inputs before the scan, gradients of all weights after it."""

    @staticmethod
    def before(ctx: Any, x: Tensor, at: Places, parameters: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Prepare the scan.

        Returns
        -------
        Products of inputs with weights (2, T, G), recurrent weights (2, G, H), and both kinds of bias (2, 1, G).
        """
        ctx.at, ctx.types = at, (x.dtype, parameters[0].dtype)
        ordered = operand(x)
        inputs = (ordered, ordered.index_select(0, at.mirrored))
        weights = [operand(weight) for weight in parameters[:2]]
        products = ordered.new_empty(2, len(x), len(weights[0]))
        for way, (of_way, weight) in enumerate(zip(inputs, weights, strict=True)):
            torch.mm(of_way, weight.t(), out=products[way])
        recurrent = torch.stack([operand(weight) for weight in parameters[2:4]])
        bias_ih, bias_hh = (_wide(torch.stack(pair))[:, None] for pair in (parameters[4:6], parameters[6:8]))
        ctx.kept = (*inputs, *weights, recurrent)
        return products, recurrent, bias_ih, bias_hh

    @staticmethod
    def output(states: Tensor, at: Places) -> Tensor:
        """Join both directions: (2, T, H) -> (T, 2 H)."""
        return torch.cat([states[0], states[1].index_select(0, at.mirrored)], dim=1)

    @staticmethod
    def of_states(gradient: Tensor, at: Places) -> Tensor:
        """Return the gradient of the states (2, T, H) from that of the output (T, 2 H)."""
        forwards, backwards = _wide(gradient).chunk(2, dim=1)
        return torch.stack([forwards, backwards.index_select(0, at.mirrored)])

    @staticmethod
    def after(
        ctx: Any, states: Tensor, of_gates: Tensor, of_recurrent: Tensor, of_biases: tuple[Tensor, ...]
    ) -> tuple[Tensor | None, ...]:
        """Return the gradients of all inputs.

        Parameters
        ----------
        states
            (2, T, H).
        of_gates, of_recurrent
            (2, T, G), in the type of the products: gradients of the inputs of the gates, and of the products with
            states plus their bias; in a GRU the two differ.
        of_biases
            Both kinds, (2, G) each.
        """
        x, mirrored, *weights, recurrent = ctx.kept
        dtype, weight_dtype = ctx.types
        of_x = of_gates[0] @ weights[0]
        of_x += (of_gates[1] @ weights[1]).index_select(0, ctx.at.mirrored)
        of_weights = [of_gates[0].t() @ x, of_gates[1].t() @ mirrored]
        if len(sizes := ctx.at.sizes) > 1:
            following = of_recurrent[:, sizes[0] :]
            of_weights += [of_way.t() @ followed(way, sizes) for of_way, way in zip(following, states, strict=True)]
        else:
            of_weights += torch.zeros_like(recurrent)
        found = (*of_weights, *(way for kind in of_biases for way in kind))
        return of_x.to(dtype), None, *(value.to(weight_dtype) for value in found)


class _LSTM(_Layer):
    """Gates in torch's order: input, forget, cell, output."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, at: Places, *parameters: Tensor) -> Tensor:
        products, recurrent, *biases = _Layer.before(ctx, x, at, parameters)
        bias = sum(biases)
        n = recurrent.shape[2]
        states = recurrent.new_empty(*products.shape[:2], n)
        gates = _widened(products)
        cells, squashed = gates.new_empty(states.shape), gates.new_empty(states.shape)
        for rows, before in _positions(at):
            gate = torch.add(products[:, rows], bias, out=gates[:, rows])
            if before is not None:
                gate += torch.bmm(states[:, before], recurrent.transpose(1, 2))
            enter, keep, new, out = gate.split(n, dim=2)
            gate[..., : 2 * n].sigmoid_()
            _tanh(new, new)
            out.sigmoid_()
            cell = torch.mul(enter, new, out=cells[:, rows])
            if before is not None:
                cell.addcmul_(keep, cells[:, before])
            states[:, rows] = out * _tanh(cell, squashed[:, rows])
        ctx.save_for_backward(gates, cells, squashed, states)
        return _Layer.output(states, at)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gates, cells, squashed, states = ctx.saved_tensors
        recurrent = ctx.kept[-1]
        n = states.shape[2]
        of_gates = recurrent.new_empty(gates.shape)
        of_bias = gates.new_zeros(2, 4 * n)
        of_state = _Layer.of_states(gradient, ctx.at)
        of_cell = torch.zeros_like(of_state)
        for rows, before in reversed(_positions(ctx.at)):
            enter, keep, new, out = gates[:, rows].split(n, dim=2)
            of_gate = torch.empty_like(gates[:, rows])
            to_enter, to_keep, to_new, to_out = of_gate.split(n, dim=2)
            tanh_cell, dh, dc = squashed[:, rows], of_state[:, rows], of_cell[:, rows]
            dc += _through_tanh(dh * out, tanh_cell)
            _through_sigmoid(dh * tanh_cell, out, to_out)
            _through_sigmoid(dc * new, enter, to_enter)
            _through_tanh(dc * enter, new, to_new)
            if before is None:
                to_keep.zero_()
            else:
                _through_sigmoid(dc * cells[:, before], keep, to_keep)
                of_cell[:, before].addcmul_(dc, keep)
            of_bias += of_gate.sum(1)
            of_gates[:, rows] = of_gate
            if before is not None:
                of_state[:, before] += torch.bmm(of_gates[:, rows], recurrent)
        return _Layer.after(ctx, states, of_gates, of_gates, (of_bias, of_bias))


class _GRU(_Layer):
    """Gates in torch's order: reset, update, new."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, at: Places, *parameters: Tensor) -> Tensor:
        products, recurrent, bias, bias_of_state = _Layer.before(ctx, x, at, parameters)
        n = recurrent.shape[2]
        states = recurrent.new_empty(*products.shape[:2], n)
        gates = _widened(products)
        pulls = gates.new_empty(states.shape)  # of states on the new gate, before it is reset
        for rows, before in _positions(at):
            gate = torch.add(products[:, rows], bias, out=gates[:, rows])
            from_state = bias_of_state
            if before is not None:
                from_state = bias_of_state + torch.bmm(states[:, before], recurrent.transpose(1, 2))
            gate[..., : 2 * n].add_(from_state[..., : 2 * n]).sigmoid_()
            reset, update, new = gate.split(n, dim=2)
            pulls[:, rows] = from_state[..., 2 * n :]
            _tanh(new.addcmul_(reset, pulls[:, rows]), new)
            state = new - update * new
            if before is not None:
                state.addcmul_(update, _wide(states[:, before]))
            states[:, rows] = state
        ctx.save_for_backward(gates, pulls, states)
        return _Layer.output(states, at)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gates, pulls, states = ctx.saved_tensors
        recurrent = ctx.kept[-1]
        n = states.shape[2]
        of_gates, of_recurrent = recurrent.new_empty(gates.shape), recurrent.new_empty(gates.shape)
        of_bias, of_bias_of_state = gates.new_zeros(2, 3 * n), gates.new_zeros(2, 3 * n)
        of_state = _Layer.of_states(gradient, ctx.at)
        for rows, before in reversed(_positions(ctx.at)):
            reset, update, new = gates[:, rows].split(n, dim=2)
            of_gate = torch.empty_like(gates[:, rows])
            to_reset, to_update, to_new = of_gate.split(n, dim=2)
            dh = of_state[:, rows]
            _through_tanh(dh - dh * update, new, to_new)
            _through_sigmoid(to_new * pulls[:, rows], reset, to_reset)
            change = -new if before is None else states[:, before] - new
            _through_sigmoid(dh * change, update, to_update)
            of_bias += of_gate.sum(1)
            of_gates[:, rows] = of_gate
            to_new *= reset
            of_bias_of_state += of_gate.sum(1)
            of_recurrent[:, rows] = of_gate
            if before is not None:
                of_state[:, before].addcmul_(dh, update)
                of_state[:, before] += torch.bmm(of_recurrent[:, rows], recurrent)
        return _Layer.after(ctx, states, of_gates, of_recurrent, (of_bias, of_bias_of_state))


def _widened(products: Tensor) -> Tensor:
    """Return a tensor for the gates: that of the products, if their type is wide enough."""
    return products if _wide(products) is products else torch.empty_like(products, dtype=torch.float32)


def _tanh(x: Tensor, result: Tensor) -> Tensor:
    """Tanh as 2 sigmoid(2 x) - 1: torch's own tanh uses Intel's library, which is slow on other processors.

    On an AMD EPYC we measured five to ten times the time of torch's sigmoid.
    """
    return torch.mul(x, 2, out=result).sigmoid_().mul_(2).sub_(1)


def _through_sigmoid(gradient: Tensor, value: Tensor, result: Tensor) -> Tensor:
    """Return the gradient of a sigmoid's argument, from that of its value."""
    return torch.ops.aten.sigmoid_backward.grad_input(gradient, value, grad_input=result)


def _through_tanh(gradient: Tensor, value: Tensor, result: Tensor | None = None) -> Tensor:
    """Return the gradient of a tanh's argument, from that of its value."""
    if result is None:
        return torch.ops.aten.tanh_backward(gradient, value)
    return torch.ops.aten.tanh_backward.grad_input(gradient, value, grad_input=result)
