#!/usr/bin/env bash
# Every test, in parts of which each is a pytest: two at a time (of the quick tests three), and beside them those that
# wait more than they work. What a part said is printed when it ends. With arguments: one pytest with them.
# usage: [MARKED=EXPRESSION] tests/run.sh PYTEST [ARGUMENT…]     MARKED: only tests with such marks
set -uo pipefail
cd "$(dirname "$0")/.."
export PYTEST=$1 MARKED=${MARKED:-}
shift
# The tests start some hundred processes, which would compile all modules again, each for itself.
unset PYTHONDONTWRITEBYTECODE
if [ $# -gt 0 ]; then
    exec "$PYTEST" ${MARKED:+-m "$MARKED"} "$@"
fi

# From the longest. Tests that use the same costly fixtures (the demo film's result) are in one part.
working=(
    "tests/stream/pipeline tests/stream/serve"
    "tests/benchmarks"
    "tests/kernels tests/engines"
    "tests/stream/decode"
    "tests/stream/cli tests/stream/shots tests/stream/episode"
)
waiting=("tests/stream/backfill" "tests/docker")
rest=(tests)
for folder in ${working[*]} ${waiting[*]}; do
    rest+=("--ignore=$folder")
done
working+=("${rest[*]}")

part() {
    local log status
    log=$(mktemp "build/tests.XXXXXX")
    # shellcheck disable=SC2086 # the folders of a part are words
    "$PYTEST" -p no:cacheprovider --durations=10 ${MARKED:+-m "$MARKED"} $1 >"$log" 2>&1
    status=$?
    cat "$log"
    rm "$log"
    # 5: no test of this part has such marks.
    [ "$status" = 0 ] || [ -n "$MARKED" -a "$status" = 5 ]
}
export -f part
side_by_side() { # COUNT PART…
    printf '%s\0' "${@:2}" | xargs -0 -n 1 -P "$1" bash -c 'part "$1"' part
}

mkdir -p build
side_by_side 1 "${waiting[@]}" &
beside=$!
side_by_side "$([ -n "$MARKED" ] && echo 3 || echo 2)" "${working[@]}"
code=$?
wait "$beside"
code_beside=$?
exit $((code != 0 ? code : code_beside))
