"""Figure 6 of Wybo et al. 2022: ``python -m dendmod.fig6``."""

import runpy

if __name__ == "__main__":
    runpy.run_module("dendmod.papers.wybo2022.fig6.figure", run_name="__main__")
