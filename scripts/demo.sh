#!/bin/bash
# `make demo`: the main job on the examples, then its proof in a clean root of the target.
set -eu
cd "$(dirname "$0")/.."
started=$SECONDS
run=(build/refinery --input examples/wheels --requirements examples/requirements.txt
     --output out --cache cache --python 3.11 --container-preset debian --jobs 2)
(cd examples/wheels && sha256sum --quiet -c SHA256SUMS)
echo "\$ ${run[*]}"
"${run[@]}"
echo
echo "\$ build/refinery prove --output out --cache cache"
build/refinery prove --output out --cache cache
printf '\nThe demo took %d s.\n' $((SECONDS - started))
