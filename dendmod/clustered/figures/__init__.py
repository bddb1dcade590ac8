"""The figures of Wyrick & Mazzucato 2021: what each runs, its summary and its picture."""
