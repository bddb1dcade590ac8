"""The fast engine of networks of few-compartment cells."""

from dendmod.engines.kernel.network import KernelSimulator

__all__ = ["KernelSimulator"]
