"""The limits of a process, as the kernel sees them; what they do is tested in test_isolation.py."""

import platform
import subprocess
import sys

import pytest

CODE = """
import resource, threading
from jaxnet.grading.containment import contain
assert contain(512, 7.0)
print(resource.getrlimit(resource.RLIMIT_AS)[0] // 2**20, resource.getrlimit(resource.RLIMIT_CPU)[0])
threading.Thread(target=print, args=("a thread",)).start()
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="other limits there"
)
def test_memory_and_time_are_limited_and_threads_are_allowed():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["512", "12", "a", "thread"]
