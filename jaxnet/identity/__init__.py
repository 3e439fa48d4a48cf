"""What is this a run of? By what is computed, not by what it is called."""

from jaxnet.identity.called_functions import computing_key, defined_at, global_names
from jaxnet.identity.kept_programs import KeptPrograms
from jaxnet.identity.surroundings import MUST_STAY, PARTITIONABLE, XLA_FLAGS, installed, surroundings, xla_flags
from jaxnet.identity.traced_programs import Traced, different, digest_arrays, odd_programs, traced_program

__all__ = [
    "MUST_STAY",
    "PARTITIONABLE",
    "XLA_FLAGS",
    "KeptPrograms",
    "Traced",
    "different",
    "digest_arrays",
    "computing_key",
    "defined_at",
    "global_names",
    "installed",
    "odd_programs",
    "surroundings",
    "traced_program",
    "xla_flags",
]
