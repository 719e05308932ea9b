"""Engines: they dispatch jobs, here or on a cluster. Records make a sweep resumable, so an engine keeps nothing."""
