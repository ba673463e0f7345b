# OpZest's commands. `make help` lists them; the work is in scripts/, one subject per file.

.DEFAULT_GOAL := help
.PHONY: help run demo cli test test-rust test-ui test-browser test-window test-scripts test-peers crash bench lint fmt \
	bindings screenshots bundle deny clean model ui test-private bench-train compare-trl experiments

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, build, and open OpZest (in the terminal where there is no display)
	@scripts/run.sh window

demo: ## the same with a fresh data folder that is deleted afterwards
	@scripts/run.sh demo

cli: ## the same assistant in this terminal
	@scripts/run.sh cli

test: ## everything that the gate checks
	@scripts/test.sh

test-rust: ## Rust: format, lints, tests
	@scripts/test.sh format lint rust

test-ui: ## interface: types and unit tests
	@scripts/test.sh ui-check ui-units

test-browser: ## interface in Chromium against the real backend
	@scripts/test.sh browser

test-window: ## one pass through the real window, and the preview of pages, under Xvfb
	@scripts/test.sh window

test-private: ## a whole chat in the window without a network: no internet socket anywhere
	@scripts/test.sh private

test-scripts: ## the scripts themselves
	@scripts/test.sh scripts

test-peers: ## log-probabilities and adapters against llama-cpp-python and transformers (downloads some GB once)
	@scripts/test-peers.sh

crash: ## kill sessions 200 times, cut the power 1,000 times, and look what is lost (some minutes)
	@scripts/crash.sh

bench: ## speed of the model and of a full store here; start time and memory of the window
	@scripts/bench.sh

bench-train: ## speed and memory of training here beside PyTorch + PEFT (half an hour; downloads some GB once)
	@scripts/bench-train.sh

compare-trl: ## the training's losses beside TRL's ORPO, step by step (five minutes; downloads some GB once)
	@scripts/preferences.sh trl

experiments: ## soft against hard labels; learning rates, epochs and lambda on real preference rows (half an hour)
	@scripts/preferences.sh soft defaults

lint: ## compiler lints, interface types, shell scripts
	@scripts/test.sh lint ui-check scripts

fmt: ## format the Rust sources
	cargo fmt --all

model: ## fetch the embedded model, or check the one that is there
	@scripts/model.py

ui: ## build the interface
	@scripts/node-packages.sh && scripts/ui-build.sh

bindings: ## write the TypeScript bindings anew from the Rust types
	UPDATE_BINDINGS=1 cargo test --locked -p opzest-app bindings

screenshots: ## take docs/images anew
	@scripts/screenshots.sh

bundle: ## a .deb for computers like this one or newer (see CONTRIBUTING.md)
	@scripts/bundle.sh

deny: ## licences, bans and advisories of the dependencies
	@scripts/deny.sh

clean: ## remove build results (models and user data stay)
	cargo clean
	rm -rf ui/dist ui/node_modules ui/test-results
