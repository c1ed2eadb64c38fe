# The two commands are `make demo` and `make check`; CONTRIBUTING.md has the rest.
BUILD ?= build
PREFIX ?= /usr/local
ARCH := $(shell dpkg --print-architecture 2>/dev/null)
DEPS := $(CURDIR)/build/deps/$(ARCH)
export PKG_CONFIG_PATH := $(wildcard $(DEPS)/lib/*/pkgconfig):$(PKG_CONFIG_PATH)
NINJA := $(shell command -v ninja || echo /usr/bin/ninja)

.PHONY: all everything demo refresh accept differential bench bench-hints setup check lint fuzz mutants install clean
all: $(BUILD)/build.ninja
	@$(NINJA) -C $(BUILD) program

# The program and every test.
everything: refresh
	@$(NINJA) -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/need.sh build
	@$(MAKE) --no-print-directory setup

setup:
	@/usr/bin/env meson setup $(BUILD) $(MESON_ARGS)

demo:
	@scripts/need.sh build run
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh

# A build directory made earlier does not know fuzz targets and test tools that came since.
refresh: $(BUILD)/build.ninja
	@known=$$(ls fuzz/fuzz_*.c; pkg-config --modversion cmocka 2>/dev/null); \
	[ "$$known" = "$$(cat $(BUILD)/known 2>/dev/null)" ] || { \
	    /usr/bin/env meson setup --reconfigure $(BUILD) >/dev/null && echo "$$known" >$(BUILD)/known; }

check:
	@tests/run

accept:
	@scripts/need.sh build run test accept
	@$(MAKE) --no-print-directory everything
	@scripts/accept.sh
	@RUN_KILL_POINTS=200 /usr/bin/env python3 tests/system/run_resume.py

# 1,200,000 random questions to the packaging standards, here and to the Python package `packaging`, and that
# package's own tests; then whole resolutions of random indexes beside uv (CASES=10000 SEED=5000).
differential:
	@scripts/need.sh build test
	@$(MAKE) --no-print-directory all
	@tests/differential/all.sh
	@tests/differential/resolve/run.sh $(CASES) $(SEED)

# Says figures, judges nothing. PARTS="standards audit scan jail store overhead cost nodes large builds hints resolve capability"
bench:
	@scripts/need.sh build run test
	@$(MAKE) --no-print-directory all
	@$(NINJA) -C $(BUILD) bench/bench_store bench/bench_pkg bench/bench_capability bench/bench_hints tests/unit/index/index_tool >/dev/null
	@bench/run.sh $(PARTS)

# How many of 44 real sdists are built from an image without their libraries, by hints and without; what is
# measured is kept until the program changes. NAMES="lmdb onewire": these alone.
HINTS_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/refinery/bench-hints
bench-hints:
	@scripts/need.sh build run
	@$(MAKE) --no-print-directory all
	@bench/hints/run.py $(BUILD)/refinery $(HINTS_CACHE) $(NAMES)

lint:
	@scripts/need.sh build test lint
	@scripts/lint.sh

fuzz:
	@scripts/need.sh build test
	@scripts/fuzz.sh $(TARGETS)

mutants:
	@scripts/need.sh build test
	@scripts/mutants.sh $(PATCHES)

# DESTDIR is respected; both program names, the man page, and yyjson where the system has none.
install: all
	@/usr/bin/env meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@$(NINJA) -C $(BUILD)
	@/usr/bin/env meson install -C $(BUILD) --no-rebuild

clean:
	@if [ -e $(BUILD)/build.ninja ]; then $(NINJA) -C $(BUILD) clean; fi
