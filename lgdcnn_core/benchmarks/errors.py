"""What can go wrong with benchmark data, one exception class each."""


class DataError(Exception):
    """A data file is missing, differs from the manifest, or cannot be fetched."""


class UnknownDataSetError(DataError, ValueError):
    """A name that is no benchmark data set, protocol, kind or published table."""


class FoldError(DataError, ValueError):
    """A fold that is missing, outside 0 to 4, or asked of a set that has none."""
