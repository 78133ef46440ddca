# The front door. Everything is built in build/; engines are built once per machine, outside.
MAKEFLAGS += --no-print-directory
BUILD := build
# An engine that is not built takes minutes: `make run` needs only the first.
DEFAULT := wasmtime
ENGINES := wasmtime wamr wasmer
# Interpreters, for actions that are not wasm.
KINDS := js python

.PHONY: help run test serve build engines kinds install install-system check format asan tsan fuzz \
	soak soak-rest bench evaluate clean

# Seconds for each target of `make fuzz`.
T := 60

help:
	@echo 'make run      install what is missing, build, run examples/add once, stop'
	@echo 'make test     install, build, run all tests'
	@echo 'make serve    build and run wowd in the foreground'
	@echo 'make engines  build with all engines: $(ENGINES)'
	@echo 'make kinds    build with the interpreters of other kinds of actions: $(KINDS)'
	@echo 'make install-system  build, and install into /usr/local, with a systemd unit'
	@echo 'make bench    measure; prints the tables of docs/bench.md'
	@echo 'make evaluate every experiment, beside real containers: build/evaluation/index.html'
	@echo '              (QUICK=1: in under five minutes)'
	@echo 'make check    the house rules: layers, banned functions, sizes, format, shell scripts'
	@echo 'make asan     the tests with address and undefined behaviour sanitizers'
	@echo 'make tsan     the same with the thread sanitizer, on the fake engine'
	@echo 'make fuzz     each fuzz target for T=60 seconds, with libFuzzer (tests/fuzz)'
	@echo 'make soak     100,000 activations in one worker, many modules, and a million activations'
	@echo '              among guests that misbehave, on each engine; prints what changed'
	@echo 'make soak-rest  minutes of many clients at the REST API, and a hundred kill -9'
	@echo 'make format   let clang-format have its way'
	@echo 'make clean    remove build/'

run: build
	@tools/run-example add

serve: build
	@$(BUILD)/wowd

test: engines
	@tools/install evaluation
	@tools/check
	@cd $(BUILD) && ctest --output-on-failure

install:
	@tools/install

build: install
	@tools/build $(BUILD) "$(DEFAULT)"

engines:
	@tools/install engines
	@tools/build $(BUILD) "$(ENGINES)"
	@tools/build-kind $(BUILD) $(KINDS)

kinds: build
	@tools/build-kind $(BUILD) $(KINDS)

install-system: engines
	@cmake --install $(BUILD) >/dev/null
	@! command -v systemctl >/dev/null || systemctl daemon-reload 2>/dev/null || true

check: install
	@tools/check

asan:
	@tools/install engines
	@tools/build $(BUILD)/asan "$(ENGINES)" -DWOW_SANITIZE=ON
	@tools/build-kind $(BUILD)/asan $(KINDS)
	@cd $(BUILD)/asan && ctest --output-on-failure

tsan:
	@tools/build $(BUILD)/tsan "" -DWOW_TSAN=ON
	@cd $(BUILD)/tsan && ctest --output-on-failure -R '^unit|^fuzz|fake'

fuzz:
	@tools/install fuzz
	@tests/fuzz/run $(T)

soak: engines
	@cd $(BUILD) && { WOW_SOAK=100000 ctest --verbose -R '^engine|api.soak' --timeout 3600; \
		WOW_SOAK=1000000 ctest --verbose -R api.mixed --timeout 7200; } | \
		sed -n 's/^[0-9]*: \(.*rounds.*\)/\1/p; s/^[0-9]*: \(wa[a-z]*: .*\)/\1/p; \
			/tests passed/p; /Failed/p; /FAIL/p'

soak-rest: build
	@cd $(BUILD) && WOW_MIXED_SECONDS=180 WOW_CRASHES=100 ctest --verbose --timeout 3600 \
		-R 'rest.(mixed|durability)' | sed -n 's/^[0-9]*: \(.*\(clients,\|killed\).*\)/\1/p; /passed/p; /Failed/p; /^E /p'

bench: engines
	@bench/run

evaluate: engines
	@tools/install evaluation
	@bench/evaluate

format:
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format-19 -i

clean:
	rm -rf $(BUILD)
