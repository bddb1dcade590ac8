"""Figure 3 of Wyrick & Mazzucato 2021."""
