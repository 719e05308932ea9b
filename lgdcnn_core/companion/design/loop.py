"""The paper's rational design as a loop: evaluate, score, propose, again."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lgdcnn_core.companion.design.evaluation import Task, evaluate
from lgdcnn_core.companion.design.proposals import propose, sample
from lgdcnn_core.companion.design.record import Evaluation, Study, key
from lgdcnn_core.companion.design.scoring import GLOBAL, LOCAL, ranking, scores
from lgdcnn_core.models import CHAINS


@dataclass(frozen=True)
class Plan:
    """What a search evaluates.

    Attributes
    ----------
    tasks
        Data sets, each with its recipe; a candidate's score is its mean over them.
    start
        Networks to begin with. The two references of the region are put in front if they are not there.
    n_random
        Networks drawn at random after those.
    rounds, per_round
        Rounds of proposals, and proposals in each.
    parents
        Best-scored candidates, of all that were evaluated, that a round's proposals are mutations of.
    seed
        Of drawing and proposing, and of the training.
    """

    tasks: tuple[Task, ...]
    start: tuple[str, ...] = tuple(CHAINS)
    n_random: int = 12
    rounds: int = 2
    per_round: int = 4
    parents: int = 3
    seed: int = 0


def search(
    plan: Plan,
    study: Study,
    evaluated: Callable[[Evaluation], None] = lambda _: None,
    until: float = float("inf"),
) -> list[str]:
    """Run the loop; what the study holds already is read instead of made again.

    Candidates follow from the plan and the scores alone, so an interrupted search goes on as it would have.

    Parameters
    ----------
    plan
        What to evaluate.
    study
        Where the records are and go.
    evaluated
        Called with each evaluation as it is made.
    until
        No evaluation is begun after this time, of `time.monotonic`.

    Returns
    -------
    list of str
        All candidates that were evaluated on all data sets, in the order of their evaluation.
    """
    done: list[str] = []
    found: list[Evaluation] = []
    for candidate, origin in _candidates(plan, done, found):
        of_candidate = _on_all_sets(plan, candidate, origin, plan.seed, study, evaluated, until)
        if of_candidate is None:
            break
        found += of_candidate
        done.append(candidate)
    return done


def repeat(
    plan: Plan,
    candidates: Sequence[str],
    training_seed: int,
    study: Study,
    evaluated: Callable[[Evaluation], None] = lambda _: None,
    until: float = float("inf"),
) -> list[str]:
    """Evaluate candidates of a search again with another training seed, to see how far scores and errors repeat.

    Parameters and result are as in `search`; the references of the region should be among the candidates.
    """
    done = []
    for candidate in candidates:
        origin = study.read(key(candidate, plan.tasks[0].dataset, plan.seed)).origin
        if _on_all_sets(plan, candidate, origin, training_seed, study, evaluated, until) is None:
            break
        done.append(candidate)
    return done


def _on_all_sets(
    plan: Plan,
    candidate: str,
    origin: str,
    training_seed: int,
    study: Study,
    evaluated: Callable[[Evaluation], None],
    until: float,
) -> list[Evaluation] | None:
    """Read or make a candidate's evaluations on all data sets; None if time was up before."""
    found = []
    for task in plan.tasks:
        name = key(candidate, task.dataset, training_seed)
        if name not in study:
            if time.monotonic() > until:
                return None
            study.write(evaluate(candidate, task, training_seed, origin))
            evaluated(study.read(name))
        found.append(study.read(name))
    return found


def _candidates(plan: Plan, done: list[str], found: list[Evaluation]) -> Iterator[tuple[str, str]]:
    """Yield candidates and their origins, proposals made of what was found up to then."""
    start = list(dict.fromkeys([GLOBAL, LOCAL, *plan.start]))
    yield from ((name, "paper" if name in CHAINS else "given") for name in start)
    drawn = sample(plan.n_random, start, np.random.default_rng([plan.seed, 0]))
    yield from ((name, "random") for name in drawn)
    for number in range(1, plan.rounds + 1):
        proposed = next_round(found, done, plan.per_round, plan.parents, np.random.default_rng([plan.seed, number]))
        yield from ((name, f"round {number}") for name in proposed)


def next_round(
    evaluations: Sequence[Evaluation], seen: Sequence[str], n: int, parents: int, generator: np.random.Generator
) -> list[str]:
    """Propose the next n candidates: mutations of those whose CECVs are nearest to the target region."""
    return propose(list(ranking(scores(evaluations)).index[:parents]), seen, n, generator)
