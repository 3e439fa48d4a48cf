"""The playground in a notebook: the page's own modules as an anywidget, with the kernel in the place of the server.

A frame is computed where it is asked for, in the handler of the message, so nothing runs while another cell does.
"""

import base64
import binascii
import json
from typing import Any

import anywidget

from jaxnet import checks
from jaxnet.models import Model
from jaxnet.playground.conversation import Conversation, opened_table, trainer_for
from jaxnet.playground.page_files import one_script, page_file
from jaxnet.playground.play_settings import PlaySettings, settings_from
from jaxnet.playground.reproduction import code, shown_model
from jaxnet.playground.shown_data import DATA_NAMES, TableChoice


class Widget(anywidget.AnyWidget):
    """The playground as a widget for Jupyter and VS Code.

    Args:
        data: a name of the page's own data such as "moons", or a table: whatever ``jn.data.read_table`` takes.
        target: the column of the table to be predicted; the last one by default.
        allow_code: run the gradient that is written on the page, in a process with limits, which is no sandbox.
        settings: what is set at first, by the names of ``PlaySettings``: hidden=(8, 8), rate=0.3, ...

    Raises ValueError or TypeError, naming the argument, for what is not allowed; DataError for a table that cannot be
    read.
    """

    _esm = f"const STYLE = {json.dumps(page_file('style.css').decode())};\n{one_script('widget.js')}"

    def __init__(
        self, data: Any = "circle", *, target: str | None = None, allow_code: bool = False, **settings: Any
    ) -> None:
        given = {"hidden": (4, 4), **settings}
        if isinstance(data, str) and data in DATA_NAMES and data != "table":
            checks.require(target is None, "target", "a table to go with", target)
            begun = Conversation(allow_code=allow_code)
            # first the data alone, which brings the goal that fits it
            begun.trainer.set(settings_from({"data": {"name": data}}, PlaySettings()))
        else:
            begun = _with_table(data, target, allow_code)
        begun.trainer.set(settings_from(given, begun.trainer.settings))
        self._talk = begun
        super().__init__()
        self.on_msg(self._heard)

    def _heard(self, widget: Any, content: Any, buffers: Any) -> None:
        """Answer a message of a view, {"view": its name, "text" or "base64": what it says}."""
        content = content if isinstance(content, dict) else {}
        said: str | bytes = content.get("text", "")
        if "base64" in content:
            try:
                said = base64.b64decode(content["base64"], validate=True)
            except (binascii.Error, TypeError, ValueError):
                said = ""
        answer = self._talk.answer(said)
        view = content.get("view")
        if isinstance(answer, bytes):
            self.send({"view": view}, buffers=[answer])
        else:
            self.send({"view": view, "text": json.dumps(answer)})

    def trained(self) -> Model:
        """Return the network that is shown as a ``jn.Model``, with the preparation of the table where it is one."""
        return shown_model(self._talk.trainer)

    def code(self) -> str:
        """Return the Python that trains what is shown."""
        return code(self._talk.trainer)


def _with_table(source: Any, target: str | None, allow_code: bool) -> Conversation:
    table = opened_table(source)
    target = checks.choice("target", table.names[-1] if target is None else target, table.names)
    own = TableChoice(table, target, {}, {})
    return Conversation(trainer_for(own).settings, own, allow_code=allow_code)
