"""Records: files that are written once, sealed by a hash, and say where they come from; directories of them."""
