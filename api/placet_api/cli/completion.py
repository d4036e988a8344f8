"""`placet completion`: what makes a shell complete commands, options and their values."""

from __future__ import annotations

from typing import Literal

from placet_api.cli.output import say

#: The file of a function that zsh loads has to call it as well: it is the function's first call.
_CALLED = '\n\n_cyclopts_placet "$@"'


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print the script that makes a shell complete commands and options.

    It goes into a file that the shell reads: of bash ~/.local/share/bash-completion/completions/placet, of fish
    ~/.config/fish/completions/placet.fish, of zsh _placet in a folder of its fpath. For example:

        placet completion bash

    Parameters
    ----------
    shell
        for which shell
    """
    from placet_api.cli.main import app

    script = app.generate_completion(shell=shell).rstrip()
    say(script + _CALLED if shell == "zsh" else script)
