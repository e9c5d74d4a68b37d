# Every target sets up what it needs first (scripts/setup) and needs no argument.

# The emulator's core crate asks for a newer compiler than it uses.
CARGO_FLAGS := --ignore-rust-version
# What is built the first time takes minutes: cargo shows it.
XTASK := cargo build $(CARGO_FLAGS) --package xtask && cargo run --quiet $(CARGO_FLAGS) --package xtask --

.PHONY: help run app test test-long bench audit policy lint docs flash image clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: ## boot the meter's image in the emulator and watch it measure
	@scripts/setup run
	@$(XTASK) run

APP ?= blink
app: ## build APP (blink) as a guest and watch it in the emulator, beside the meter
	@scripts/setup run
	@$(XTASK) app $(APP)

test: ## all tests of every part and of the whole image
	@scripts/setup test
	@$(XTASK) images
	cargo test $(CARGO_FLAGS) --no-fail-fast

test-long: ## the tests that take hours: 24 h of virtual time, fuzzing
	@scripts/setup long
	@$(XTASK) images
	scripts/fuzz
	cargo test $(CARGO_FLAGS) --no-fail-fast -- --include-ignored

bench: ## instruction counts and sizes, as a table for docs/performance.md
	@scripts/setup run
	@$(XTASK) bench

audit: ## attack every wall of the running image and print the verdicts
	@scripts/setup run
	@$(XTASK) audit

policy: ## renew docs/isolation.md from meter.toml, and docs/codes.md
	cargo run --quiet --package manifest --bin policy

lint: ## formatting, clippy and rustdoc with warnings as errors, what comes from outside
	@scripts/setup lint
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings
	@$(XTASK) clippy
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet $(CARGO_FLAGS) --no-deps
	.tools/bin/cargo-deny --log-level error check bans licenses sources
	@scripts/advisories

docs: ## the book with the API of every crate, to be read in a browser
	@scripts/setup docs
	.tools/bin/mdbook build docs
	cargo doc --quiet $(CARGO_FLAGS) --no-deps
	@rm -rf target/book/api && cp -R target/doc target/book/api
	@echo "docs: open target/book/index.html (the API: target/book/api/kernel/index.html)"

flash: ## write the image to a real nRF52840-DK (probe-rs), see docs/hardware.md
	@scripts/setup run
	@$(XTASK) flash

image: ## build kernel, apps, TABs and the flash image, and what tests put beside it
	@scripts/setup run
	@$(XTASK) images

clean: ## remove what was built
	cargo clean
