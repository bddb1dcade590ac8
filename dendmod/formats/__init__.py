"""Results for other programs, a module a format: xarray, NWB, neo.

The modules take `Recorded`, which holds arrays, names and units and knows no kind of result; the
results turn themselves into it.
"""
