"""How `make docs` builds these pages."""

from importlib.util import find_spec

import dendmod

project = "dendmod"
author = "dendmod contributors"
release = version = dendmod.__version__
extensions = [
    "myst_parser", "sphinx.ext.mathjax", "sphinx.ext.autodoc", "sphinx.ext.napoleon",
]  # fmt: skip
autodoc_default_options = {
    "members": True, "member-order": "bysource",
    "exclude-members": "model_config,model_post_init",
}  # fmt: skip
autodoc_mock_imports = [name for name in ("torch", "sklearn", "deap") if find_spec(name) is None]
napoleon_google_docstring = False
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "Dendrites on NEURON", "fixed_sidebar": True}
