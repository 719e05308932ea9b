"""Stated uncertainties: how well they fit the errors, and intervals that conformal prediction makes of them."""
