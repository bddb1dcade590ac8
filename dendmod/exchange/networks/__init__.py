"""Networks of reduced cells as files for other programs."""

from dendmod.exchange.networks.sonata import write_sonata

__all__ = ["write_sonata"]
