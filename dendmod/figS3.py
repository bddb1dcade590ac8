"""Figure S3 of Wybo et al. 2022: ``python -m dendmod.figS3``."""

import runpy

if __name__ == "__main__":
    runpy.run_module("dendmod.papers.wybo2022.figS3.figure", run_name="__main__")
