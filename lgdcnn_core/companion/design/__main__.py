"""Run the study of whether CECV predicts accuracy: ``python -m lgdcnn_core.companion.design --help``. Resumable."""

import argparse
import time

from lgdcnn_core.companion.design.loop import Plan, repeat, search
from lgdcnn_core.companion.design.record import Evaluation, committed_study, local_study
from lgdcnn_core.companion.design.study import NAME, TASKS


def main() -> None:
    """Evaluate the candidates that are not evaluated yet, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.design", description=__doc__)
    parser.add_argument("--committed", action="store_true", help="keep the records in data/design, not build/design")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no evaluation after this time")
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="N", help="then train all candidates again, until each has N seeds"
    )
    arguments = parser.parse_args()
    study = committed_study(NAME) if arguments.committed else local_study(NAME)
    if study is None:
        parser.error("there is no checkout to keep committed records in")
    until = time.monotonic() + 60 * arguments.minutes
    plan = Plan(TASKS)
    done = search(plan, study, _report, until)
    print(f"{len(done)} candidates evaluated on all {len(TASKS)} data sets")
    for number in range(1, arguments.seeds):
        again = repeat(plan, done, plan.seed + number, study, _report, until)
        print(f"{len(again)} of them with seed {plan.seed + number}")


def _report(evaluation: Evaluation) -> None:
    print(
        f"{evaluation.key}: validation MAE {evaluation.val_mae:.4g} (mean predictor "
        f"{evaluation.mean_predictor_mae:.4g}), {sum(evaluation.seconds.values()):.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
