"""How a command ends."""

OK, NO, USAGE, DATA, INTERRUPTED = 0, 1, 2, 3, 130  # exit statuses; NO: the answer is no, as a wrong gradient


class Refusal(Exception):
    """An expected error: said in one sentence on standard error, without a traceback."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
