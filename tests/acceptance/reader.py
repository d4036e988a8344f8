"""Somebody who does what a page says, from top to bottom, and looks whether it prints what the page prints."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from tests.acceptance.pages import Ids, blocks
from tests.acceptance.terminals import Program, Shell
from tests.programs import ROOT, Node, environment, until

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PORT = "8080"  # of a server that is not told another
PROCESS = "4711"  # the number of the process of the server on it
DATABASE = "@localhost/placet"
_FOR_THE_PROGRAM = re.compile(r"(?:\w+=\S+ )*placet [^|<>&$;]*")
_TELLS_LATER = re.compile(r"placet (inbox|process show) ")  # what a server does by itself takes a moment


class Reader:
    """Does what a page says from top to bottom, in one terminal, with its servers in others."""

    def __init__(self, folder: Path, program: Program, postgresql: str = "") -> None:
        self._folder, self._program, self._postgresql = folder, program, postgresql
        self._stack = ExitStack()
        self._shell = Shell(folder, environment())
        self._nodes: dict[str, Node] = {}  # by port, as it is printed
        self._ids = Ids()

    def __enter__(self) -> Reader:
        self._stack.enter_context(self._shell)
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def knows(self, processes: Iterable[tuple[str, str]]) -> None:
        """Take the ids of processes that are there already: as they are printed, and as they are."""
        self._ids.real |= {printed[:28]: real[:28] for printed, real in processes}

    def read(self, page: str) -> None:
        """Run each command and program of a page, and write the files that it shows."""
        for number, block in enumerate(blocks(page)):
            match block.language:
                case "console":
                    assert block.commands, f"this block has no command:\n{block.text}"
                    for command, printed in block.commands:
                        self._do(command, printed)
                case "python" | "yaml" | "toml":
                    name = block.name or f"block_{number}.py"
                    (self._folder / name).write_text(self._with_addresses(block.text), "utf-8")
                    if block.name is None:
                        assert block.language == "python", f"this block names no file:\n{block.text}"
                        self._do(f"{sys.executable} {name}", "")

    def _do(self, command: str, printed: str) -> None:
        if (words := shlex.split(command))[0] == "make":
            self._serve(re.sub(r"^placet ", "", recipe(words[1])), printed)
        elif words[:2] == ["placet", "serve"]:
            self._serve(command.removeprefix("placet "), printed)
        elif words[:3] == ["sudo", "-u", "postgres"]:
            assert words[3:5] == ["psql", "-c"]
            self._ids.hold(printed, run_sql(self._postgresql, words[5]))
        else:
            self._type(command, printed)

    def _type(self, command: str, printed: str) -> None:
        real_command = self._real(command)
        if _FOR_THE_PROGRAM.fullmatch(command):
            status, real = self._program.type(real_command)
            if _TELLS_LATER.match(command):
                with suppress(AssertionError):  # what it is instead is told below
                    until(lambda: self._ids.fits(printed, self._as_printed(self._program.type(real_command)[1])))
                status, real = self._program.type(real_command)
        else:
            status, real = self._shell.type(real_command)
            self._program.note(real_command)
        assert (status != 0) == (printed.startswith("error: ") or "\nerror: " in printed), f"{command}\n{status} {real}"
        if printed.strip():
            self._ids.hold(printed, self._as_printed(real))

    def _serve(self, arguments: str, printed: str) -> None:
        words = shlex.split(self._real(arguments))
        port = words.pop(words.index("--port") + 1) if "--port" in words else PORT
        words = [word for word in words if word != "--port"]
        if port in self._nodes:
            self._nodes[port].process.wait(10)  # the page has stopped it
        self._nodes[port] = self._stack.enter_context(Node(self._folder, [*words, "--port", "0"], environment()))
        self._ids.hold(printed, self._as_printed(self._nodes[port].welcome))

    def _real(self, command: str) -> str:
        """A command with the ids, addresses and the process number of this run."""
        command = self._with_addresses(command)
        if PORT in self._nodes:
            command = re.sub(rf"(?<=^kill )(-9 )?{PROCESS}$", rf"\g<1>{self._nodes[PORT].process.pid}", command)
        if self._postgresql:
            command = command.replace(DATABASE, self._database())
        return self._ids.fill(command)

    def _with_addresses(self, text: str) -> str:
        for port, node in self._nodes.items():
            text = re.sub(rf"127\.0\.0\.1:{port}\b", urlsplit(node.url).netloc, text)
        return text

    def _as_printed(self, output: str) -> str:
        """Output with the addresses and the process number of the page."""
        for port, node in self._nodes.items():
            output = output.replace(urlsplit(node.url).netloc, f"127.0.0.1:{port}")
            output = output.replace(f"it is process {node.process.pid}.", f"it is process {PROCESS}.")
        if self._postgresql:
            output = output.replace(self._database(), DATABASE)
        return output

    def _database(self) -> str:
        address = urlsplit(self._postgresql)
        return f"@{address.hostname}:{address.port}/placet"


def recipe(target: str) -> str:
    """What a target of the Makefile runs last."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found, f"the Makefile has no target {target}"
    return found[1].splitlines()[-1].strip().removeprefix("@exec $(BIN)/")


def run_sql(address: str, statement: str) -> str:
    """What psql prints for one statement."""

    async def run() -> str:
        connection = await asyncpg.connect(f"{address}/postgres")
        try:
            return f"{await connection.execute(statement)}\n"
        finally:
            await connection.close()

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(run())
