"""How ONNX Runtime's CUDA provider computes convolutions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Convolutions:
    """How ONNX Runtime's CUDA provider computes (1.31, by its source and the symbols of its library).

    `search`: how cuDNN's algorithm for a convolution is found. For most cuDNN 9 makes one plan: by its heuristics of
    mode A ("heuristic"), the slower ones of mode B ("exhaustive") or its fallback ("default"; ONNX Runtime says that it
    may be extremely slow); none is tried. A convolution that ONNX Runtime fuses with the ReLU behind it goes through
    cuDNN's older interface: by its rules, by trying all, or always the same one. So can 39 of the 60 of `detector`, 27
    of the 29 of `embedding`, 6 of the 23 of `emotion` and all 53 of `maturity`; of `eyes`, `mesh`, `text_detection` and
    `shots` none.
    `max_workspace`: whether an algorithm that is tried, as only "exhaustive" does with fused ones, may take as much
    memory as it asks for, else 32 MB.
    `tf32`: whether products have 10 bits after the point instead of 23. Without it plans that use tensor cores are left
    out, unless there is no other.
    """

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
