"""How `make docs` builds these pages."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import dendmod

sys.path.insert(0, str(Path(__file__).parent))
from examples_run import configuration

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of each example
project = "dendmod"
author = "dendmod contributors"
release = version = dendmod.__version__
extensions = [
    "myst_parser", "sphinx.ext.mathjax", "sphinx.ext.autodoc", "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
]  # fmt: skip
autodoc_default_options = {
    "members": True, "member-order": "bysource",
    "exclude-members": "model_config,model_post_init",
}  # fmt: skip
autodoc_mock_imports = [name for name in ("torch", "sklearn", "deap") if find_spec(name) is None]
napoleon_google_docstring = False
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "gallery"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "Dendrites on NEURON", "fixed_sidebar": True}
html_static_path = ["_static"]
html_css_files = ["pages.css"]  # narrow windows
sphinx_gallery_conf = configuration(workers=2)
