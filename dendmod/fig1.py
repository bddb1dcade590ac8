"""Figure 1 of Wybo et al. 2022: ``python -m dendmod.fig1``."""

import runpy

if __name__ == "__main__":
    runpy.run_module("dendmod.papers.wybo2022.fig1.figure", run_name="__main__")
