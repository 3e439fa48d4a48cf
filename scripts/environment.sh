# Sourced by run, test, check and bench: makes .venv on first use and installs jaxnet in it with the extras asked for.
#   prepare plots|dev|bench|tables     each of the first three holds what stands before it
# Set PYTHON to choose an interpreter. Talk goes to standard error.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="${JAXNET_VENV:-$root/.venv}"

unset PYTHONDONTWRITEBYTECODE  # hundreds of processes begin here, and each would compile the sources anew

say() { printf 'jaxnet: %s\n' "$*" >&2; }

# Compiling is most of the work of a check, which asks what is computed and not how fast: XLA compiles in a hurry, in one
# piece, which takes less than half of its processor time.
hurried="--xla_cpu_use_fusion_emitters=false --xla_backend_optimization_level=0"
hurried="$hurried --xla_llvm_disable_expensive_passes=true --xla_cpu_parallel_codegen_split_count=1"
hurry() { export XLA_FLAGS="${XLA_FLAGS:-} $hurried"; }

# What one process of a check has compiled, the others take over, from a folder that is new for every check and goes with
# it: nothing is taken over from an earlier one.
share_programs() {
    export JAX_COMPILATION_CACHE_DIR="${JAX_COMPILATION_CACHE_DIR:-$1}" JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
        command -v "$candidate"
        return
    done
    say "Python 3.11 or later is needed and was not found; set PYTHON=/path/to/python"
    return 1
}

# The stamp tells whether what is installed is what pyproject.toml, the constraints and the extras ask for.
stamp_of() { { cat "$root/pyproject.toml" "$root/scripts/constraints.txt"; echo "$root $1"; } | cksum | tr ' ' '-'; }

prepare() {
    local extras="$1" smaller wanted
    [ -x "$venv/bin/python" ] && [ -e "$venv/.jaxnet-$(stamp_of "$extras")" ] && return
    if [ ! -x "$venv/bin/python" ]; then
        local python
        python="$(find_python)" || return 1
        say "first use: making $venv with $("$python" --version)"
        "$python" -m venv "$venv" || {
            say "'$python -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv"
            rm -rf "$venv"
            return 1
        }
    fi
    wanted="${extras/bench/dev,bench}"
    wanted="${wanted/plots/plots,play}"  # scripts/run draws, and it serves the playground
    say "installing jaxnet[$extras] and what it needs, pinned by scripts/constraints.txt (a few minutes the first time)"
    # --no-compile: half of the time would go to sources that nobody imports; those that are compile then, and stay so
    if [ "${JAXNET_REQUIRE_HASHES:-}" = 1 ]; then  # what is not in hashes.txt, byte for byte, is not installed
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --only-binary=:all: \
            --require-hashes --requirement "$root/scripts/hashes.txt" >&2 &&
            "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
                --editable "$root" >&2 || {
            say "the installation by hashes failed; the lines above say why"
            return 1
        }
    else
        local install=("$venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --no-compile
            --constraint "$root/scripts/constraints.txt")
        # that of Python 3.11 compares every file on the index with every platform: 62 s of processor time against 27
        "${install[@]}" --upgrade pip >&2 || say "installing with the pip that comes with Python, which takes longer"
        "${install[@]}" --editable "$root[$wanted]" >&2 || {
            say "the installation failed; the lines above say why. Run the command again to go on."
            return 1
        }
    fi
    for smaller in plots dev bench; do
        touch "$venv/.jaxnet-$(stamp_of "$smaller")"
        [ "$smaller" != "$extras" ] || break
    done
}
