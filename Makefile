# `make demo` plays a piece, `make test` runs all tests, `make soak` runs them longer.
# Each first sees to what a fresh machine lacks; `cargo` does everything else.

CARGO ?= cargo
export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: build demo test soak needs

# The program, and beside it every bundled plugin.
build: needs
	$(CARGO) build --release --workspace

# On the sound device; where there is none, to demo.wav.
demo: build
	$(CARGO) run --release --quiet --bin cantus -- run lua/examples/sixteen.lua --bars 32 --or-render demo.wav

# All targets at once, so that nothing is built in two ways.
test: needs
	$(CARGO) build --release --workspace --all-targets
	$(CARGO) test --release --workspace --no-fail-fast

# Every property test on many more cases than `make test` has time for.
soak: needs
	PROPTEST_CASES=20000 $(CARGO) test --release --workspace --no-fail-fast

# What is missing is installed where apt-get may; elsewhere it is said what to type. A system that is not Linux needs
# only a C compiler: its sound comes without ALSA.
needs:
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing; install it from https://rustup.rs and try again" >&2; exit 1; }
	@missing=; \
	echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1 || missing=build-essential; \
	if [ "$$(uname -s)" = Linux ]; then \
		command -v pkg-config >/dev/null || missing="$$missing pkg-config"; \
		pkg-config --exists alsa 2>/dev/null || missing="$$missing libasound2-dev"; \
	fi; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" = 0 ]; then as_root=; else as_root="sudo -n"; fi; \
	if command -v apt-get >/dev/null && $$as_root true 2>/dev/null; then \
		echo "installing $$missing"; \
		$$as_root apt-get update -q && $$as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -q -y --no-install-recommends $$missing && exit 0; \
	fi; \
	{ echo "Cantus is built with a C compiler, pkg-config and the headers of ALSA; not all of them are here. Install them:"; \
	  echo "  Debian, Ubuntu   sudo apt-get install build-essential pkg-config libasound2-dev"; \
	  echo "  Fedora           sudo dnf install gcc make pkgconf-pkg-config alsa-lib-devel"; \
	  echo "  Arch             sudo pacman -S base-devel pkgconf alsa-lib"; } >&2; exit 1
