"""The 22 walls: each with its domain, its equation, the solver that answers for it, and where the equation is from."""

from __future__ import annotations

from typing import NamedTuple


class Wall(NamedTuple):
    """One limit that a system can run into. `solver` names one class of `mlsysim`, or several with commas between."""

    number: int
    name: str
    domain: str
    equation: str
    solver: str
    source: str


_TABLE = (
    (
        "Node",
        "compute throughput",
        "T >= O / (R eta)",
        "Engine",
        "Williams, Waterman & Patterson, Commun. ACM 52(4), 2009",
    ),
    (
        "Node",
        "memory capacity",
        "weights + KV cache + activations <= M",
        "ServingModel",
        "Pope et al., Efficiently Scaling Transformer Inference, MLSys 2023",
    ),
    (
        "Node",
        "memory bandwidth",
        "T >= D / (BW eta)",
        "Engine",
        "Williams, Waterman & Patterson, Commun. ACM 52(4), 2009",
    ),
    (
        "Node",
        "serving",
        "prefill: T = max(D/BW, O/R) + L over all prompts; decode: the same over one token of each sequence",
        "ServingModel, TensorParallelModel, ExpertParallelModel",
        "Pope et al., Efficiently Scaling Transformer Inference, MLSys 2023",
    ),
    (
        "Node",
        "batching",
        "continuous: b / (b T_p + (L - 1) T_d); static: L_max in place of L",
        "BatchingModel, ReplicaModel",
        "Yu et al., Orca, OSDI 2022; Kwon et al., PagedAttention, SOSP 2023",
    ),
    (
        "Node",
        "streaming",
        "step by step: T = max(D/BW, O/R) + L",
        "StreamModel",
        "Yu et al., Orca, OSDI 2022; Agrawal et al., Sarathi-Serve, OSDI 2024",
    ),
    (
        "Node",
        "tail latency",
        "T_p = S / (1 - rho) ln(1 / (1 - p)); M/M/c: Erlang C; M/G/c: (C_a^2 + C_s^2) / 2",
        "TailLatencyModel",
        "Erlang, 1917; Allen, Probability, Statistics, and Queueing Theory, 1990",
    ),
    (
        "Data",
        "ingestion",
        "u = t_c / max(t_c, S / B_n)",
        "DataModel",
        "Mohan et al., Analyzing and Mitigating Data Stalls in DNN Training, VLDB 2021",
    ),
    (
        "Data",
        "transformation",
        "u = t_c / max(t_c, 1 / (W r_w))",
        "DataModel",
        "Mohan et al., Analyzing and Mitigating Data Stalls in DNN Training, VLDB 2021",
    ),
    (
        "Data",
        "storage bandwidth",
        "u = t_c / max(t_c, S / B_s) x tau / (tau + delta)",
        "DataModel",
        "Mohan et al., Analyzing and Mitigating Data Stalls in DNN Training, VLDB 2021",
    ),
    (
        "Algorithm",
        "scaling laws",
        "C = 6 N D, L = E + A/N^alpha + B/D^beta",
        "ScalingModel",
        "Hoffmann et al., arXiv:2203.15556, 2022; Besiroglu et al., arXiv:2404.10102, 2024",
    ),
    (
        "Algorithm",
        "compression and quantization",
        "b' = b + (b_s + b_z)/g, T' = max(D b'/b / (u BW), O/R) by operator + L",
        "CompressionModel",
        "Lin et al., AWQ, MLSys 2024; Mishra et al., arXiv:2104.08378, 2021",
    ),
    (
        "Algorithm",
        "architecture efficiency",
        "T = sum of max(D_i/BW, O_i/R_i) over the layers + L",
        "ForwardModel",
        "Williams, Waterman & Patterson, Commun. ACM 52(4), 2009",
    ),
    (
        "Fleet",
        "communication",
        "T = 2 (n - 1)/n M/B + 2 (n - 1) alpha",
        "CommunicationModel, OverlapModel, NetworkModel",
        "Patarasuk & Yuan, J. Parallel Distrib. Comput. 69(2), 2009",
    ),
    (
        "Fleet",
        "synchronization",
        "T = k (m t_max + sum of the other t_i / v)",
        "DistributedModel",
        "Narayanan et al., SC 2021; Korthikanti et al., MLSys 2023",
    ),
    (
        "Fleet",
        "reliability",
        "g = tau exp(-R/M) / (M (exp((tau + delta)/M) - 1))",
        "ReliabilityModel, ServingFleetModel, SilentCorruptionModel",
        "Young, Commun. ACM 17(9), 1974; Daly, Future Gener. Comput. Syst. 22(3), 2006",
    ),
    (
        "Operations",
        "energy",
        "E = O e_O + D e_D + P_0 T",
        "EnergyModel, TinyModel, OnDeviceModel",
        "Choi, Bedard, Fowler & Vuduc, A roofline model of energy, IPDPS 2013",
    ),
    (
        "Operations",
        "sustainability",
        "m = E_IT PUE I + M t / L, V = E_IT WUE",
        "SustainabilityModel",
        "GHG Protocol Scope 2 Guidance, 2015; ISO/IEC 30134",
    ),
    (
        "Operations",
        "economic cost",
        "K = N (P t / L + P_IT PUE c t) + staff, k = K / tokens",
        "EconomicsModel",
        "Barroso, Hoelzle & Ranganathan, The Datacenter as a Computer, 2018",
    ),
    (
        "Operations",
        "safety",
        "sigma(epsilon, delta), FPR = p/(1-p) (1-PPV)/PPV TPR, P = 1 - (1-f)^n, K = n t p",
        "PrivacyModel, FairnessModel, AuditModel, GuardrailModel, ExtractionModel",
        "Mironov et al., arXiv:1908.10530, 2019; Chouldechova, Big Data 5(2), 2017; Cochran, Sampling Techniques, "
        "1977; Tramèr et al., USENIX Security 2016",
    ),
    (
        "Analysis",
        "sensitivity",
        "e = dln T / dln x",
        "SensitivitySolver",
        "Saltelli et al., Global Sensitivity Analysis: The Primer, 2008",
    ),
    (
        "Analysis",
        "synthesis",
        "BW >= D / T, R >= O / T",
        "SynthesisSolver",
        "Williams, Waterman & Patterson, Commun. ACM 52(4), 2009",
    ),
)

WALLS: dict[str, Wall] = {
    name: Wall(number, name, domain, equation, solver, source)
    for number, (domain, name, equation, solver, source) in enumerate(_TABLE, 1)
}
