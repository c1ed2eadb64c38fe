/* A run with every status, hostile names among them, for the tests of manifest and report. */
#ifndef REFINERY_TESTS_PUBLISH_SAMPLE_H
#define REFINERY_TESTS_PUBLISH_SAMPLE_H

#include "publish/manifest.h"

#define SAMPLE_LIST(...)                                                                           \
    {                                                                                              \
        (const struct str[]){__VA_ARGS__},                                                         \
            sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str)                         \
    }

static const struct manifest_attempt sample_cffi[] = {
    {1, 0, 2100, 4300, true, STR_INIT("cross"), {0}, {0}, STR_INIT("cache/logs/cffi-1.log.zst")}};
static const struct manifest_attempt sample_yaml[] = {{1,
                                                       1,
                                                       2200,
                                                       3100,
                                                       false,
                                                       STR_INIT("cross"),
                                                       STR_INIT("missing header"),
                                                       {0},
                                                       STR_INIT("cache/logs/pyyaml-1.log.zst")},
                                                      {2,
                                                       1,
                                                       10400,
                                                       6300,
                                                       true,
                                                       STR_INIT("cross"),
                                                       {0},
                                                       SAMPLE_LIST(STR_INIT("apt:libyaml-dev")),
                                                       STR_INIT("cache/logs/pyyaml-2.log.zst")}};
static const struct manifest_attempt sample_msgpack[] = {
    {1, 0, 6600, 800, false, STR_INIT("cross"), STR_INIT("machine fact"), {0}, {0}},
    {2, 0, 7500, 9100, true, STR_INIT("hybrid"), {0}, {0}, {0}}};
static const struct manifest_attempt sample_scipy[] = {
    {1, 0, 17000, 21200, false, STR_INIT("cross"), STR_INIT("missing header"), {0}, {0}},
    {2,
     0,
     43500,
     37000,
     false,
     STR_INIT("cross"),
     STR_INIT("missing header"),
     SAMPLE_LIST(STR_INIT("pack:openblas")),
     {0}}};
static const struct manifest_attempt sample_numpy[] = {
    {1, 1, 17200, 55600, true, STR_INIT("cross"), {0}, {0}, {0}}};

static const struct manifest_graft sample_grafts[] = {
    {STR_INIT("libyaml-0-9c1fa2.so.2.0.9"), STR_INIT("libyaml-0-2 0.2.5-1 (debian bookworm)"),
     STR_INIT("9c1fa2d0b1a34d7f0d5c4e3b2a190817263544f5e6d7c8b9a0b1c2d3e4f50617")}};

