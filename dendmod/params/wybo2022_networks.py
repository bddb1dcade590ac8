"""Wybo et al. 2022: numbers of the gain-modulated networks (Tables 2 and 4, Figs 3, 4, 6)."""

from __future__ import annotations

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
GAIN_STARTS = ("constant", "rademacher", "rademacher_kaiming", "kaiming")
STACKED_LAYERS = 4
SUBSETS = 10
CROP_SCALE = (0.08, 1.0)
FLIP = 0.5
JITTER = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}
JITTER_P = 0.8
GRAYSCALE_P = 0.2

CLAIMS = {
    "fig3": {
        "solves_2d": "gains alone switch one network between 48 two-dimensional tasks",
        "depth_2d": "four hidden layers are more accurate on them than one",
        "methods_alike": "modulating gain and bias is as good as a task-specific readout",
        "xshift_slightly_lower": "gain with a shared x-shift is slightly below gain and bias",
        "depth": "performance rises with the number of hidden layers",
        "width": "performance rises strongly with the width of the layers",
        "transfer_one_layer": "with one hidden layer all methods transfer alike",
        "transfer_deep": "with more layers modulation transfers better than a readout",
    },
    "fig4": {
        "dpmd_best": "dPMD is best at every k",
        "rp_rises": "random projections improve strongly with k",
        "dpca_saturates": "dPCA is good at small k and falls from k = 100 on",
        "differences_help": "matrices of differences beat those of samples for SD and PMD",
        "reconstruction_falls": "supervised training reduces the reconstruction loss",
        "reconstruction_shared": "shared weights end nearer to dPMD than task-specific ones",
    },
    "fig6": {
        "tmcl_rises": "TMCL improves with the number of layers",
        "backprop_envelope": "end-to-end backpropagation is above TMCL",
        "rp_lower": "random filters start lower and rise less",
        "rp_on_top": "random layers on a TMCL layer do not improve",
        "cl_flat": "without modulation in the contrastive phase stacking does not help",
        "cl_within_flat": "nor where both views of a sample have one task (another reading)",
        "modulation_helps": "with all layers, modulated views are better than others",
        "more_tasks": "more tasks in the contrastive phase are better",
    },
}
