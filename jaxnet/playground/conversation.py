"""What the page says and what it is answered: small commands in JSON, each checked, one answer or a sentence each.

A frame is only ever sent where it was asked for, so a page that is hidden or paused costs nothing.
"""

import dataclasses
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.data import DataError, read_table
from jaxnet.health import diagnose
from jaxnet.losses import objective
from jaxnet.playground.explanations import explain
from jaxnet.playground.frame_bytes import frame_bytes
from jaxnet.playground.gradients_written import judge_written, template
from jaxnet.playground.lessons import LESSONS, begin_lesson, judge_answer
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.loss_surfaces import surface_of
from jaxnet.playground.planes import input_ranges
from jaxnet.playground.play_settings import PlaySettings, goals_for, settings_from
from jaxnet.playground.remedies import remedy_for
from jaxnet.playground.reproduction import finish_epoch, model_bytes, reproduced, trained_again
from jaxnet.playground.scenes import scene_of
from jaxnet.playground.shown_data import DataChoice, TableChoice, shown_data
from jaxnet.playground.whole_states import left_out, trainer_of_state, whole_state

MOST_UPLOADED = 8 * 2**20  # bytes of a table
MOST_COLUMNS = 200
Answer = dict[str, Any] | bytes
Message = Any  # an object of JSON, whose fields are checked by whom they are handed to


