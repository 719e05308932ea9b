"""Run the paper's rational design as a loop: evaluate, score, propose, repeat."""

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
    """Plan of a search: the candidates that it evaluates, and the data sets.

    Attributes
    ----------
    tasks
        Data sets, each with its recipe; a candidate's score is its mean over them.
    start
        Networks to begin with. The search puts the two references of the region in front if they are missing.
    n_random
        Number of networks drawn at random after those.
    rounds, per_round
        Number of rounds of proposals, and of proposals in each.
    parents
        Number of best-scored candidates, among all that were evaluated, that a round mutates.
    seed
        Seed of drawing, of proposing and of the training.
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
    """Run the design loop; evaluations that the study already holds are read, not repeated.

    Candidates depend only on the plan and the scores, so an interrupted search continues as it would have.

    Parameters
    ----------
    plan
        Plan of the search.
    study
        Study that holds the records and takes new ones.
    evaluated
        Called with each evaluation as it is made.
    until
        No evaluation starts after this time, as `time.monotonic` counts it.

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
    """Read or make a candidate's evaluations on all data sets; None if the time ran out first."""
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
    """Yield candidates and their origins; proposals follow from the evaluations up to then."""
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
