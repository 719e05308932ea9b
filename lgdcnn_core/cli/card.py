"""`lgdcnn card`: list the trained networks, or show the card of one."""

from argparse import Namespace

from lgdcnn_core.pretrained import catalogue


def run(chosen: Namespace) -> int:
    """Run the command; return the exit status."""
    if chosen.name is not None:
        print(catalogue.card(chosen.name))
        return 0
    for name in catalogue.names():
        print(f"{name:16} {catalogue.model(name).about}")
    return 0
