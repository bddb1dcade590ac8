"""Figure 3 of Wybo et al. 2022: ``python -m dendmod.fig3``."""

import runpy

if __name__ == "__main__":
    runpy.run_module("dendmod.papers.wybo2022.fig3.figure", run_name="__main__")