static const struct manifest_package sample_packages[] = {
    {.name = STR_INIT("scipy"),
     .version = STR_INIT("1.14.1"),
     .status = MANIFEST_FAILED,
     .python_tag = STR_INIT("cp311"),
     .strategy = STR_INIT("cross"),
     .why = STR_INIT("no wheel for s390x; built from the sdist of 2024-08-21"),
     .duration_ms = 58200,
     .attempts = sample_scipy,
     .attempt_count = 2,
     .recipes = SAMPLE_LIST(STR_INIT("pack:openblas")),
     .hint_ids = SAMPLE_LIST(STR_INIT("H12")),
     .log = STR_INIT("cache/logs/scipy-1.14.1-2.log.zst"),
     .error = STR_INIT("the compiler does not find cblas.h, which scipy.linalg needs"),
     .failure_class = STR_INIT("missing header"),
     .evidence = SAMPLE_LIST(
         STR_INIT(
             "[212/1530] Compiling C object scipy/linalg/_flapack.cpython-311-s390x-linux-gnu.so"),
         STR_INIT(
             "../scipy/linalg/_common_array_utils.h:17:10: fatal error: cblas.h: No such file or "
             "directory"),
         STR_INIT("   17 | #include \"cblas.h\""), STR_INIT("      |          ^~~~~~~~~"),
         STR_INIT("compilation terminated. \x1b[31m<script>alert(1)</script>\x1b[0m"),
         STR_INIT("ninja: build stopped: subcommand failed.")),
     .evidence_mark = 1,
     .suggestion = STR_INIT("Suggested packages: dnf: openblas-devel | apt: libopenblas-dev"),
     .next_command =
         STR_INIT("refinery --only scipy==1.14.1 --retry-failed --auto-apply-suggestions"),
     .blocks = SAMPLE_LIST(STR_INIT("scikit-learn"), STR_INIT("statsmodels"))},
    {.name = STR_INIT("scikit-learn"),
     .version = STR_INIT("1.5.2"),
     .status = MANIFEST_SKIPPED,
     .why = STR_INIT("waited for scipy, which failed"),
     .blocked_by = STR_INIT("scipy")},
    {.name = STR_INIT("statsmodels"),
     .version = STR_INIT("0.14.4"),
     .status = MANIFEST_SKIPPED,
     .why = STR_INIT("waited for scipy, which failed"),
     .blocked_by = STR_INIT("scipy")},
    {.name = STR_INIT("oldlib\xff<b onmouseover=alert(1)>\xe2\x80\xae"),
     .version = STR_INIT("0.1"),
     .status = MANIFEST_MISSING,
     .why = STR_INIT("neither wheel nor sdist on https://pypi.org/simple"),
     .error = STR_INIT("no file of this version is on any index"),
     .failure_class = STR_INIT("missing source"),
     .next_command = STR_INIT("refinery --fallback-latest")},
    {.name = STR_INIT("cffi"),
     .version = STR_INIT("1.17.1"),
     .status = MANIFEST_BUILT,
     .python_tag = STR_INIT("cp311"),
     .abi_tag = STR_INIT("cp311"),
     .platform_tag = STR_INIT("manylinux_2_17_s390x.manylinux2014_s390x"),
     .wheel = STR_INIT("cffi-1.17.1-cp311-cp311-manylinux_2_17_s390x.manylinux2014_s390x.whl"),
     .wheel_digest = STR_INIT("1122d0b1a34d7f0d5c4e3b2a190817263544f5e6d7c8b9a0b1c2d3e4f506171a"),
     .strategy = STR_INIT("cross"),
     .floor = STR_INIT("2.17"),
     .policy = STR_INIT("manylinux_2_17_s390x"),
     .why = STR_INIT("no wheel for s390x on the index"),
     .duration_ms = 4300,
     .attempts = sample_cffi,
     .attempt_count = 1},
    {.name = STR_INIT("PyYAML"),
     .version = STR_INIT("6.0.2"),
     .status = MANIFEST_BUILT,
     .python_tag = STR_INIT("cp311"),
     .strategy = STR_INIT("cross"),
     .floor = STR_INIT("2.17"),
     .policy = STR_INIT("manylinux_2_17_s390x"),
     .why = STR_INIT("no wheel for s390x on the index"),
     .duration_ms = 9400,
     .attempts = sample_yaml,
     .attempt_count = 2,
     .grafts = sample_grafts,
     .graft_count = 1,
     .recipes = SAMPLE_LIST(STR_INIT("apt:libyaml-dev"))},
    {.name = STR_INIT("msgpack"),
     .version = STR_INIT("1.1.0"),
     .status = MANIFEST_BUILT,
     .strategy = STR_INIT("hybrid"),
     .policy = STR_INIT("manylinux_2_17_s390x"),
     .why = STR_INIT("setup.py reads the byte order: built where the answer is true"),
     .duration_ms = 9100,
     .attempts = sample_msgpack,
     .attempt_count = 2},
    {.name = STR_INIT("numpy"),
     .version = STR_INIT("2.1.3"),
     .status = MANIFEST_BUILT,
     .strategy = STR_INIT("cross"),
     .policy = STR_INIT("manylinux_2_28_s390x"),
     .why = STR_INIT("no wheel for s390x on the index"),
     .duration_ms = 55600,
     .attempts = sample_numpy,
     .attempt_count = 1},
    {.name = STR_INIT("markupsafe"),
     .version = STR_INIT("3.0.2"),
     .status = MANIFEST_REUSED,
     .policy = STR_INIT("manylinux_2_17_s390x"),
     .why = STR_INIT("the index has a wheel for s390x"),
     .wheel_url = STR_INIT("https://files.pythonhosted.org/packages/x/markupsafe.whl")},
    {.name = STR_INIT("requests"),
     .version = STR_INIT("2.32.3"),
     .status = MANIFEST_REUSED,
     .platform_tag = STR_INIT("any"),
     .why = STR_INIT("pure Python wheel of the input")},
    {.name = STR_INIT("wrapt"),
     .version = STR_INIT("1.17.0"),
     .status = MANIFEST_CACHED,
     .strategy = STR_INIT("cross"),
     .policy = STR_INIT("manylinux_2_17_s390x"),
     .why = STR_INIT("built on 2026-11-20 from the same sources and tools")},
    {.name = STR_INIT("lxml"),
     .version = STR_INIT("5.3.0"),
     .status = MANIFEST_SKIPPED_KNOWN_FAILURE,
     .why = STR_INIT("failed on 2026-11-19 for this target: missing header libxml/tree.h"),
     .failure_class = STR_INIT("missing header"),
     .next_command = STR_INIT("refinery --only lxml --retry-failed")},
    {.name = STR_INIT("h5py"),
     .version = STR_INIT("3.12.1"),
     .status = MANIFEST_SYSTEM_RECIPE_FAILED,
     .why = STR_INIT("apt has no libhdf5-dev for s390x on this mirror"),
     .failure_class = STR_INIT("recipe"),
     .next_command = STR_INIT("refinery --only h5py --mirror http://deb.debian.org/debian")},
};

static const struct manifest sample_manifest = {
    .version = STR_INIT("0.1.0"),
    .run_id = STR_INIT("20261121-014207-7c1e"),
    .plan_id = STR_INIT("9f2c5aa04b1f6c3e"),
    .command =
        STR_INIT("refinery --input examples/wheels --requirements examples/requirements.txt "
                 "--output out --cache cache --python 3.11 --container-preset debian --jobs 2"),
    .target = STR_INIT("cp311 / s390x / glibc 2.17"),
    .python = STR_INIT("3.11"),
    .platform_tag = STR_INIT("manylinux2014_s390x"),
    .image = STR_INIT("localhost/target:1@sha256:6b86b273ff34fce19d6b804eff5a3f57"),
    .max_machine = STR_INIT("z13"),
    .started_ms = 1795225327000,
    .duration_ms = 83400,
    .jobs = 2,
    .packages = sample_packages,
    .package_count = sizeof sample_packages / sizeof *sample_packages,
};

#endif
