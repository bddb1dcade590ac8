"""Cells by their formats' own rules in plain NEURON, against which an imported cell is held.

Nothing here uses dendmod's lists, distributions, morphologies or cell files: a mistake in those
would else be made twice.
"""
