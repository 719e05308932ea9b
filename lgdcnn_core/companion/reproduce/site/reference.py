"""Pages of the reference: one for each subpackage, with all its public names and their docstrings."""

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from types import ModuleType

from sphinx.pycode import ModuleAnalyzer

import lgdcnn_core
from lgdcnn_core import companion

STOREYS = {"Reference: the method": lgdcnn_core, "Reference: the companion": companion}
"""Packages whose subpackages the contents list, by the heading above them."""

DOORS = ("lgdcnn_core.models.published",)
"""Modules for users that their subpackage does not offer under its own name."""

LONGEST_VALUE = 60
"""Values of constants that take more characters are left out."""


@dataclass(frozen=True)
class Member:
    """A public name of a module: its kind, where it is defined, and its docstring."""

    name: str
    kind: str
    origin: str
    text: str

    @property
    def summary(self) -> str:
        """First paragraph of the docstring, in one line."""
        return " ".join(self.text.strip().split("\n\n")[0].split())


def write(folder: Path) -> dict[str, list[str]]:
    """Write the pages of the reference as reStructuredText, and return their names by heading in the contents.

    Parameters
    ----------
    folder
        Where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    documented: set[tuple[str, str]] = set()
    pages: dict[str, list[str]] = {}
    for caption, storey in STOREYS.items():
        pages[caption] = []
        for name in [storey.__name__, *_rooms(storey)]:
            module = importlib.import_module(name)
            parts = {module: members(module)}
            if hasattr(module, "__path__") and not hasattr(module, "__all__") and module is not storey:
                parts |= {part: members(part) for part in map(importlib.import_module, _parts(module))}
            for part, offered in parts.items():
                parts[part] = [each for each in offered if (each.origin, each.name) not in documented]
                documented |= {(each.origin, each.name) for each in offered}
            if any(parts.values()):
                pages[caption].append(name)
                (folder / f"{name}.rst").write_text(_page(parts), encoding="utf-8")
    return pages


def members(module: ModuleType) -> list[Member]:
    """Return the public names of a module: those in ``__all__``, or else all public ones that it defines."""
    names = getattr(module, "__all__", None) or [
        *[name for name, value in vars(module).items() if _is_code(value) and value.__module__ == module.__name__],
        *[name for scope, name in _constants(module.__name__) if not scope],
    ]
    return [_member(module, name) for name in sorted(set(names), key=str.lower) if not name.startswith("_")]


def _is_code(value: object) -> bool:
    # A function with a cache is an object that wraps it.
    return inspect.isclass(value) or (callable(value) and inspect.isfunction(inspect.unwrap(value)))


def _member(module: ModuleType, name: str) -> Member:
    value = getattr(module, name)
    if isinstance(value, ModuleType):
        return Member(name, "module", value.__name__, value.__doc__ or "")
    if _is_code(value) and value.__name__ == name:
        raised = inspect.isclass(value) and issubclass(value, BaseException)
        kind = "exception" if raised else "class" if inspect.isclass(value) else "function"
        return Member(name, kind, value.__module__, value.__doc__ or "")
    origin = _definition(module, name)
    return Member(name, "data", origin, "\n".join(_constants(origin).get(("", name), [])))


def _definition(module: ModuleType, name: str) -> str:
    """Return the module that defines a documented constant: this one, or the part of it that does."""
    for part in [module.__name__, *_parts(module)]:
        if ("", name) in _constants(part):
            return part
    return module.__name__


def _constants(module: str) -> dict[tuple[str, str], list[str]]:
    """Docstrings of a module's constants, by class (none at the top) and name."""
    return ModuleAnalyzer.for_module(module).find_attr_docs()


def _rooms(storey: ModuleType) -> list[str]:
    other = {package.__name__ for package in STOREYS.values()}
    found = [name for name in _parts(storey) if name not in other]
    return sorted([*found, *[door for door in DOORS if door.rsplit(".", 2)[0] == storey.__name__]])


def _parts(package: ModuleType) -> list[str]:
    """Return the names of all modules and packages directly in a package, except those that are run as programs."""
    found = pkgutil.iter_modules(getattr(package, "__path__", []), f"{package.__name__}.")
    return [each.name for each in found if not each.name.endswith(("__main__", ".conf", ".worker"))]


def _page(parts: dict[ModuleType, list[Member]]) -> str:
    (first, offered), *others = parts.items()
    text = [_heading(first.__name__, "="), f".. automodule:: {first.__name__}\n", _table(first, offered)]
    text += [_entry(first, member) for member in offered]
    for module, more in others:
        if more:
            text += [_heading(module.__name__, "-"), f".. automodule:: {module.__name__}\n"]
            text += [_entry(module, member) for member in more]
    return "\n".join(text)


def _heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"


def _table(module: ModuleType, offered: list[Member]) -> str:
    """List what a module offers, each with the first line of its docstring."""
    if not offered:
        return ""
    rows = "\n".join(f"   * - :py:obj:`~{module.__name__}.{each.name}`\n     - {each.summary}" for each in offered)
    return f".. list-table::\n   :widths: 35 65\n   :class: summary\n\n{rows}\n"


def _entry(module: ModuleType, member: Member) -> str:
    path = f"{module.__name__}.{member.name}"
    if member.kind == "module":
        # A subpackage has a page of its own.
        return ""
    if member.kind == "data":
        # Sphinx looks for a constant's docstring where it is offered, and finds none: it is where it is defined.
        value = repr(getattr(module, member.name))
        shown = f"   :value: {value}\n" if len(value) <= LONGEST_VALUE else ""
        return f".. py:data:: {path}\n{shown}\n{indent(member.text, '   ')}\n"
    options = "   :members:\n" if member.kind in ("class", "exception") else ""
    if member.kind == "class":
        options += _inherited(getattr(module, member.name))
    return f".. auto{member.kind}:: {path}\n{options}"


def _inherited(value: type) -> str:
    """Return the option that shows what a class inherits from classes of its own room, which have no entries."""
    bases = value.__mro__[1:]
    room = value.__module__.rpartition(".")[0]
    if not any(base.__module__.startswith(f"{room}.") for base in bases):
        return ""
    foreign = [base.__name__ for base in bases if base.__module__.partition(".")[0] != room.partition(".")[0]]
    return f"   :inherited-members: {', '.join(foreign)}\n"
