"""Figure 8 of Wyrick & Mazzucato 2021."""
