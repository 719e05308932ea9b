"""Records: files written once, sealed by a hash, that state where they come from; and the stores that hold them."""
