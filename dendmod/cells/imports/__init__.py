"""Cells of the field's formats: converted or read out of NEURON, held against the original."""
