"""mlsysim: first-principles performance of machine learning systems.

>>> import mlsysim
>>> answer = mlsysim.ServingModel().solve(model="Llama3_8B", hardware="H100")
>>> answer.decode.bound_by
'memory bandwidth'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlsysim.architecture import Experts as Experts
    from mlsysim.architecture import Latent as Latent
    from mlsysim.check import InvalidValue as InvalidValue
    from mlsysim.check import UnknownName as UnknownName
    from mlsysim.dse import DSE as DSE
    from mlsysim.engine import Engine as Engine
    from mlsysim.estimate import Estimate as Estimate
    from mlsysim.fabrics import Fabric as Fabric
    from mlsysim.fabrics import Fabrics as Fabrics
    from mlsysim.layered import LayeredModel as LayeredModel
    from mlsysim.parallelism import Parallelism as Parallelism
    from mlsysim.pipeline import Callbacks as Callbacks
    from mlsysim.pipeline import Pipeline as Pipeline
    from mlsysim.records import Datum as Datum
    from mlsysim.records import HardwareNode as HardwareNode
    from mlsysim.records import ModelSpec as ModelSpec
    from mlsysim.registry import Hardware as Hardware
    from mlsysim.registry import Models as Models
    from mlsysim.solvers.accuracy import keywords as keywords
    from mlsysim.solvers.accuracy import top1 as top1
    from mlsysim.solvers.audit import AuditModel as AuditModel
    from mlsysim.solvers.batching import BatchingModel as BatchingModel
    from mlsysim.solvers.communication import CommunicationModel as CommunicationModel
    from mlsysim.solvers.compression import CompressionModel as CompressionModel
    from mlsysim.solvers.corruption import SilentCorruptionModel as SilentCorruptionModel
    from mlsysim.solvers.data import Checkpoints as Checkpoints
    from mlsysim.solvers.data import DataModel as DataModel
    from mlsysim.solvers.differential import DifferentialExplainer as DifferentialExplainer
    from mlsysim.solvers.disaggregated import DisaggregatedModel as DisaggregatedModel
    from mlsysim.solvers.economics import EconomicsModel as EconomicsModel
    from mlsysim.solvers.economics import Owned as Owned
    from mlsysim.solvers.economics import Rented as Rented
    from mlsysim.solvers.energy import EnergyModel as EnergyModel
    from mlsysim.solvers.expert_parallel import ExpertParallelModel as ExpertParallelModel
    from mlsysim.solvers.extraction import ExtractionModel as ExtractionModel
    from mlsysim.solvers.fairness import FairnessModel as FairnessModel
    from mlsysim.solvers.fleet_design import FleetDesignModel as FleetDesignModel
    from mlsysim.solvers.fleet_design import Site as Site
    from mlsysim.solvers.forward import ForwardModel as ForwardModel
    from mlsysim.solvers.guardrail import GuardrailModel as GuardrailModel
    from mlsysim.solvers.network import NetworkModel as NetworkModel
    from mlsysim.solvers.on_device import OnDeviceModel as OnDeviceModel
    from mlsysim.solvers.overlap import OverlapModel as OverlapModel
    from mlsysim.solvers.plans import ParallelismOptimizer as ParallelismOptimizer
    from mlsysim.solvers.privacy import PrivacyModel as PrivacyModel
    from mlsysim.solvers.reasoning import ReasoningModel as ReasoningModel
    from mlsysim.solvers.reasoning import Requests as Requests
    from mlsysim.solvers.reliability import ReliabilityModel as ReliabilityModel
    from mlsysim.solvers.replica import ReplicaModel as ReplicaModel
    from mlsysim.solvers.retraining import RetrainingModel as RetrainingModel
    from mlsysim.solvers.scaling import ScalingModel as ScalingModel
    from mlsysim.solvers.sensitivity import SensitivitySolver as SensitivitySolver
    from mlsysim.solvers.serving import ServingModel as ServingModel
    from mlsysim.solvers.serving_fleet import ServingFleetModel as ServingFleetModel
    from mlsysim.solvers.speculative import SpeculativeDecoding as SpeculativeDecoding
    from mlsysim.solvers.speculative_batching import SpeculativeBatching as SpeculativeBatching
    from mlsysim.solvers.stream import StreamModel as StreamModel
    from mlsysim.solvers.sustainability import SustainabilityModel as SustainabilityModel
    from mlsysim.solvers.synthesis import SynthesisSolver as SynthesisSolver
    from mlsysim.solvers.tail_latency import TailLatencyModel as TailLatencyModel
    from mlsysim.solvers.tensor_parallel import TensorParallelModel as TensorParallelModel
    from mlsysim.solvers.tiny import TinyModel as TinyModel
    from mlsysim.solvers.training import DistributedModel as DistributedModel
    from mlsysim.solvers.training_run import TrainingRunModel as TrainingRunModel
    from mlsysim.table import Table as Table
    from mlsysim.units import format_quantity as format_quantity
    from mlsysim.units import parse_quantity as parse_quantity

__version__ = "0.1.0"

_HOME = {
    "AuditModel": "solvers.audit",
    "BatchingModel": "solvers.batching",
    "Callbacks": "pipeline",
    "Checkpoints": "solvers.data",
    "CommunicationModel": "solvers.communication",
    "CompressionModel": "solvers.compression",
    "DSE": "dse",
    "DataModel": "solvers.data",
    "Datum": "records",
    "DifferentialExplainer": "solvers.differential",
    "DisaggregatedModel": "solvers.disaggregated",
    "DistributedModel": "solvers.training",
    "EconomicsModel": "solvers.economics",
    "EnergyModel": "solvers.energy",
    "Engine": "engine",
    "Estimate": "estimate",
    "ExpertParallelModel": "solvers.expert_parallel",
    "Experts": "architecture",
    "ExtractionModel": "solvers.extraction",
    "Fabric": "fabrics",
    "Fabrics": "fabrics",
    "FairnessModel": "solvers.fairness",
    "FleetDesignModel": "solvers.fleet_design",
    "ForwardModel": "solvers.forward",
    "GuardrailModel": "solvers.guardrail",
    "Hardware": "registry",
    "HardwareNode": "records",
    "InvalidValue": "check",
    "Latent": "architecture",
    "LayeredModel": "layered",
    "ModelSpec": "records",
    "Models": "registry",
    "NetworkModel": "solvers.network",
    "OverlapModel": "solvers.overlap",
    "OnDeviceModel": "solvers.on_device",
    "Owned": "solvers.economics",
    "Parallelism": "parallelism",
    "ParallelismOptimizer": "solvers.plans",
    "Pipeline": "pipeline",
    "PrivacyModel": "solvers.privacy",
    "ReasoningModel": "solvers.reasoning",
    "ReliabilityModel": "solvers.reliability",
    "Rented": "solvers.economics",
    "ReplicaModel": "solvers.replica",
    "Requests": "solvers.reasoning",
    "RetrainingModel": "solvers.retraining",
    "ScalingModel": "solvers.scaling",
    "SensitivitySolver": "solvers.sensitivity",
    "ServingFleetModel": "solvers.serving_fleet",
    "ServingModel": "solvers.serving",
    "SilentCorruptionModel": "solvers.corruption",
    "Site": "solvers.fleet_design",
    "SpeculativeBatching": "solvers.speculative_batching",
    "SpeculativeDecoding": "solvers.speculative",
    "StreamModel": "solvers.stream",
    "SustainabilityModel": "solvers.sustainability",
    "SynthesisSolver": "solvers.synthesis",
    "Table": "table",
    "TailLatencyModel": "solvers.tail_latency",
    "TensorParallelModel": "solvers.tensor_parallel",
    "TinyModel": "solvers.tiny",
    "TrainingRunModel": "solvers.training_run",
    "UnknownName": "check",
    "format_quantity": "units",
    "keywords": "solvers.accuracy",
    "parse_quantity": "units",
    "top1": "solvers.accuracy",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mlsysim' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"mlsysim.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
