"""``python -m dendmod.neuromodulation FIG``"""

import runpy

if __name__ == "__main__":
    runpy.run_module("dendmod.papers.shine2021.command", run_name="__main__")
