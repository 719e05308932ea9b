"""Cross-fit runs: predict every compound by networks that have not learnt it; existing records are kept."""

import argparse
from collections.abc import Sequence

from lgdcnn_core.companion.runs import BrokenRecord, OutdatedRecord, RunSpec
from lgdcnn_core.companion.uncertainty.crossfit import committed_crossfits, local_crossfits, make


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the missing records and print a line for each training; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.uncertainty", description=__doc__)
    parser.add_argument("dataset", help="data set, such as matbench_phonons")
    parser.add_argument("--fold", type=int, help="fold of a Matbench task")
    parser.add_argument("--model", default="L-G-DCNN", help="network; default: L-G-DCNN")
    parser.add_argument("--recipe", default="fast", help="recipe; default: fast")
    parser.add_argument("--seed", type=int, default=0, help="seed of parts and trainings; default: 0")
    parser.add_argument("--committed", action="store_true", help="keep the record in data/, not in build/")
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best there is")
    chosen = parser.parse_args(arguments)
    store = committed_crossfits() if chosen.committed else local_crossfits()
    if store is None:
        parser.error("--committed needs a checkout of the repository")
    try:
        spec = RunSpec(chosen.dataset, chosen.fold, chosen.model, chosen.recipe, seed=chosen.seed)
        if spec.key in store:
            print(f"{spec.key}: there already")
            return 0
        record = make(spec, store, chosen.device, lambda line: print(line, flush=True))
    except (ValueError, BrokenRecord, OutdatedRecord) as error:  # its message lists the known names
        parser.error(str(error))
    print(f"{record.key}: {record.n_compounds:,} compounds, {record.seconds:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
