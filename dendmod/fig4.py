"""Figure 4 of Wybo et al. 2022: ``python -m dendmod.fig4``, as ``dendmod figure wybo2022/fig4``."""

from dendmod.study.command import figure_command

if __name__ == "__main__":
    figure_command("wybo2022/fig4", program="python -m dendmod.fig4")
