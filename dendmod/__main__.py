"""``python -m dendmod``"""

from dendmod.cli import main

main()
