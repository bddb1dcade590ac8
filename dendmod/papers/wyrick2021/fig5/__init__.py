"""Figure 5 of Wyrick & Mazzucato 2021."""
