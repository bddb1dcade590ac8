"""Wybo et al. 2022: numbers of the gain-modulated networks (Tables 2 and 4, Figs 3, 4, 6)."""

from __future__ import annotations

from typing import Literal, get_args

from dendmod.sources import Source

SUPERVISED = Source("Wybo 2022", "Methods, Supervised learning in the fully connected networks")
MATRICES = Source("Wybo 2022", "Methods, Table 2")
CONTRASTIVE = Source("Wybo 2022", "Methods, Table 4 and Task-modulated contrastive learning")

BATCH = 1000
MAX_EPOCHS = 50
PATIENCE = 5
SEEDS = 5

TASKS_2D = 48
WIDTH_2D = 50
LAYERS_2D = (1, 4)
WIDTH_BY_DEPTH = 25
LAYERS_BY_WIDTH = 2
WIDTH_TRANSFER = 100

# Table 2: delta = .5 sqrt(k), epsilon = .3 sqrt(n), lambda = .1
PMD_DELTA = 0.5
PMD_EPSILON = 0.3
SD_LAMBDA = 0.1
GAIN_BATCH = 100
SEARCH_TASKS = 10
MATRIX_WIDTHS = (25, 50, 100, 200)  # read off Fig 4F
DPCA_FALLS_FROM = 100
RECONSTRUCTION_DIFFERENCES = 1000
RECONSTRUCTION_WIDTH = 100

# Table 4 and the text on Fig 6
TEMPERATURE = 0.5
CHANNELS = 64
KERNEL = 3
PROJECTION = 64
CONTRASTIVE_EPOCHS = 100
CONTRASTIVE_BATCH = 4096
MODULATION_EPOCHS = 80
MODULATION_BATCH = 8192
LEARNING_RATES = (0.1, 0.01, 0.001)
GainStart = Literal["constant", "rademacher", "rademacher_kaiming", "kaiming"]
GAIN_STARTS: tuple[GainStart, ...] = get_args(GainStart)
STACKED_LAYERS = 4
SUBSETS = 10
CROP_SCALE = (0.08, 1.0)
FLIP = 0.5
JITTER = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}
JITTER_P = 0.8
GRAYSCALE_P = 0.2
