#!/usr/bin/env bash
# Builds the wheel, installs it into an empty environment (TensorFlow alone has 600 MB), and uses it in
# an empty folder and home: on synthetic images, then on Fashion-MNIST.
#
#   scripts/try_wheel.sh [FOLDER]     a new folder; default: a temporary one. PYTHON=... to choose one
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)
place=${1:-$(mktemp -d)}
mkdir -p "$place/home" "$place/empty"
cd "$place/empty"

"${PYTHON:-python3}" -m venv "$place/env"
"$place/env/bin/pip" wheel --quiet --no-deps --wheel-dir "$place" "$checkout"
"$place/env/bin/pip" install --quiet "$place"/fmnist_exp-*.whl
"$place/env/bin/pip" check
export HOME="$place/home" PATH="$place/env/bin:$PATH"
unset PYTHONPATH PYTHONHOME

step() { echo "\$ $*" && "$@"; }
try() { # name, then what is added to each command
    step fmnist-train initializer=he_normal hydra.run.dir="outputs/$1" "${@:2}"
    step fmnist-train --multirun initializer=glorot,he 'seed=range(5)' hydra.sweep.dir="multirun/$1" \
        "${@:2}"
    step fmnist-aggregate "multirun/$1"
    step fmnist-predict "outputs/$1" "multirun/$1/report/figures/test_accuracy.png"
}
try synthetic data=synthetic training=smoke
step fmnist-data
try fashion_mnist training.epochs=2
step fmnist-store
echo "The wheel works: $place"
