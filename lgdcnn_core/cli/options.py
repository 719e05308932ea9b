"""The words of the command line, with help and examples. It imports nothing that takes time."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lgdcnn_core import __version__

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

MODEL = "joint, another name of a trained network, or a file that `lgdcnn fit` or CompositionRegressor.save wrote"
TABLES = "csv, tsv, xlsx or parquet"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command ``lgdcnn``."""
    top = argparse.ArgumentParser(
        prog="lgdcnn",
        description="Material properties from composition alone, by L-G-DCNN.",
        epilog="`lgdcnn COMMAND --help` has examples. Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but some "
        "rows were rejected.",
    )
    top.add_argument("--version", action="version", version=f"lgdcnn {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_predict, _fit, _evaluate, _cecv, _card):
        add(commands)
    return top


def _command(commands: "Commands", name: str, does: str, examples: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _device(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", help="cuda, mps or cpu; default: the best there is")


def _formula(command: argparse.ArgumentParser) -> None:
    command.add_argument("--formula", metavar="COLUMN", help="column of formulas; default: by its name")


def _predict(commands: "Commands") -> None:
    command = _command(
        commands,
        "predict",
        "predict properties of formulas, or of all formulas of a table",
        "  lgdcnn predict Fe2O3 SrTiO3\n"
        "  lgdcnn predict Fe2O3 --property mp_bulk_modulus\n"
        "  lgdcnn predict candidates.csv -o predicted.csv --property mp_bulk_modulus\n"
        "  lgdcnn predict candidates.parquet -o predicted.parquet   (any length; goes on after an interruption)\n"
        "  lgdcnn predict candidates.csv -o predicted.csv --model tc.safetensors\n",
    )
    command.add_argument("input", nargs="+", metavar="FORMULA|TABLE", help=f"formulas, or one table: {TABLES}")
    command.add_argument("-m", "--model", default="joint", help=f"{MODEL}; default: joint")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="csv, tsv or parquet file for predictions")
    command.add_argument(
        "-p", "--property", action="append", metavar="NAME", help="only this property; may be given several times"
    )
    command.add_argument(
        "--interval", type=float, metavar="SHARE", help="share of the values that intervals hold; default: 0.9"
    )
    command.add_argument(
        "--strict", action="store_true", help="predict nothing if a row is bad; default: such rows go to a file"
    )
    command.add_argument(
        "--precision",
        choices=("float32", "auto", "bfloat16"),
        default="float32",
        help="auto: bfloat16 where that is faster; it moves predictions by up to 6 %% of their error; default: float32",
    )
    _formula(command)
    _device(command)


def _fit(commands: "Commands") -> None:
    command = _command(
        commands,
        "fit",
        "train on a table of your own, and save the model",
        '  lgdcnn fit my.csv --target "Tc (K)" -o tc.safetensors\n'
        '  lgdcnn fit my.csv --target "Tc (K)" -o tc.safetensors --init joint   (for few compounds)\n'
        "  lgdcnn fit train.csv --val val.csv --target gap -o gap.safetensors --members 5\n",
    )
    command.add_argument("table", type=Path, help=TABLES)
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="file for the model")
    command.add_argument(
        "-t", "--target", action="append", metavar="COLUMN", help="column of targets; several for several properties"
    )
    command.add_argument("--val", type=Path, help="table of validation data; default: a tenth of the compounds")
    command.add_argument(
        "--group", metavar="COLUMN", help="rows with one value in it are held out together; default: those of a formula"
    )
    command.add_argument("--init", help=f"start from this model: {MODEL}")
    command.add_argument("--network", default="L-G-DCNN", help="default: L-G-DCNN")
    command.add_argument("--recipe", default="fast", help="fast or paper; default: fast")
    command.add_argument("--members", type=int, default=1, help="networks in the ensemble; default: 1")
    command.add_argument("--seed", type=int, default=0, help="default: 0")
    command.add_argument("--checkpoint", type=Path, help="file from which an interrupted training goes on")
    _formula(command)
    _device(command)


def _evaluate(commands: "Commands") -> None:
    command = _command(
        commands,
        "evaluate",
        "measure a model on a table with known targets",
        "  lgdcnn evaluate tc.safetensors test.csv --target Tc\n"
        "  lgdcnn evaluate joint measured.csv --property mp_bulk_modulus --target K\n",
    )
    command.add_argument("model", help=MODEL)
    command.add_argument("table", type=Path, help=TABLES)
    command.add_argument("-t", "--target", metavar="COLUMN", help="column of targets; default: by its name")
    command.add_argument("-p", "--property", metavar="NAME", help="property of the model; default: its only one")
    _formula(command)
    _device(command)


def _cecv(commands: "Commands") -> None:
    command = _command(
        commands,
        "cecv",
        "read how finely each layer distinguishes the environments of an element (CECV)",
        "  lgdcnn cecv tc.safetensors my.csv --element Si\n",
    )
    command.add_argument("model", help=MODEL)
    command.add_argument("table", type=Path, help=TABLES)
    command.add_argument("-e", "--element", required=True, metavar="SYMBOL", help="the element, such as Si")
    _formula(command)
    _device(command)


def _card(commands: "Commands") -> None:
    command = _command(
        commands,
        "card",
        "show what is known about a trained network: data, errors, limits, licences",
        "  lgdcnn card\n  lgdcnn card joint\n",
    )
    command.add_argument("name", nargs="?", help="a trained network; default: list them")
