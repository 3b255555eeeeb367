# Each target is an npm script of the same meaning; `make` brings the packages that it needs first.
INSTALLED := node_modules/.installed

.PHONY: help hello todo dev-install test test-long mutants bench consistency test-example format build clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

hello: ## Something to start the day with
	@npm run --silent hello

todo: ## What is marked as open in the source
	@npm run --silent todo

dev-install: $(INSTALLED) ## Install what development needs

$(INSTALLED): package.json package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); if (a * 100 + +b < 2019) { console.error(`Node $${process.version} is too old: install Node 20.19 or later.`); process.exit(1) }'
	npm ci --no-audit --no-fund
	@touch $@

test: $(INSTALLED) ## Types, lint, build and all tests
	npm test

test-long: $(INSTALLED) ## The same with a larger budget for schedules, keys and sessions, and all mutants
	npm run test:long

mutants: $(INSTALLED) ## Prove that the tests notice when a promise is broken, also those that need a server
	npm run mutants

BENCH_OPTIONS := $(if $(CASE),--case $(CASE)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(NODES),--nodes)

bench: $(INSTALLED) ## Measure against other caches (CASE=name,name ROUNDS=3 NODES=1), for bench/RESULTS.md
	npm run bench -- $(BENCH_OPTIONS)

consistency: $(INSTALLED) ## Other caches under the same checker, for docs/peers.md
	npm run consistency

test-example: $(INSTALLED) ## Run the live example: Express, PostgreSQL, and a page that a reload gets by 304
	npm start

format: $(INSTALLED) ## Format, and mend what the linter can mend
	npm run format

build: $(INSTALLED) ## Build the package into dist
	npm run build

clean: ## Remove what was installed, built and reported
	npm run clean
