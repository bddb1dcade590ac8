"""Figure 6 of Wyrick & Mazzucato 2021."""
