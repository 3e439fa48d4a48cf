"""Draw the pictures of README and docs into docs/pictures, for light and dark screens.

python scripts/pictures.py          the pictures of the playground need Debian's chromium, too
"""

import sys
from pathlib import Path

import jax
import numpy as np
from browsers import INSTALL, chromium, launched, play_served, until

import jaxnet as jn
from jaxnet import figures
from jaxnet.figures.sweeps import parameter_slice
from jaxnet.stairs.drawings import DRAWINGS

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"


def lesson(section, name):
    """A figure of the lesson."""
    return DRAWINGS[section][name](None)


def gradient_report():
    """A backward pass with a forgotten slope, checked."""
    net = jn.MLP((4, 6, 2), activation="tanh", output="softmax")
    params = jax.tree.map(np.float64, net.init(jax.random.key(0)))
    train, _ = jn.stairs.load()
    X, y = train.x[:20] / 255, train.y[:20]
    _, right = jn.reference.loss_and_gradient(net, params, X, y)
    wrong = [{"w": right[0]["w"] * 1.3, "b": right[0]["b"]}, right[1]]
    report = jn.check_gradient(jn.objective(net), params, X, y, gradient=wrong, network=net)
    return figures.headline(
        report.figure(), "A gradient by hand, checked: one of four leaves is wrong, and by how much"
    )


def sweep_report():
    """The loss of every run of a sweep over its learning rate."""
    train, _ = jn.stairs.load()
    space = jn.Space(learning_rate=jn.Float(0.01, 10, log=True), hidden=(8,), seed=jn.Seeds(5))
    options = {"method": "grid", "n": 13, "epochs": 300, "output": "softmax", "activation": "sigmoid", "momentum": 0.9}
    result = jn.sweep(jn.plan(space, (train.x / 255, train.y), **options))
    diverged = (result.history.diverged > 0).reshape(len(result.levels()), -1).mean(axis=1)
    rates = result.parameters()["learning_rate"]
    labels = {"x_label": "learning rate", "y_label": "training loss", "log_x": True}
    figure = parameter_slice(rates, result.values(), diverged, **labels)
    figure.axes[0].set_yscale("log")
    return figures.headline(figure, "65 networks as one program: 13 learning rates from 5 starts each, one dot a run")


PICTURES = {
    "left_right_network": lambda: lesson("layers", "left_right_network"),
    "step_sizes": lambda: lesson("minima", "step_sizes"),
    "boundary_slices": lambda: lesson("training", "boundary_slices"),
    "gradient_report": gradient_report,
    "sweep_report": sweep_report,
}


def playground():
    """Take the page as it is seen, a network trained on two moons with one of its units explained."""
    from playwright.sync_api import sync_playwright

    with play_served() as (address, _), sync_playwright() as driver:
        page = launched(driver).new_page(viewport={"width": 1200, "height": 860})
        page.goto(address)
        until(page, "() => window.playground && playground.frames > 0 && playground.ready()", 300)
        page.get_by_label("Data", exact=True).select_option("moons")
        until(page, "() => playground.resting()")
        page.get_by_label("Optimizer", exact=True).select_option("adam")
        until(page, "() => playground.resting()")
        page.get_by_label("Learning rate", exact=True).fill("7")  # the eighth of its values, .05
        until(page, "() => playground.resting()")
        page.get_by_role("button", name="Play", exact=True).click()
        until(page, "() => parseFloat(document.querySelectorAll('.numbers dd')[3].textContent) > 98", 120)
        page.get_by_role("button", name="Pause", exact=True).click()
        page.locator(".unit").nth(9).click()
        until(page, "() => document.querySelector('.explained table') !== null && playground.resting()")
        page.mouse.move(0, 0)
        page.evaluate("() => scrollTo(0, 0)")
        for scheme, name in (("light", "playground.png"), ("dark", "playground_dark.png")):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=str(FOLDER / name))
            print(FOLDER / name)


def main():
    """Draw all pictures, each for a light and a dark screen."""
    for name, draw in PICTURES.items():
        figure = draw()
        figure.set_dpi(90)
        print(figures.save(figure, FOLDER / f"{name}.png"))
        print(figures.save(figures.darkened(figure), FOLDER / f"{name}_dark.png"))
    if chromium() is None:
        sys.exit(f"without the playground: {INSTALL}")
    playground()


if __name__ == "__main__":
    main()
