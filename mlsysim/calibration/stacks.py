"""Software, by the names that tables of measurements give it: stacks by vintage, kernels of microcontrollers."""

from __future__ import annotations

import re
from functools import cache

# What a text calls software, and the stack and vintage it is counted with.
_STACKS = (
    (r"megatron.*2022|megatron-lm 2022", "Megatron-LM 2022"),
    (r"deepspeed zero|^deepspeed$", "DeepSpeed"),
    (r"megatron\s*\+\s*deepspeed|megatron-?deepspeed", "Megatron-DeepSpeed"),
    (r"megatron.*2021", "Megatron-LM 2021"),
    (r"megascale", "MegaScale"),
    (r"nemo|megatron-?core|megatron-?bridge|mcore", "Megatron-Core"),
    (r"^megatron", "Megatron-LM 2023"),
    (r"foundry|composer|mosaic", "Composer"),
    (r"torchtitan", "torchtitan"),
    (r"meta internal", "Meta"),
    (r"t5x|jax|maxtext|pax", "JAX"),
    (r"speculative|medusa|eagle", "speculative"),
    (r"metal|mlx", "llama.cpp Metal"),
    (r"llama\.?cpp|ollama|gguf", "llama.cpp"),
    (r"gpt-?fast", "gpt-fast"),
    (r"mlperf.*maxq", "MLPerf"),
    (r"mxnet.*mlperf|mlperf.*mxnet", "MXNet"),
    (r"mlperf", "MLPerf"),
    (r"torch/plugin", "GEMM libraries"),
    (r"(?:trt-?llm|tensorrt-?llm)\s*(?:v?0\.[1-9]|v?0\.1[0-2])\b", "TensorRT-LLM 2023"),
    (r"trt-?llm|tensorrt-?llm", "TensorRT-LLM"),
    (r"vllm", "vLLM"),
    (r"sglang", "SGLang"),
    (r"tinychat|awq", "TinyChat"),
    (r"mlc", "MLC"),
    (r"cublas|azure", "GEMM libraries"),
    (r"nccl|rccl|all_reduce_bench|nvbandwidth", "NCCL"),
    (r"tensorrt", "TensorRT"),
    (r"mxnet", "MXNet"),
    (r"horovod|tf_cnn", "TensorFlow"),
    (r"pytorch eager|pytorch.*eager", "PyTorch eager"),
    (r"pytorch dle|pytorch|^torch", "PyTorch"),
    (r"edge ?tpu", "Edge TPU"),
    (r"hailo", "Hailo"),
    (r"tflite|tensorflow lite", "TFLite"),
)


@cache
def stack(text: str) -> str:
    """The stack and vintage of software that a text names; itself where nobody else is.

    >>> stack("TensorRT-LLM 0.5/0.6.1"), stack("NeMo 25.09"), stack("trtllm"), stack("Aphrodite")
    ('TensorRT-LLM 2023', 'Megatron-Core', 'TensorRT-LLM', 'Aphrodite')
    """
    lowered = text.lower().strip()
    return next((name for pattern, name in _STACKS if re.search(pattern, lowered)), text.strip())


def shares_keys(text: str) -> bool:
    """Whether decode reads a key once for all query heads of its group: TensorRT-LLM's kernels do from version 0.8
    (docs/source/blogs/XQA-kernel.md).

    >>> shares_keys("TensorRT-LLM 0.5/0.6.1"), shares_keys("TensorRT-LLM v0.16"), shares_keys("vLLM")
    (False, True, True)
    """
    return re.search(r"(?:trt-?llm|tensorrt-?llm)\s*v?0\.[1-7]\b", text.lower()) is None


_RUNTIMES = (
    (r"x-?cube-?ai\s*7", "X-CUBE-AI 7.3"),
    (r"x-?cube|st(?:m32)?(?:cube)?\.?ai|stedge", "X-CUBE-AI"),
    (r"tiny\s*engine", "TinyEngine"),
    (r"cmsis", "CMSIS-NN"),
    (r"esp-?nn", "ESP-NN"),
    (r"hpc|bosch", "HPC compiler"),
    (r"microtvm|tvm", "microTVM"),
    # Of this vintage, its build for Arm took the CMSIS-NN kernels of its day.
    (r"(?:tflm|tensorflow lite micro|tflite micro)\s*v?2\.[0-4]\b", "TFLM 2.3"),
    (r"tflm|tensorflow lite (?:for )?micro|tflite.?micro|reference|without", "TFLM"),
)


@cache
def runtime(text: str) -> str:
    """The kernels a microcontroller runs.

    >>> runtime("microTVM + CMSIS-NN"), runtime("TFLM 2.3.1 reference")
    ('CMSIS-NN', 'TFLM 2.3')
    """
    return next((name for pattern, name in _RUNTIMES if re.search(pattern, text.lower())), text.strip() or "unknown")
