"""Labels and colours of mechanisms, the same in every figure."""

from __future__ import annotations

from dendmod.study.claims import NOT_REPRODUCED, NOT_RESOLVED, REPRODUCED

LABELS = {
    "control": "control",
    "ampa_up": "AMPA ×1.5",
    "gaba_up": "GABA ×1.5",
    "nmda_up": "NMDA:AMPA ×2",
    "nmda_off": "AMPA alone",
    "depolarised": "leak +3 mV",
    "rectifier_up": "Kv3.1 ×1.5",
    "rectifier_down": "Kv3.1 ×0.67",
    "t_type_off": "T-type off",
    "sk_down": "SK ×0.5",
    "hcn_closed": "HCN closed, raw",
    "hcn_closed_held": "HCN closed, rest held",
    "calcium_up_apical": "Ca ×1.5, apical",
    "calcium_up": "Ca ×1.5, everywhere",
    "noradrenaline": "α2 with rest held",
    "noradrenaline_raw": "α2 raw",
    "noradrenaline_sk": "rest held, α1 opens SK",
}

COLOURS = {
    "control": "#333333",
    "ampa_up": "#009E73",
    "gaba_up": "#D55E00",
    "nmda_up": "#0072B2",
    "nmda_off": "#E69F00",
    "depolarised": "#CC79A7",
    "rectifier_up": "#0072B2",
    "rectifier_down": "#56B4E9",
    "t_type_off": "#009E73",
    "sk_down": "#D55E00",
    "hcn_closed": "#E69F00",
    "hcn_closed_held": "#0072B2",
    "calcium_up_apical": "#009E73",
    "calcium_up": "#CC79A7",
    "noradrenaline": "#0072B2",
    "noradrenaline_raw": "#E69F00",
    "noradrenaline_sk": "#D55E00",
}

VERDICTS = {REPRODUCED: "#009E73", NOT_RESOLVED: "#E69F00", NOT_REPRODUCED: "#D55E00"}
