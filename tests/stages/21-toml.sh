#!/bin/bash
# The public toml-test suite (TOML 1.0 part) against the reader of pyproject.toml.
set -u
cd "$(dirname "$0")/../.." || exit 1
version=v1.6.0
if ! command -v go >/dev/null; then
    echo "skipped: no go command to fetch the toml-test module with"
    echo "0 passed, 0 failed"
    exit 0
fi
dir=$(cd "$(mktemp -d)" && go mod init x >/dev/null 2>&1 &&
    timeout 120 go mod download -json "github.com/toml-lang/toml-test@$version" 2>/dev/null |
    sed -n 's/.*"Dir": "\(.*\)".*/\1/p'
    rm -rf "$PWD")
if [ -z "$dir" ]; then
    echo "skipped: the toml-test module $version cannot be fetched"
    echo "0 passed, 0 failed"
    exit 0
fi
exec /usr/bin/env python3 tests/system/toml_suite.py build/tests/unit/pkg/toml_decode "$dir/tests"
