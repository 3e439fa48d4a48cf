"""Drives the page of ``jaxnet play`` in headless Chromium and prints what it does there; see scripts/play_measured."""

import argparse
import itertools
import statistics
import sys
import time
from pathlib import Path

from browsers import INSTALL, chromium, launched, play_served, until
from playwright.sync_api import Page, sync_playwright

SECONDS = 8.0  # of training that are watched


def memory(process: int) -> float:
    """Return the resident memory of a process in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def processor_seconds(process: int) -> float:
    """Return the processor time that a process has taken so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measured(page: Page, address: str, server: int) -> None:
    """Print a line a target."""
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto(address)
    until(page, "() => window.playground && playground.frames > 0")
    compiled = "() => !document.querySelector('.say').textContent.startsWith('Compiling')"
    compiling = until(page, compiled, 300)
    print(f"compiled after                 {compiling:8.1f} s (less where the cache has it)")
    began = time.perf_counter()
    page.goto("about:blank")
    page.goto(address)
    until(page, "() => window.playground && playground.frames > 0")
    print(f"first frame of a new page      {time.perf_counter() - began:8.2f} s   (target 1)")
    for _ in range(4):
        for layer in (1, 2):
            page.get_by_role("button", name=f"more units in layer {layer}").click()
            time.sleep(0.3)
    changes = page.evaluate("() => playground.latencies.slice(-8)")
    print(f"change of structure, median    {statistics.median(changes):8.0f} ms  (target 100)")
    page.get_by_role("button", name="Play").click()
    time.sleep(1)
    page.evaluate("() => { playground.times.length = playground.paints.length = playground.latencies.length = 0 }")
    time.sleep(SECONDS)
    times, paints = page.evaluate("() => [playground.times, playground.paints]")
    gaps = [b - a for a, b in itertools.pairwise(times)]
    print(f"8-8 units, frames a second     {1000 / statistics.median(gaps):8.1f}     (target 20, median)")
    print(f"95 % of gaps below             {percentile(gaps, 0.95):8.0f} ms  (target 100)")
    print(f"painting a frame, median       {statistics.median(paints):8.1f} ms")
    rate = page.get_by_label("Learning rate")
    for _ in range(6):
        rate.press("ArrowRight")
        time.sleep(0.4)
    moved = page.evaluate("() => playground.latencies")
    print(f"a control to the picture       {statistics.median(moved):8.0f} ms  (target 150, median of {len(moved)})")
    page.get_by_role("button", name="Pause").click()
    time.sleep(1)
    before = processor_seconds(server)
    time.sleep(3)
    print(f"processor time when paused     {(processor_seconds(server) - before) / 3:8.1%}     (target 0)")
    print(f"memory of the server           {memory(server):8.0f} MB  (target 600)")
    print(f"size of the page               {sum(sizes) / 2000:8.0f} kB  (target 300)")


def main() -> int:
    """Start a server and a browser, measure, end both."""
    argparse.ArgumentParser(description="Measure jaxnet play in headless Chromium.").parse_args()
    if chromium() is None:
        print(INSTALL, file=sys.stderr)
        return 1
    with play_served() as (address, process), sync_playwright() as driver:
        page = launched(driver).new_page()
        page.set_viewport_size({"width": 1200, "height": 900})
        measured(page, address, process)
    return 0


if __name__ == "__main__":
    sys.exit(main())
