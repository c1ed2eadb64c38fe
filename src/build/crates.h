/*
 * The crates of a Rust package, fetched before its build and mounted read-only in it
 * (TOOLCHAIN_CRATES): `cargo fetch --locked` for each Cargo.lock of the source, in a
 * jail with network. cargo reads manifests and unpacks archives; it runs no code of
 * the package: its working directory is not the source, so that no .cargo/config of
 * the package can name a program. What a Cargo.lock pins never changes: the directory
 * is kept in <cache>/crates/ under the digest of the lock files.
 *
 * The registry is the one that cargo knows on this machine: its configuration file and
 * its environment (CARGO_REGISTR*, CARGO_HTTP_*, proxies) are handed on.
 */
#ifndef REFINERY_BUILD_CRATES_H
#define REFINERY_BUILD_CRATES_H

#include "build/place.h"

/*
 * `source` is the unpacked source tree. Crates that cannot be had are the package's
 * failure: `result` gets outcome and reason, `dir` stays empty.
 */
CHECKED bool crates_fetch(const struct slot *slot, const struct place *place, const char *source,
                          struct str *dir, struct spec_result *result, struct err *err);

#endif
