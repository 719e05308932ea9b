"""Sphinx's settings for the site."""

import re
from typing import Any

from sphinx.application import Sphinx

from lgdcnn_core import __version__

project = "L-G-DCNN Companion"
author = "The L-G-DCNN Companion maintainers"
release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb", ".rst": "restructuredtext"}

# Pages show what was executed; a build runs nothing.
nb_execution_mode = "off"
nb_render_markdown_format = "gfm"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
# Scripts for widgets would come from the network.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
myst_enable_extensions = ["html_image"]
myst_heading_anchors = 4

autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
# A name in backticks is code; where it names something of the reference, it links there.
default_role = "py:obj"
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"

_ARRAY = re.compile(r"ndarray\[tuple\[Any, \.\.\.\], dtype\[(\w+)\]\]")


def setup(app: Sphinx) -> None:
    """Make the reference match the code: no methods of other libraries, and types of arrays as they are written."""

    def foreign(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
        # scikit-learn adds methods to its estimators.
        return True if str(getattr(value, "__module__", "")).startswith("sklearn.") else None

    def shorten(app: Sphinx, what: str, name: str, *_: Any) -> None:
        # Python spells NDArray[x] out.
        types = (app.env.temp_data.get("annotations") or {}).get(name, {})
        for parameter, text in types.items():
            types[parameter] = _ARRAY.sub(r"NDArray[\1]", text)

    app.connect("autodoc-skip-member", foreign)
    app.connect("autodoc-process-signature", shorten, priority=900)
