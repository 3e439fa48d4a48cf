"""Compiling: side by side in threads, and in a hurry, for sweeps that train for a shorter time than they compile.

What is traced is traced where it is asked for, for it may be the user's code; XLA compiles it in a thread.

On a CPU, XLA makes a piece of machine code of every kernel. Without its newest emitters of kernels a program compiles
in 0.6 of the time, and trains at 0.55 to 1 of the speed. Last bits differ, so which it is stands in the manifest.
"""

import concurrent.futures
import functools
import os
from typing import Any

import jax

from jaxnet.accelerators import platform
from jaxnet.compilation_cache import saying_compiles
from jaxnet.sweeps.devices import cores

HURRIED: dict[str, str | bool] = {"xla_cpu_use_fusion_emitters": False}
# Floating-point operations of a program, of all members and epochs: one to two seconds of narrow networks, which is as
# long as it compiles, and a tenth of that of wide ones, whose hurried code is slower by more
_SHORT = 1e10


def short(operations: float, programs: int) -> bool:
    """Whether a sweep of so many operations compiles for longer than it trains; never on an accelerator."""
    return platform() == "cpu" and operations < _SHORT * programs


def compile_lowered(lowered: jax.stages.Lowered, hurried: bool) -> Any:
    """Compile a program, in a hurry or for speed; a jaxlib that has no such choice compiles for speed."""
    if not hurried:
        return lowered.compile()
    try:
        return lowered.compile(HURRIED)
    except jax.errors.JaxRuntimeError as error:
        if "compile option" not in str(error):
            raise
        return lowered.compile()


def side_by_side() -> int:
    """Return how many programs may compile at a time: one a core that this process may use and nothing else does.

    One program keeps about one and a half cores busy. On two cores that had other work side by side took longer than
    one after the other, and a tenth more CPU time.
    """
    others = os.getloadavg()[0] - 1 if hasattr(os, "getloadavg") else 0.0  # one of them is this process
    return max(1, min(cores(), round(cores() - others)))


class Compiling:
    """A program that is being compiled: in a thread of ``pool``, or at once where there is none."""

    def __init__(
        self, lowered: jax.stages.Lowered, hurried: bool, pool: concurrent.futures.Executor | None = None
    ) -> None:
        self._compile = functools.partial(_compiled_saying, lowered, hurried)
        self._found = self._compile() if pool is None else None
        self._future = None if pool is None else pool.submit(self._compile)

    def result(self) -> Any:
        """Return the program, when it is compiled; raises what compiling it raises."""
        if self._future is not None:
            try:
                self._found = self._future.result()
            except concurrent.futures.CancelledError:  # its sweep ended before its turn came
                self._found = self._compile()
            self._future = None
        return self._found


def _compiled_saying(lowered: jax.stages.Lowered, hurried: bool) -> Any:
    with saying_compiles():
        return compile_lowered(lowered, hurried)


def memory_of(compiled: Any) -> int:
    """Return the bytes that a compiled program needs on one device: arguments, results and temporaries."""
    analysis = compiled.memory_analysis()
    if analysis is None:
        return 0
    return analysis.argument_size_in_bytes + analysis.output_size_in_bytes + analysis.temp_size_in_bytes


def shape_in_place(leaf: jax.Array) -> jax.ShapeDtypeStruct:
    """Return what a program is compiled for in place of an array: its shape and dtype, and where it lies."""
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding if leaf.committed else None)
