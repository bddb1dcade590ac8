"""What a clustered network is: numbers of Table 1, and what follows from them."""

from __future__ import annotations

from math import sqrt
from typing import Any

from pydantic import Field, model_validator

from dendmod.errors import SpecError
from dendmod.params import wyrick2021
from dendmod.spec.base import Spec

_T1 = wyrick2021.NETWORK
POPULATIONS = ("E", "I")


class ClusteredNetwork(Spec):
    """A network of clustered E and I neurons; defaults are Table 1's.

    j in mV (weights are j / sqrt(n_neurons)), rates in spikes/s, potentials in mV, times in ms.
    `background_depressed` gives pairs with a background neuron the factor J- of two clusters in
    place of 1: a reading, not the default. `baseline_jitter_E` and `baseline_jitter_I` draw each
    neuron's baseline drive evenly within such a fraction of it to either side, once a network:
    0.05 and 0.025 in the authors' code, none in the paper's text, which is the default.
    """

    n_neurons: int = Field(int(_T1["n_neurons"]), ge=10)
    fraction_E: float = Field(_T1["fraction_E"], gt=0, lt=1)
    p_EE: float = Field(_T1["p_EE"], ge=0, le=1)
    p_EI: float = Field(_T1["p_EI"], ge=0, le=1)
    p_IE: float = Field(_T1["p_IE"], ge=0, le=1)
    p_II: float = Field(_T1["p_II"], ge=0, le=1)
    fraction_background: float = Field(_T1["fraction_background"], ge=0, lt=1)
    mean_cluster_size: int = Field(int(_T1["mean_cluster_size"]), ge=1)
    cluster_size_cv: float = Field(_T1["cluster_size_cv"], ge=0, lt=1)
    j_EE: float = Field(_T1["j_EE"], ge=0)
    j_IE: float = Field(_T1["j_IE"], ge=0)
    j_EI: float = Field(_T1["j_EI"], ge=0)
    j_II: float = Field(_T1["j_II"], ge=0)
    j_E0: float = Field(_T1["j_E0"], ge=0)
    j_I0: float = Field(_T1["j_I0"], ge=0)
    weight_cv: float = Field(_T1["weight_cv"], ge=0)
    J_plus_EE: float = Field(_T1["J_plus_EE"], ge=0)
    J_plus_II: float = Field(_T1["J_plus_II"], ge=0)
    g_EI: float = Field(_T1["g_EI"], gt=0)
    g_IE: float = Field(_T1["g_IE"], gt=0)
    r_ext: float = Field(_T1["r_ext"], ge=0)
    background_depressed: bool = False
    baseline_jitter_E: float = Field(0.0, ge=0, lt=1)
    baseline_jitter_I: float = Field(0.0, ge=0, lt=1)
    threshold_E: float = _T1["threshold_E"]
    threshold_I: float = _T1["threshold_I"]
    v_reset: float = _T1["v_reset"]
    tau_m: float = Field(_T1["tau_m"], gt=0)
    tau_s: float = Field(_T1["tau_s"], gt=0)
    t_refractory: float = Field(_T1["t_refractory"], ge=0)

    @model_validator(mode="after")
    def _clusters_fit(self) -> ClusteredNetwork:
        if self.n_clusters < 1:
            raise ValueError(
                f"clusters of {self.mean_cluster_size} do not fit into {self.n_E} E neurons; "
                "lower mean_cluster_size or fraction_background"
            )
        if self.n_clusters > 1 and self.cluster_fraction * (self.n_clusters + 1) >= 2:
            raise ValueError("too large clusters: f (p + 1) must stay below 2")
        if self.v_reset >= min(self.threshold_E, self.threshold_I):
            raise ValueError("v_reset must lie below both thresholds")
        return self

    @property
    def n_E(self) -> int:
        """Number of E neurons."""
        return round(self.fraction_E * self.n_neurons)

    @property
    def n_I(self) -> int:
        """Number of I neurons."""
        return self.n_neurons - self.n_E

    @property
    def n_clusters(self) -> int:
        """Number p of E clusters, and of I clusters."""
        return round(self.n_E * (1 - self.fraction_background) / self.mean_cluster_size)

    @property
    def n_clustered_E(self) -> int:
        """Number of E neurons in clusters."""
        return round(self.n_E * (1 - self.fraction_background))

    @property
    def I_cluster_size(self) -> int:
        """Number of I neurons in a cluster."""
        return round(self.n_I * (1 - self.fraction_background) / self.n_clusters)

    @property
    def cluster_fraction(self) -> float:
        """Fraction f of a population's neurons in one cluster."""
        return (1 - self.fraction_background) / self.n_clusters

    @property
    def gamma(self) -> float:
        """Depression per potentiation, gamma = f / (2 - f (p + 1))."""
        f = self.cluster_fraction
        return f / (2 - f * (self.n_clusters + 1))

    def factors(self, post: str, pre: str) -> tuple[float, float]:
        """Return (J+, J-): factors of weights within a cluster, and between two clusters."""
        if post == pre:
            plus = self.J_plus_EE if post == "E" else self.J_plus_II
            return plus, 1 - self.gamma * (plus - 1)
        g = self.g_EI if post == "E" else self.g_IE
        plus = self.n_clusters / (1 + (self.n_clusters - 1) / g)
        return plus, plus / g

    def weight(self, post: str, pre: str) -> float:
        """Return the mean weight without clusters (mV), negative from I."""
        j = float(getattr(self, f"j_{post}{pre}"))
        return (j if pre == "E" else -j) / sqrt(self.n_neurons)

    def probability(self, post: str, pre: str) -> float:
        """Return the probability of a connection."""
        return float(getattr(self, f"p_{post}{pre}"))

    def external(self, post: str) -> float:
        """Return the constant baseline drive I0 (mV/s) of E or I neurons.

        I0 = N_ext J_a0 r_ext with N_ext = n_E N p_EE for both populations.
        """
        j = self.j_E0 if post == "E" else self.j_I0
        return self.n_E * self.p_EE * j / sqrt(self.n_neurons) * self.r_ext

    def threshold(self, post: str) -> float:
        """Return the threshold (mV)."""
        return self.threshold_E if post == "E" else self.threshold_I

    def homogeneous(self) -> ClusteredNetwork:
        """Return the same network with all factors 1 and clusters of one size."""
        return self.model_copy(
            update={"J_plus_EE": 1.0, "J_plus_II": 1.0, "g_EI": 1.0, "g_IE": 1.0,
                    "cluster_size_cv": 0.0, "background_depressed": False}
        )  # fmt: skip

    def with_(self, **changes: Any) -> ClusteredNetwork:
        """Return a checked copy with fields changed."""
        unknown = set(changes) - set(type(self).model_fields)
        if unknown:
            raise SpecError(f"a clustered network has no field {sorted(unknown)}")
        return type(self).model_validate({**self.model_dump(), **changes})
