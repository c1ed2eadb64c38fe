#!/bin/sh
# The numbered migrations as C data for src/store/schema.c, in order of number.
#   usage: scripts/schema.sh schema/0001-base.sql ... >schema_steps.c
set -eu
echo '#include "store/schema.h"'
for file in "$@"; do
    name=$(basename "$file" .sql)
    echo "static const char step_${name%%-*}[] = {"
    od -An -v -tx1 "$file" | sed 's/ \(..\)/0x\1,/g'
    echo '0};'
done
echo 'const struct schema_step schema_steps[] = {'
for file in "$@"; do
    name=$(basename "$file" .sql)
    echo "    {\"$name\", step_${name%%-*}},"
done
echo '};'
echo "const int schema_newest = $#;"
