# `make demo` plays a piece, `make test` runs all tests, `make soak` runs them longer. `make rtsan` and `make miri` prove
# with nightly Rust what the audio thread does not do.
# Each first sees to what a fresh machine lacks; `cargo` does everything else.

CARGO ?= cargo
export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: build demo test soak rtsan miri needs

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

# The toolchain of the two proofs.
NIGHTLY ?= nightly

# Every test that plays, under RealtimeSanitizer: what allocates, frees, locks, sleeps or calls the system on the audio
# thread, in the engine or in a plugin, is reported with its stack, and the tests end. A target is named so that only
# what is built for it is sanitized; plugins find the runtime in the program.
rtsan: needs
	@ls "$$(rustup run $(NIGHTLY) rustc --print sysroot 2>/dev/null)"/lib/rustlib/*/lib/librustc*_rt.rtsan.a >/dev/null 2>&1 || { \
		echo "RealtimeSanitizer comes with nightly Rust, for Linux and macOS; install it: rustup toolchain install $(NIGHTLY)" >&2; exit 1; }
	RUSTUP_TOOLCHAIN=$(NIGHTLY) \
	CARGO_BUILD_TARGET="$$(rustup run $(NIGHTLY) rustc -vV | sed -n 's/^host: //p')" \
	RUSTFLAGS='-Zsanitizer=realtime -Clink-arg=-Wl,--export-dynamic-symbol=__rtsan_* --cfg cantus_rtsan' \
		$(CARGO) test --release --test it --test guard --no-fail-fast

# The Processor, its rings and the plan's pointers under Miri, by both models of aliasing, in several interleavings.
miri: needs
	@rustup run $(NIGHTLY) cargo miri --version >/dev/null 2>&1 || { \
		echo "Miri comes with nightly Rust; install it: rustup toolchain install $(NIGHTLY) --component miri,rust-src" >&2; exit 1; }
	for model in -Zmiri-many-seeds=0..2 "-Zmiri-many-seeds=0..2 -Zmiri-tree-borrows"; do \
		MIRIFLAGS="-Zmiri-permissive-provenance $$model" RUSTUP_TOOLCHAIN=$(NIGHTLY) \
			$(CARGO) miri test -p cantus-host --lib rt::processor || exit 1; \
	done

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
