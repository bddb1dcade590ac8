"""Biophysical dendritic neuron modelling on NEURON."""

__version__ = "0.1.0"
