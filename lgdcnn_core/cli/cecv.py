"""`lgdcnn cecv`: how finely each layer of a model distinguishes the environments of an element."""

from argparse import Namespace

from lgdcnn_core import cecv
from lgdcnn_core.cli import reading
from lgdcnn_core.composition.notation import ATOMIC_NUMBERS


class UnknownElement(ValueError):
    """No element has this symbol."""


def run(chosen: Namespace) -> int:
    """Run the command; return the exit status."""
    if chosen.element not in ATOMIC_NUMBERS:
        raise UnknownElement(f"no element has the symbol {chosen.element!r}")
    fitted = reading.model(chosen.model, chosen.device)
    frame, formula = reading.readable(chosen.table, chosen)
    efms = cecv.layer_efms(fitted.network_, fitted.batches(frame[formula]), ATOMIC_NUMBERS[chosen.element])
    vectors = efms.cecvs()
    print(f"CECV of {chosen.element}: clusters of environments at each threshold, per compound")
    width = max(map(len, vectors))
    for layer, vector in vectors.items():
        print(f"  {layer:{width}}  {'  '.join(f'{value:.3f}' for value in vector.normalised)}")
    first = next(iter(vectors.values()))
    print(f"thresholds: {', '.join(f'{threshold:g}' for threshold in first.thresholds)}; n = {first.n_compounds}")
    return 0
