"""Figure 4 of Wyrick & Mazzucato 2021."""
