#!/usr/bin/env bash
# Every test, by two processes side by side, for many tests wait more than they work. With arguments: one pytest with them.
# usage: tests/run.sh PYTEST [ARGUMENT…]
set -uo pipefail
cd "$(dirname "$0")/.."
pytest=$1
shift
if [ $# -gt 0 ]; then
    exec "$pytest" "$@"
fi
beside=(tests/benchmarks tests/docker tests/engines tests/kernels)
mkdir -p build
"$pytest" -p no:cacheprovider "${beside[@]}" >build/tests-beside.log 2>&1 &
other=$!
trap 'kill "$other" 2>/dev/null' EXIT
"$pytest" "${beside[@]/#/--ignore=}"
code=$?
wait "$other"
code_beside=$?
cat build/tests-beside.log
exit $((code != 0 ? code : code_beside))
