"""Wyrick & Mazzucato 2021: what changes of state do to clustered networks."""
