"""Figure 7 of Wyrick & Mazzucato 2021."""
