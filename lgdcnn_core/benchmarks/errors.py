"""Errors of benchmark data."""


class DataError(Exception):
    """A data file is missing, differs from the manifest, or cannot be fetched."""


class UnknownDataSetError(DataError, ValueError):
    """There is no benchmark data set, protocol, kind or published table of this name."""


class FoldError(DataError, ValueError):
    """A fold that is missing, outside 0 to 4, or asked of a set that has none."""
