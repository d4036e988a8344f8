"""The way in: the tree of commands, and how what goes wrong becomes one line and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, UnusedCliTokensError

from placet import __version__
from placet_api.cli import (
    absences,
    applications,
    audit,
    completion,
    connectors,
    definitions,
    directory,
    engines,
    explain,
    forms,
    incidents,
    mail,
    migrate,
    processes,
    proxies,
    query,
    roles,
    secrets,
    settings,
    users,
    webhooks,
    work_items,
)
from placet_api.cli import (
    view_commands as views,
)
from placet_api.cli.console.command import console
from placet_api.cli.exits import Exit, exit_of, sentence_of
from placet_api.cli.help import PlainHelp
from placet_api.cli.options import DEFINITIONS, PROCESSES, RUNNING
from placet_api.cli.serve import serve

app = App(
    name="placet",
    help="Placet: approval workflows with durable state.",
    version=__version__,
    help_format="plaintext",
    help_formatter=PlainHelp(),
)
app.command(serve, group=RUNNING)
app.command(migrate.migrate, group=RUNNING)
app.command(settings.settings, group=RUNNING)
app.command(completion.completion, group=RUNNING)
app.command(engines.app)
app.command(secrets.app)
app.command(mail.app)
app.command(definitions.app)
app.command(directory.app)
app.command(users.app)
app.command(roles.app)
app.command(absences.app)
app.command(proxies.app)
app.command(audit.audit, group=DEFINITIONS)
app.command(applications.app)
app.command(connectors.app)
app.command(webhooks.app)
app.command(explain.app)
app.command(forms.form, group=PROCESSES)
app.command(processes.start, group=PROCESSES)
app.command(query.query, group=PROCESSES, usage="placet query [OPTIONS] [QUERY...]")
app.command(views.app)
app.command(console, group=PROCESSES)
app.command(processes.app)
app.command(work_items.inbox, group=PROCESSES)
app.command(work_items.approve, group=PROCESSES)
app.command(work_items.deny, group=PROCESSES)
app.command(work_items.act, group=PROCESSES)
app.command(incidents.app)


def main() -> None:
    """Run the command that was typed and leave with its exit status."""
    status = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = _reader_gone()
    sys.exit(int(status))


def run(arguments: Sequence[str]) -> int:
    """The exit status of one command; what it has to say is printed."""
    try:
        status = app(list(arguments), exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as failure:
        return _refuse(_misunderstood(failure), Exit.USAGE)
    except (KeyboardInterrupt, SystemExit) as stopped:
        return stopped.code if isinstance(stopped, SystemExit) and isinstance(stopped.code, int) else Exit.INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except Exception as failure:
        return _refuse(sentence_of(failure), exit_of(failure))
    return status if isinstance(status, int) else Exit.DONE


def _misunderstood(failure: CycloptsError) -> str:
    """What is wrong with the command line, and where to read how it goes."""
    what = " ".join(str(failure).split())
    if isinstance(failure, UnusedCliTokensError):
        what = f"Nothing more is expected, but there is {' '.join(map(repr, failure.unused_tokens or ()))}."
    return f"{what} See `{' '.join(('placet', *(failure.command_chain or ())))} --help`."


def _refuse(sentence: str, status: Exit) -> Exit:
    from placet_api.cli.output import print_error

    print_error(sentence)
    return status


def _reader_gone() -> Exit:
    """Nobody reads any more: leave without a word, also from the flush at the end of the program."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.BROKEN_PIPE
