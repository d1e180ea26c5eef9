#!/usr/bin/env bash
# Writes the pinned requirements anew: every version with the hashes of the public package index, no index lines.
# The file with the most in it comes first and constrains the others, so that one environment can hold any of them.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-uv}
# The public index alone: what a machine's own settings add must not reach a file that others install from.
unset UV_INDEX UV_INDEX_URL UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS

header() {
    printf '# Written by `make lock`: %s. Install with `pip install --no-deps --require-hashes -r`.\n' "$1"
}

compile() { # file, what it holds, further arguments
    local file=requirements/$1 what=$2
    shift 2
    { header "$what"
      "$uv" pip compile --quiet --no-config --no-header --no-annotate --no-emit-index-url --generate-hashes \
          --python-version 3.11 "$@" pyproject.toml
    } >"$file.new"
    mv "$file.new" "$file"
}

portable=(--universal --fork-strategy fewest)
compile cpu-test.txt "everything a developer without a GPU needs" "${portable[@]}" \
    --group build --extra cpu --extra demo --extra bench --extra test --extra dev
compile cpu-demo.txt "what \`make demo\` needs" "${portable[@]}" -c requirements/cpu-test.txt --group build --extra cpu --extra demo
compile cpu.txt "what runs on a machine without a GPU" "${portable[@]}" -c requirements/cpu-test.txt --group build --extra cpu
compile cpu-serve.txt "what \`keyart serve\` needs without a GPU" "${portable[@]}" -c requirements/cpu-test.txt \
    --group build --extra cpu --extra serve
linux=(--python-platform x86_64-manylinux_2_28)
compile cuda.txt "what runs on a machine with an NVIDIA GPU (Linux x86-64), without TensorRT" \
    "${linux[@]}" -c requirements/cpu.txt --group build --extra cuda
compile cuda-serve.txt "what \`keyart serve\` needs with an NVIDIA GPU (Linux x86-64), without TensorRT" \
    "${linux[@]}" -c requirements/cuda.txt --group build --extra cuda --extra serve
# The tests' own packages at the versions of the CPU's lock; but NVRTC and filelock have to be those that the CUDA
# packages ask for.
shared=$(mktemp)
trap 'rm -f "$shared"' EXIT
sed -E '/^(nvidia-cuda-nvrtc|filelock)==/,/[^\\]$/d' requirements/cpu-test.txt >"$shared"
compile cuda-test.txt "everything a developer with an NVIDIA GPU needs (Linux x86-64), without TensorRT" \
    "${linux[@]}" -c requirements/cuda.txt -c "$shared" \
    --group build --extra cuda --extra demo --extra bench --extra test --extra dev
