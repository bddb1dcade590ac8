"""How `make docs` builds these pages."""

import dendmod

project = "dendmod"
author = "dendmod contributors"
release = version = dendmod.__version__
extensions = ["myst_parser", "sphinx.ext.mathjax"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "Dendrites on NEURON", "fixed_sidebar": True}
