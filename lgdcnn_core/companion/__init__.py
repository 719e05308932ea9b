"""The companion: everything that reproduces the paper with `lgdcnn_core`, which works without it.

Install it with the extra of the same name, ``pip install .[companion]``.
"""
