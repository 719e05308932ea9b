"""The static site: README, executed notebooks, figures, data card and the reference of the package, with search.

``python -m lgdcnn_core.companion.reproduce.site`` builds it without a network; it needs the extra ``site``.
"""
