"""The language of network specs, such as ``"LSTM+att>GRU+att>DCNN"`` (L-G-DCNN): text to stages and back.

::

    network    = stage {">" stage} ["|" head]
    stage      = block {"+" connection}
    block      = one of `library.BLOCKS`, plain or numbered: LSTM, transformer_1, transformer_2
    connection = "att" (soft attention; may be numbered) or "res" (residual), applied in the order written
    head       = one of `library.HEADS`; "linear" if none is named

A name that occurs twice is one module that runs twice with the same weights, like the attention of the published
L-G-DCNN. Numbered names are different modules of one kind: ``LSTM_1>LSTM_2``, ``LSTM+att_1>GRU+att_2``. Spaces do not
matter.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lgdcnn_core.models.library import BLOCKS, CONNECTIONS, HEADS, RESIDUAL, WIDTH

NEXT, CONNECT, TO_HEAD = ">", "+", "|"


class InvalidNetworkSpec(ValueError):
    """The text is not a spec of a network."""


@dataclass(frozen=True)
class Stage:
    """A block and the connections that follow it: ``Stage("GRU", ("att",))``."""

    block: str
    connections: tuple[str, ...] = ()

    def __str__(self) -> str:
        return CONNECT.join([self.block, *self.connections])


@dataclass(frozen=True)
class Design:
    """A network in the language of specs: its stages and its head."""

    stages: tuple[Stage, ...]
    head: str = "linear"

    def __str__(self) -> str:
        chain = NEXT.join(map(str, self.stages))
        return chain if self.head == "linear" else f"{chain}{TO_HEAD}{self.head}"

    @property
    def width(self) -> int:
        """Features of the head's input."""
        return list(self.widths())[-1][2]

    def widths(self) -> Iterator[tuple[str, int, int]]:
        """Yield each block and attention in the order of their runs: (name, features in, features out)."""
        width = WIDTH
        for stage in self.stages:
            width_in, width = width, BLOCKS[kind_of(stage.block)].width or width
            yield stage.block, width_in, width
            for connection in stage.connections:
                if connection != RESIDUAL:
                    yield connection, width, width

    def canonical(self) -> "Design":
        """Return this network with the simplest numbering of its modules, so that equivalent networks become equal.

        A module that is the only one of its kind gets no number; others count from 1 in the order of their first run.
        """
        modules: dict[str, list[str]] = {}
        for name, _, _ in self.widths():
            found = modules.setdefault(kind_of(name), [])
            if name not in found:
                found.append(name)

        def renamed(name: str) -> str:
            of_kind = modules.get(kind_of(name), [])
            return kind_of(name) if len(of_kind) < 2 else f"{kind_of(name)}_{of_kind.index(name) + 1}"

        stages = (Stage(renamed(s.block), tuple(map(renamed, s.connections))) for s in self.stages)
        return Design(tuple(stages), self.head)


def kind_of(name: str) -> str:
    """Return the kind in a numbered or plain name: ``"transformer"`` for ``"transformer_2"``."""
    return name.partition("_")[0]


def number_of(name: str) -> int:
    """Return the number in a name: 2 for ``"transformer_2"``, 1 for a plain name."""
    return int(name.partition("_")[2] or 1)


def parse(text: str) -> Design:
    """Return the network that a spec describes.

    Raises
    ------
    InvalidNetworkSpec
        The message names the fault, and lists the available blocks, connections or heads.
    """
    chain, mark, head = text.partition(TO_HEAD)
    head = head.strip() if mark else "linear"
    if head not in HEADS:
        raise InvalidNetworkSpec(f"no head is called {head!r} in {text!r}; choose from {', '.join(HEADS)}")
    design = Design(tuple(_stage(part, text) for part in chain.split(NEXT)), head)
    _require_one_width_in(design, text)
    return design


def _stage(part: str, text: str) -> Stage:
    block, *connections = (name.strip() for name in part.split(CONNECT))
    if not block:
        raise InvalidNetworkSpec(f"a block is missing in {text!r}; choose from {', '.join(BLOCKS)}")
    _require_known(block, "block", BLOCKS, text)
    for connection in connections:
        _require_known(connection, "connection", CONNECTIONS, text)
        if kind_of(connection) == RESIDUAL and connection != RESIDUAL:
            raise InvalidNetworkSpec(f"{connection!r} in {text!r}: {RESIDUAL!r} has no number; it belongs to its block")
    if len({kind_of(connection) for connection in connections}) < len(connections):
        raise InvalidNetworkSpec(f"{part.strip()!r} in {text!r} has a connection twice")
    return Stage(block, tuple(connections))


def _require_known(name: str, called: str, known: Collection[str], text: str) -> None:
    kind, mark, number = name.partition("_")
    if kind not in known:
        raise InvalidNetworkSpec(f"no {called} is called {name!r} in {text!r}; choose from {', '.join(known)}")
    if mark and not (number.isdecimal() and number.isascii() and number[0] != "0"):
        raise InvalidNetworkSpec(f"{name!r} in {text!r}: a number counts from 1, as in {kind}_1 and {kind}_2")


def _require_one_width_in(design: Design, text: str) -> None:
    """Raise if one module would run on features of two widths."""
    widths: dict[str, int] = {}
    for name, width_in, _ in design.widths():
        if widths.setdefault(name, width_in) != width_in:
            raise InvalidNetworkSpec(
                f"{name!r} runs on {widths[name]} and on {width_in} features in {text!r}, but is one module: number "
                f"its occurrences, as in {kind_of(name)}_1 and {kind_of(name)}_2, to make different ones"
            )
