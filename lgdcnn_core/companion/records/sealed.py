"""Write sealed JSON, which readers refuse if it has changed, and directories that appear whole or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RECORD = "record.json"
"""Name of a record's main file, which states the hashes of the others."""

WAY_OUT = "Restore its directory from version control, or remove the directory and run again."


class BrokenRecord(RuntimeError):
    """A record or one of its files is damaged, or was changed after it was written."""


class RecordExists(RuntimeError):
    """A record exists already, and records are never overwritten."""


def seal(content: Mapping[str, Any], version: int) -> str:
    """Return the text of a sealed JSON file: one line per field, with the format's version and a sha256 over all.

    Raises
    ------
    ValueError
        For NaN and infinity, which JSON does not have; use None for a missing value.
    """
    sealed = {"format": version, **content}
    sealed["sha256"] = _content_hash(sealed)
    lines = (
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for name, value in sealed.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def unseal(text: str, name: str, formats: Mapping[int, Iterable[str]]) -> dict[str, Any]:
    """Return the content of a sealed JSON file, without version and sha256.

    Parameters
    ----------
    text
        Text from `seal`.
    name
        Name of the record in error messages.
    formats
        Versions that the reader knows, and the fields of each.

    Raises
    ------
    BrokenRecord
        If `seal` did not make the text from the fields of one of these versions.
    """
    try:
        content: dict[str, Any] = json.loads(text)
        stated = content.pop("sha256")
        found = _content_hash(content)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise BrokenRecord(f"{RECORD} of {name} is not a record ({error!r}). {WAY_OUT}") from error
    if stated != found:
        raise BrokenRecord(f"{RECORD} of {name} was edited: its content has sha256 {found}, not {stated}. {WAY_OUT}")
    given = content.pop("format", None)
    is_known = type(given) is int and given in formats
    expected = set(formats[given if is_known else max(formats)])
    if not is_known or set(content) != expected:
        known = " and ".join(map(str, sorted(formats)))
        differing = ", ".join(sorted(expected ^ set(content))) or "none"
        raise BrokenRecord(
            f"{RECORD} of {name} has format {given}, but this package reads {known} "
            f"(fields that differ: {differing}). {WAY_OUT}"
        )
    return content


def read(file: Path, name: str) -> bytes:
    """Return the bytes of a file of a record.

    Raises
    ------
    FileNotFoundError
        If there is none.
    BrokenRecord
        If it cannot be read, for example because it is a directory; the message calls the record `name`.
    """
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BrokenRecord(f"{file.name} of {name} cannot be read ({error}). {WAY_OUT}") from error


def read_checked(directory: Path, file: str, stated: str, name: str) -> bytes:
    """Return the bytes of a file of a record, after checking their hash.

    Raises
    ------
    BrokenRecord
        If the file is missing or cannot be read, or its sha256 is not `stated`; the message calls the record `name`.
    """
    try:
        content = read(directory / file, name)
    except FileNotFoundError:
        raise BrokenRecord(f"{name} has no {file}. {WAY_OUT}") from None
    found = sha256(content)
    if found != stated:
        raise BrokenRecord(f"{file} of {name} has sha256 {found}, not {stated}. {WAY_OUT}")
    return content


def write_directory(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a directory with these files in one step: if the process is killed, there is no directory.

    Raises
    ------
    RecordExists
        If the directory exists already.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        for name, content in files.items():
            (partial / name).write_bytes(content)
        # On every system rename, unlike replace, refuses to overwrite a directory that has files.
        os.rename(partial, target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if target.exists():
            raise RecordExists(f"{target} exists already, and records are never overwritten") from error
        raise


def sha256(content: bytes) -> str:
    """Return the sha256 of bytes, as records state it."""
    return hashlib.sha256(content).hexdigest()


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the sha256 of each file's bytes, as records state them."""
    return {name: sha256(content) for name, content in files.items()}


def _content_hash(content: Mapping[str, Any]) -> str:
    """Return the sha256 of the values, whatever the layout of the text."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return sha256(canonical.encode())
