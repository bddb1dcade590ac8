"""``python -m dendmod.neuromodulation FIG``, as ``dendmod figure shine2021/FIG``."""

from dendmod.study.command import paper_command

if __name__ == "__main__":
    paper_command("shine2021", "python -m dendmod.neuromodulation")
