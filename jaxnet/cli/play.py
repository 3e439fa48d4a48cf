"""``jaxnet play``: the playground, a local page on which a network trains live."""

import argparse
import os
import sys
import threading
import time
from typing import Any

import jaxnet.compilation_cache as compilation_cache  # "from jaxnet" would ask its front door first
from jaxnet.cli.arguments import positive_number, whole_number
from jaxnet.cli.exits import DATA, INTERRUPTED, OK, USAGE, Refusal

_INSTALL = "the playground needs starlette, uvicorn and websockets: pip install 'jaxnet[play]'"
_EPILOG = """\
Everything on the page is computed by the training of jn.fit: what is on the screen is what it leaves, and the page's
"Python code" trains the same again and says by how much the two differ. Nothing leaves this machine: the server
answers on 127.0.0.1 alone, and only to a page that was opened with the address it prints, which holds a secret.

examples:
  jaxnet play                                # the article's images, toys, digits, a formula of your own
  jaxnet play penguins.csv --target species  # your own table, its columns prepared as by jaxnet train

exit status: 0 stopped because nobody was there; 2 usage; 3 a table that cannot be read; 130 stopped by Ctrl-C"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "play",
        help="open a page on which a network trains live",
        description="Open a local page on which a network trains live and every number of it is in sight.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("table", metavar="FILE", nargs="?", help="a table of your own: CSV, TSV, Parquet")
    parser.add_argument("--target", metavar="COLUMN", help="what is to be predicted (default: the last column)")
    parser.add_argument("--port", metavar="N", type=whole_number(0, 65535), default=0, help="default: any that is free")
    parser.add_argument(
        "--host", metavar="ADDRESS", default="127.0.0.1",
        help="another address than this machine's own needs --yes-anybody-there, too",
    )  # fmt: skip
    parser.add_argument(
        "--yes-anybody-there", action="store_true", help="whoever reaches that address may read the page's files"
    )
    parser.add_argument(
        "--idle", metavar="MINUTES", type=positive_number, default=60.0,
        help="stop when no page has asked for anything for so long (default 60)",
    )  # fmt: skip
    parser.add_argument(
        "--allow-code", action="store_true",
        help="run the gradient that is written on the page, in a process with limits, which is no sandbox",
    )  # fmt: skip
    parser.add_argument("--no-browser", action="store_true", help="print the address and open nothing")


def run(arguments: argparse.Namespace) -> int:
    """Serve until it is interrupted or nobody is there; Refusal for a table, an address or a port that will not do."""
    if arguments.host not in ("127.0.0.1", "::1", "localhost") and not arguments.yes_anybody_there:
        raise Refusal(f"--host {arguments.host} is not this machine alone: add --yes-anybody-there to mean it", USAGE)
    if arguments.target is not None and arguments.table is None:
        raise Refusal("--target goes with a table", USAGE)
    try:
        from jaxnet.playground import serving
    except ImportError as error:
        raise Refusal(
            _INSTALL if error.name in ("starlette", "uvicorn", "websockets") else str(error), USAGE
        ) from error
    host = "127.0.0.1" if arguments.host == "localhost" else arguments.host
    try:
        listener = serving.listening(host, arguments.port)
    except OSError as error:
        raise Refusal(str(error), USAGE) from error
    with listener:
        port = listener.getsockname()[1]
        compilation_cache.enable()
        server = serving.PlayServer(_conversations(arguments), serving.hosts_of(host, port))
        address = f"http://{serving.hosts_of(host, port)[0]}/#token={server.token}"
        print(address, flush=True)
        print("jaxnet: open this address in a browser; Ctrl-C ends it", file=sys.stderr, flush=True)
        if not arguments.no_browser:
            _open(address)
        interrupted = serving.serve_play(server, listener, idle_seconds=60 * arguments.idle)
    sys.stdout.flush()
    sys.stderr.flush()
    # not by returning: a program that is being compiled in its thread would be waited for, or bring the process down
    os._exit(INTERRUPTED if interrupted else OK)


def _conversations(arguments: argparse.Namespace) -> Any:
    """Return what begins a tab's conversation; a table is read at once, so that a bad one is said here."""
    from jaxnet.data import DataError
    from jaxnet.playground.conversation import Conversation, opened_table, trainer_for
    from jaxnet.playground.shown_data import TableChoice

    allow_code = arguments.allow_code
    if arguments.table is None:
        return lambda: Conversation(allow_code=allow_code)
    try:
        table = opened_table(arguments.table)
        target = arguments.target or table.names[-1]
        if target not in table.names:
            raise Refusal(f"there is no column {target!r}; there are {', '.join(table.names[:20])}", USAGE)
        own = TableChoice(table, target, {}, {})
        settings = trainer_for(own).settings
    except (DataError, OSError, ValueError) as error:
        raise Refusal(str(error), DATA) from error
    return lambda: Conversation(settings, own, allow_code=allow_code)


def _open(address: str) -> None:
    """Open the address in the user's browser, where there is one to be seen."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    import webbrowser

    def later() -> None:
        time.sleep(0.3)  # the server has to answer by then
        webbrowser.open(address)

    threading.Thread(target=later, daemon=True).start()
