"""Figure S3 of Wybo 2022: ``python -m dendmod.figS3``, as ``dendmod figure wybo2022/figS3``."""

from dendmod.study.command import figure_command

if __name__ == "__main__":
    figure_command("wybo2022/figS3", program="python -m dendmod.figS3")
