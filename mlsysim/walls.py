"""The 22 walls: number, name, domain, and for those with a solver of their own, equation, solver and source."""

from __future__ import annotations

from typing import NamedTuple


class Wall(NamedTuple):
    """One limit that a system can run into."""

    number: int
    name: str
    domain: str
    equation: str = ""
    solver: str = ""
    source: str = ""


_DOMAINS = {
    "Node": (
        "compute throughput",
        "memory capacity",
        "memory bandwidth",
        "serving",
        "batching",
        "streaming",
        "tail latency",
    ),
    "Data": ("ingestion", "transformation", "storage bandwidth"),
    "Algorithm": ("scaling laws", "compression and quantization", "architecture efficiency"),
    "Fleet": ("communication", "synchronization", "reliability"),
    "Operations": ("energy", "sustainability", "economic cost", "safety"),
    "Analysis": ("sensitivity", "synthesis"),
}

# Equation, solver and source, by the name of the wall.
_ANSWERS = {
    "ingestion": (
        "u = t_c / max(t_c, S / B_n)",
        "DataModel",
        "Mohan et al., Analyzing and Mitigating Data Stalls in DNN Training, VLDB 2021",
    ),
    "transformation": (
        "u = t_c / max(t_c, 1 / (W r_w))",
        "DataModel",
        "Mohan et al., Analyzing and Mitigating Data Stalls in DNN Training, VLDB 2021",
    ),
    "storage bandwidth": (
        "u = t_c / max(t_c, S / B_s) x tau / (tau + delta)",
        "DataModel",
        "Mohan et al., Analyzing and Mitigating Data Stalls in DNN Training, VLDB 2021",
    ),
    "scaling laws": (
        "C = 6 N D, L = E + A/N^alpha + B/D^beta",
        "ScalingModel",
        "Hoffmann et al., arXiv:2203.15556, 2022; Besiroglu et al., arXiv:2404.10102, 2024",
    ),
    "compression and quantization": (
        "b' = b + (b_s + b_z)/g, T' = max(D b'/b / BW, O/R) by operator + L",
        "CompressionModel",
        "Lin et al., AWQ, MLSys 2024; Mishra et al., arXiv:2104.08378, 2021",
    ),
    "safety": (
        "sigma(epsilon, delta), FPR = p/(1-p) (1-PPV)/PPV TPR, P = 1 - (1-f)^n",
        "PrivacyModel, FairnessModel, AuditModel",
        "Mironov et al., arXiv:1908.10530, 2019; Chouldechova, Big Data 5(2), 2017; Cochran, Sampling Techniques, 1977",
    ),
    "energy": (
        "E = O e_O + D e_D + P_0 T",
        "EnergyModel",
        "Choi, Bedard, Fowler & Vuduc, A roofline model of energy, IPDPS 2013",
    ),
    "sustainability": (
        "m = E_IT PUE I + M t / L, V = E_IT WUE",
        "SustainabilityModel",
        "GHG Protocol Scope 2 Guidance, 2015; ISO/IEC 30134",
    ),
    "economic cost": (
        "K = N (P t / L + P_IT PUE c t) + staff, k = K / tokens",
        "EconomicsModel",
        "Barroso, Hoelzle & Ranganathan, The Datacenter as a Computer, 2018",
    ),
}

WALLS: dict[str, Wall] = {}
for _domain, _names in _DOMAINS.items():
    for _name in _names:
        WALLS[_name] = Wall(len(WALLS) + 1, _name, _domain, *_ANSWERS.get(_name, ()))
