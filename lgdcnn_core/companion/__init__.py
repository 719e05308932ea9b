"""The companion: everything that reproduces the paper with the method of `lgdcnn_core`, and nothing that it needs.

Install it with the extra of the same name, ``pip install .[companion]``.
"""
