# The two commands are `make demo` and `make check`; CONTRIBUTING.md has the rest.
BUILD ?= build
ARCH := $(shell dpkg --print-architecture 2>/dev/null)
DEPS := $(CURDIR)/build/deps/$(ARCH)
export PKG_CONFIG_PATH := $(wildcard $(DEPS)/lib/*/pkgconfig):$(PKG_CONFIG_PATH)
NINJA := $(shell command -v ninja || echo /usr/bin/ninja)

.PHONY: all setup check clean
all: $(BUILD)/build.ninja
	@$(NINJA) -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/need.sh build
	@$(MAKE) --no-print-directory setup

setup:
	@/usr/bin/env meson setup $(BUILD) $(MESON_ARGS)

check:
	@tests/run

clean:
	@if [ -e $(BUILD)/build.ninja ]; then $(NINJA) -C $(BUILD) clean; fi
