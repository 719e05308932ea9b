"""Compounds to test with: pure elements and long formulas, one that is no missing value, compounds with ties."""

FORMULAS = ["NaCl", "Fe2O3", "SrTiO3", "Cu", "Li3Fe2(PO4)3", "K2Mg5Sn3", "CsPbI3", "NaN", "Al2SiO5", "ZnS"]
