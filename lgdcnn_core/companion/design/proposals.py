"""Propose candidate networks: random ones, or small changes of good ones; never one that was seen before."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from lgdcnn_core.models import BLOCKS, HEADS, Chain, Design, Stage, chain, parse
from lgdcnn_core.models.language import kind_of
from lgdcnn_core.models.library import ATTENTION, RESIDUAL, WIDTH

MAX_STAGES = 3
"""Largest number of blocks in a proposed network: as many as L-G-DCNN and CrabNet have."""

LINKS: tuple[tuple[str, ...], ...] = ((), (RESIDUAL,), (ATTENTION,))
"""How a block of a proposed network is connected: plainly, residually, or by soft attention."""

Link = tuple[str, tuple[str, ...]]
"""Kind of a block and the kinds of its connections."""


def compose(links: Sequence[Link], head: str) -> Design:
    """Compose a network from blocks that do not share weights.

    All attention of one width is a single module, as in the published L-G-DCNN.
    """
    stages = []
    width = WIDTH
    for number, (kind, connections) in enumerate(links, start=1):
        width = BLOCKS[kind].width or width
        # The canonical form below counts from 1 again, and drops numbers that are not needed.
        named = tuple(f"{ATTENTION}_{width}" if each == ATTENTION else each for each in connections)
        stages.append(Stage(f"{kind}_{number}", named))
    return Design(tuple(stages), head).canonical()


def same(candidate: str) -> Chain:
    """Return the form of a candidate that is equal for the same network, however it is written."""
    found = chain(candidate)
    return replace(found, spec=str(parse(found.spec).canonical()))


def is_sensible(design: Design) -> bool:
    """Tell whether every stage does something, and there are 1 to `MAX_STAGES` of them.

    The identity does nothing without attention, except as the only stage, where it is the embedding itself.
    """
    idle = [kind_of(s.block) == "identity" and ATTENTION not in map(kind_of, s.connections) for s in design.stages]
    alone = len(design.stages) == 1 and not design.stages[0].connections
    return 0 < len(design.stages) <= MAX_STAGES and (alone or not any(idle))


def sample(n: int, seen: Iterable[str], generator: np.random.Generator) -> list[str]:
    """Draw n different networks that are not among those seen.

    All numbers of blocks, kinds of blocks and connections are equally likely; one head in four is the MLP.
    """
    known = {same(each) for each in seen}
    found: list[str] = []
    while len(found) < n:
        n_stages = generator.integers(1, MAX_STAGES + 1)
        kinds = generator.choice(list(BLOCKS), n_stages)
        links = [(str(kind), LINKS[generator.integers(len(LINKS))]) for kind in kinds]
        design = compose(links, str(generator.choice(list(HEADS), p=[0.75, 0.25])))
        if is_sensible(design) and same(str(design)) not in known:
            known.add(same(str(design)))
            found.append(str(design))
    return found


def mutations(candidate: str) -> list[str]:
    """List all networks that are one change away: a block, a connection or the head swapped, a block added or left out.

    The change starts from the network's spec; a paper's network takes its other properties from the fusion models.
    """
    design = parse(chain(candidate).spec)
    links: list[Link] = [(kind_of(s.block), tuple(map(kind_of, s.connections))) for s in design.stages]
    changed: list[tuple[Sequence[Link], str]] = [(links, head) for head in HEADS if head != design.head]
    for place, (kind, connections) in enumerate(links):
        before, after = links[:place], links[place + 1 :]
        changed += [([*before, (other, connections), *after], design.head) for other in BLOCKS if other != kind]
        changed += [([*before, (kind, other), *after], design.head) for other in LINKS if other != connections]
        changed.append(([*before, *after], design.head))
    for place, kind in product(range(len(links) + 1), BLOCKS):
        changed.append(([*links[:place], (kind, ()), *links[place:]], design.head))
    designs = [compose(each, head) for each, head in changed if each]
    texts = [str(each) for each in designs if is_sensible(each)]
    return [text for text in dict.fromkeys(texts) if same(text) != same(candidate)]


def propose(best: Sequence[str], seen: Collection[str], n: int, generator: np.random.Generator) -> list[str]:
    """Propose n new candidates, each a mutation of one of the best networks in turn.

    No candidate was seen before, and none comes twice. There are fewer than n if no more mutations are left.
    """
    known = {same(each) for each in (*seen, *best)}
    found: list[str] = []
    queues = [list(generator.permutation(mutations(parent))) for parent in best]
    while len(found) < n and any(queues):
        for queue in queues:
            while queue and len(found) < n:
                text = str(queue.pop())
                if same(text) not in known:
                    known.add(same(text))
                    found.append(text)
                    break
    return found