class Conversation:
    """One tab's talk with its trainer; ``answer`` takes a message and returns what is sent back.

    A message is a text, {"do": name, "n": number, ...}, or bytes, a piece of the table that was announced. What is
    wrong with it is an answer, {"say": "error", "words": ...}, and never an exception.
    """

    def __init__(
        self, settings: PlaySettings | None = None, own: TableChoice | None = None, *, allow_code: bool = False
    ) -> None:
        self.trainer = LiveTrainer(settings or PlaySettings(), own)
        self.number = 0  # of the last command that changed something
        self._file: tuple[str, int, bytearray] | None = None
        self._lesson = 0
        self._allow_code = allow_code  # whether code of the page is run
        self._commands: Mapping[str, Callable[[dict[str, Any]], Answer]] = {
            "hello": lambda message: self._scene(),
            "frame": self._frame,
            "set": self._set,
            "restart": self._restart,
            "race": self._race,
            "state": self._state,
            "enter": self._enter,
            "exchange": self._exchange,
            "surface": lambda message: {"say": "surface", **surface_of(self.trainer)},
            "go": self._go,
            "weight": self._weight,
            "choose": self._choose,
            "point": self._point,
            "explain": self._explain,
            "export": lambda message: {"say": "code", **reproduced(self.trainer)},
            "file": self._model,
            "diagnose": self._diagnose,
            "upload": self._upload,
            "columns": self._columns,
            "lesson": self._begin_lesson,
            "answer": self._judge,
            "written": self._written,
        }

    def answer(self, message: str | bytes) -> Answer:
        """Do what a message says and return the answer to it."""
        number = None
        try:
            if isinstance(message, bytes):
                return self._piece(message)
            said = json.loads(message)
            checks.require(isinstance(said, dict), "message", "an object", said, TypeError)
            number = said.get("n")
            checks.integer("n", 0 if number is None else number, maximum=2**53)
            command = self._commands[checks.choice("do", said.get("do"), self._commands)]
            answer = command(said)
            self.number = self.number if number is None else number
        except (ValueError, TypeError, KeyError, DataError, ImportError, OverflowError, RecursionError) as error:
            return {"say": "error", "n": number, "words": _words(error)}
        return answer if isinstance(answer, bytes) else {"n": self.number, **answer}

    def _scene(self) -> dict[str, Any]:
        return {**scene_of(self.trainer), "allow_code": self._allow_code, "template": template(self.trainer)}

    def _written(self, message: Message) -> Answer:
        if not self._allow_code:
            checks.refuse("code", "a server that was started with --allow-code", checks.Words("one without"))
        return {"say": "written", **judge_written(self.trainer, message.get("code"))}

    def _frame(self, message: Message) -> Answer:
        pictures = self.trainer.frame(message.get("updates", 0))
        return frame_bytes(self.trainer, pictures, self.number)

    def _set(self, message: Message) -> Answer:
        self.trainer.set(settings_from(message.get("settings"), self.trainer.settings))
        return self._scene()

    def _restart(self, message: Message) -> Answer:
        self.trainer.restart()
        return self._scene()

    def _state(self, message: Message) -> Answer:
        return {"say": "state", "state": whole_state(self.trainer), "words": left_out(self.trainer)}

    def _enter(self, message: Message) -> Answer:
        # entered whole or not at all: the trainer stays where something does not fit
        self.trainer = trainer_of_state(message.get("state"), self.trainer)
        return self._scene()

    def _race(self, message: Message) -> Answer:
        self.trainer.race(message.get("settings"))
        return self._scene()

    def _exchange(self, message: Message) -> Answer:
        self.trainer.exchange()
        return self._scene()

    def _go(self, message: Message) -> Answer:
        self.trainer.go_to(message.get("at"))
        return self._scene()

    def _weight(self, message: Message) -> Answer:
        self.trainer.edit(message.get("layer"), message.get("row"), message.get("unit"), message.get("value"))
        return self._scene()

    def _choose(self, message: Message) -> Answer:
        self.trainer.choose(message.get("held") is True, message.get("row"))
        return self._scene()

    def _point(self, message: Message) -> Answer:
        """Take the values of an example that was edited, or other inputs for the plane."""
        trainer, values = self.trainer, message.get("values")
        point = trainer.point
        if values is not None:
            low, high = input_ranges(trainer.data)
            point = np.asarray(checks.real_array("values", values), np.float32)
            checks.require(point.shape == low.shape, "values", f"{len(low)} numbers", point)
            far = np.abs(point - (low + high) / 2) > 10 * (high - low)
            checks.require(np.isfinite(point).all() and not far.any(), "values", "numbers near the data's", values)
        inputs = message.get("plane")
        fits = inputs is None or (isinstance(inputs, list) and len(inputs) == 2)
        checks.require(fits, "plane", "two inputs", inputs)
        trainer.look(point, None if inputs is None else (inputs[0], inputs[1]))
        if values is not None:
            trainer.chosen = None
        return self._scene()

    def _explain(self, message: Message) -> Answer:
        return {"say": "explained", **explain(self.trainer, message.get("layer"), message.get("unit"))}

    def _model(self, message: Message) -> Answer:
        name, content = model_bytes(self.trainer, message.get("kind"))
        head = json.dumps({"file": name}).encode()
        head += b" " * (-len(head) % 4)
        # a file is a frame of another kind: a head that names it, no numbers, and its bytes
        return len(head).to_bytes(4, "little") + bytes(4) + head + content

    def _diagnose(self, message: Message) -> Answer:
        trainer, settings = self.trainer, self.trainer.settings
        finish_epoch(trainer)
        run = trained_again(trainer)
        net, data = trainer.net, trainer.data
        targets = [data.dense(y, net.sizes[-1]) for y in (data.y, data.held_y)]
        f = objective(net, settings.goal.loss, l2=settings.l2)
        subject = trainer.params if run is None else run
        validation = (data.held_X, targets[1])
        tried = message.get("experiments") is True
        found = diagnose(f, subject, (data.X, targets[0]), validation=validation, experiments=tried)
        findings = [
            {"kind": each.kind, "sentence": each.sentence, "remedy": each.remedy, "tried": list(each.tried),
             "settings": remedy_for(each.kind, settings)}
            for each in found.findings
        ]  # fmt: skip
        return {"say": "diagnosis", "summary": found.summary, "findings": findings}

    def _upload(self, message: Message) -> Answer:
        size = checks.integer("size", message.get("size"), minimum=1, maximum=MOST_UPLOADED)
        name: Any = message.get("name")
        checks.require(isinstance(name, str) and 0 < len(name) <= 200, "name", "the name of a file", name)
        # a name and never a path: it is shown, and tells the format
        self._file = name.replace("\\", "/").rsplit("/", 1)[-1], size, bytearray()
        return {"say": "send"}

    def _piece(self, content: bytes) -> Answer:
        if self._file is None:
            checks.refuse("message", "a command before the bytes of a table", checks.Words("bytes"))
        name, size, received = self._file
        if len(received) + len(content) > size:
            self._file = None
            checks.refuse("table", f"{size} bytes, as was said", checks.Words("more"))
        received += content
        if len(received) < size:
            return {"say": "received", "bytes": len(received)}
        self._file = None
        table = opened_table(_named(bytes(received), name))
        self._use(TableChoice(table, table.names[-1], {}, {}))
        return {"n": self.number, **self._scene()}

    def _columns(self, message: Message) -> Answer:
        """Take another target, other roles and kinds of the columns of the table."""
        own = self.trainer.own
        if own is None:
            checks.refuse("columns", "a table that was opened", checks.Words("none"))
        roles, kinds = message.get("roles", {}), message.get("kinds", {})
        for name, given in (("roles", roles), ("kinds", kinds)):
            checks.require(isinstance(given, dict), name, "an object, column: value", given, TypeError)
        target = message.get("target", own.target)
        checks.choice("target", target, own.table.names)
        roles = {name: role for name, role in roles.items() if name != target}
        self._use(TableChoice(own.table, target, roles, kinds))
        return self._scene()

    def _use(self, own: TableChoice) -> None:
        self.trainer = trainer_for(own, self.trainer.settings)

    def _begin_lesson(self, message: Message) -> Answer:
        step = checks.integer("step", message.get("step"), maximum=len(LESSONS) - 1)
        self.trainer = begin_lesson(step)
        self._lesson = step
        return self._scene()

    def _judge(self, message: Message) -> Answer:
        right, words = judge_answer(self._lesson, message.get("answer"), self.trainer)
        return {"say": "judged", "right": right, "words": words}


def opened_table(source: Any) -> Any:
    """Read a table and refuse, by a ValueError, one with more columns than are shown."""
    table = read_table(source)
    few = f"at most {MOST_COLUMNS} columns"
    checks.require(len(table.names) <= MOST_COLUMNS, "table", few, checks.Words(f"{len(table.names)}"))
    return table


def trainer_for(own: TableChoice, settings: PlaySettings | None = None) -> LiveTrainer:
    """Return a trainer for a table, with the usual goal where the settings' does not fit it."""
    settings = settings or PlaySettings()
    choice = settings.data if settings.data.name == "table" else DataChoice("table", share=0.8)
    goals = goals_for(shown_data(choice, own))
    goal = settings.goal if settings.goal in goals else goals[0]
    return LiveTrainer(dataclasses.replace(settings, data=choice, goal=goal), own)


def _named(content: bytes, name: str) -> Any:
    file = io.BytesIO(content)
    file.name = name
    return file


def _words(error: BaseException) -> str:
    words = str(error) or type(error).__name__
    return checks.printable(words)[:1_000]
