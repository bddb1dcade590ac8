"""One frame for every figure: settings, tasks, claims, summary.json, picture."""
