"""Cells of the field's formats: instantiated, read out, held against the original."""
