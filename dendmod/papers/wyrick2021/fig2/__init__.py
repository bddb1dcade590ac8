"""Figure 2 of Wyrick & Mazzucato 2021."""
