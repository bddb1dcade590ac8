"""Figures 2 to 8 and Table 3 of Wyrick & Mazzucato 2021: ``python -m dendmod.clustered FIG``."""

from dendmod.study.command import paper_command

if __name__ == "__main__":
    paper_command("wyrick2021", "python -m dendmod.clustered")
