#!/usr/bin/env bash
# Every test, by two processes side by side, for many tests wait more than they work. With arguments: one pytest with them.
# usage: [MARKED=EXPRESSION] tests/run.sh PYTEST [ARGUMENT…]     MARKED: only tests with such marks
set -uo pipefail
cd "$(dirname "$0")/.."
pytest=$1
shift
marked=(${MARKED:+-m "$MARKED"})
if [ $# -gt 0 ]; then
    exec "$pytest" "${marked[@]}" "$@"
fi
beside=(tests/benchmarks tests/docker tests/engines tests/kernels tests/stream/{framing,people,settings})
mkdir -p build
"$pytest" -p no:cacheprovider --durations=15 "${marked[@]}" "${beside[@]}" >build/tests-beside.log 2>&1 &
other=$!
trap 'kill "$other" 2>/dev/null' EXIT
"$pytest" --durations=15 "${marked[@]}" "${beside[@]/#/--ignore=}"
code=$?
wait "$other"
code_beside=$?
cat build/tests-beside.log
exit $((code != 0 ? code : code_beside))
