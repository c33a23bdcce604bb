# make start and make test are all a newcomer needs.
.PHONY: start stop build test simulate bench lint format clean video

start: ; @Scripts/start
stop: ; @Scripts/stop
build: ; @Scripts/build
test: ; @Scripts/test
# Plays SEEDS simulated worlds, or the one of SEED step by step.
simulate: ; @Scripts/simulate
bench: ; @Scripts/bench
lint: ; @Scripts/lint
format: ; @swift format --in-place --recursive Package.swift Sources Tests Benchmarks
# Installs ffmpeg (about 380 MB), without which the nodes that make films say that they need it.
video: ; @Scripts/packages video
clean: ; @swift package clean
