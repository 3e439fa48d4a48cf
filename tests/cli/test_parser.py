"""Every wrong word gets the nearest right one, in commands of commands too."""

import pytest

from jaxnet.cli import main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stairs", "--imag", "3"], "no option --imag (did you mean '--image'?)"),
        (["stairs", "--imag=3"], "no option --imag (did you mean '--image'?)"),
        (["sweep", "pln"], "no 'pln' (did you mean 'plan'?); there is plan, run"),
        (["sweep", "run", "--ot", "a"], "no option --ot (did you mean '--out'?)"),
        (["sweep", "plan", "a.toml", "b.toml"], "nothing stands for the word 'b.toml'"),
        (["show", "a", "--jsn"], "no option --jsn (did you mean '--json'?)"),
    ],
)
def test_a_wrong_word_gets_the_nearest_right_one(arguments, words, capsys):
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
