"""A training as one file that plays anywhere: the page itself, its frames baked in, without a server or a network.

The states are those of the ring that share the network that is shown; the page's own modules draw them, put one behind
the other, for a file has no others to import. Only this very script and this style are allowed to run in it.
"""

import base64
import hashlib
import json
import zlib

from jaxnet.playground.frame_bytes import frame_bytes
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.page_files import one_script, page_file
from jaxnet.playground.scenes import scene_of

MOST_FRAMES = 120  # of a recording; of more states every so many-th is taken
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>jaxnet playground: a recording</title>
<style>{style}</style>
</head>
<body>
<div id="playground"></div>
<script type="application/json" id="scene">{scene}</script>
<script type="application/octet-stream" id="frames">{frames}</script>
<script type="module">{script}</script>
</body>
</html>
"""
_POLICY_OF_FILE = "default-src 'none'; img-src data: blob:; script-src {script}; style-src {style}"


def recording_of(trainer: LiveTrainer) -> bytes:
    """Return an HTML file that plays the states of the ring that have the structure and the data of the one shown."""
    shown, scene = trainer.at, scene_of(trainer)
    origin = trainer.moment.origin
    places = [at for at in range(shown + 1) if trainer.moments[at].origin is origin]
    places = places[:: -(-len(places) // MOST_FRAMES)]
    messages = []
    try:
        for number, at in enumerate(places):
            trainer.go_to(at)
            messages.append(frame_bytes(trainer, trainer.frame(0), 0, place=(number, len(places))))
    finally:
        trainer.go_to(shown)
    packed = b"".join(len(each).to_bytes(4, "little") + each + bytes(-len(each) % 4) for each in messages)
    return _assembled(scene, zlib.compress(packed, 9))


def _assembled(scene: dict[str, object], packed: bytes) -> bytes:
    script, style = one_script("recorded.js"), page_file("style.css").decode()
    # a name of a table may hold what ends a script
    words = json.dumps({**scene, "n": 0}).replace("<", "\\u003c")
    text = _PAGE.format(
        policy=_POLICY_OF_FILE.format(script=_hashed(script), style=_hashed(style)), style=style, scene=words,
        frames=base64.b64encode(packed).decode(), script=script,
    )  # fmt: skip
    return text.encode()


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
