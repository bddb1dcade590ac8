"""Figure 5 of Wybo 2022: ``python -m dendmod.fig5``, as ``dendmod figure wybo2022/fig5``."""

from dendmod.study.command import figure_command

if __name__ == "__main__":
    figure_command("wybo2022/fig5", program="python -m dendmod.fig5")
