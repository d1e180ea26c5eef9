"""How ONNX Runtime's CUDA provider computes convolutions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Convolutions:
    """How ONNX Runtime's CUDA provider computes. `search`: how cuDNN's algorithm for a convolution is found, "default",
    "heuristic" or "exhaustive". `max_workspace`: whether an algorithm may take as much memory as it asks for, else 32
    MB. `tf32`: whether products have 10 bits after the point instead of 23."""

    search: str = "heuristic"
    max_workspace: bool = True
    tf32: bool = False

    def options(self) -> dict[str, str]:
        """As options of the provider."""
        return {
            "cudnn_conv_algo_search": self.search.upper(),
            "cudnn_conv_use_max_workspace": str(int(self.max_workspace)),
            "use_tf32": str(int(self.tf32)),
        }


AS_USUAL = Convolutions()
