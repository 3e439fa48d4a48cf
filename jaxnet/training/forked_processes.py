"""Training is refused in a process that was forked after JAX had started: there it would wait forever."""

import jax

from jaxnet.operating_system import at_fork

_started = False  # whether JAX had when this process, or the one that it was forked from, was last forked
_forked_late = False


def _look() -> None:
    """Look whether JAX has started, which it says by refusing another number of devices; before a fork, for in the
    new process whoever holds a lock of JAX's is gone."""
    global _started
    devices = jax.config.values["jax_num_cpu_devices"]
    try:
        jax.config.update("jax_num_cpu_devices", max(devices, 0) + 1)
        jax.config.update("jax_num_cpu_devices", devices)
        _started = False
    except RuntimeError:
        _started = True


def _remember() -> None:
    global _forked_late
    _forked_late = _forked_late or _started


at_fork(before=_look, after_in_child=_remember)


def refuse_in_forks() -> None:
    """Raise RuntimeError in a process that was forked from one in which JAX had started."""
    if _forked_late:
        raise RuntimeError(
            "this process was forked from one in which JAX had started, and training would wait here forever: "
            "start processes anew, as multiprocessing's 'spawn' and joblib's 'loky' do, or use threads"
        )
