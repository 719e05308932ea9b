"""Material properties from composition alone: CECV, L-G-DCNN and the networks of Du & Wang (JCTC 2024)."""

__version__ = "0.1.0"
