"""``python -m dendmod.clustered FIG``"""

import runpy

if __name__ == "__main__":
    runpy.run_module("dendmod.papers.wyrick2021.command", run_name="__main__")
