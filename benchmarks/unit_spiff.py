"""The same unit by SpiffWorkflow: one user task, the state serialised and saved in SQLite after each of the two steps.

`python unit_spiff.py FILE SECONDS` runs in the environment that has SpiffWorkflow and prints its rate as JSON. The
library is synchronous, so that many at a time would only wait for each other; it is given the whole thread.
"""

from __future__ import annotations

import io
import json
import sqlite3
import sys
import time
import uuid
from typing import Any

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

WARM_UP = 0.5
DIAGRAM = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="benchmark" targetNamespace="benchmark">
  <process id="one_approval" isExecutable="true">
    <startEvent id="begin"/>
    <sequenceFlow id="to_manager" sourceRef="begin" targetRef="manager"/>
    <userTask id="manager" name="Manager's approval"/>
    <sequenceFlow id="to_done" sourceRef="manager" targetRef="done"/>
    <endEvent id="done"/>
  </process>
</definitions>"""


class Spiff:
    """Workflows in one SQLite file, as durable as Placet's."""

    def __init__(self, path: str, data: dict[str, Any]) -> None:
        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(DIAGRAM))
        self._spec, self._data = parser.get_spec("one_approval"), data
        self._serializer = BpmnWorkflowSerializer()
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE workflow (id TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID")

    def unit(self) -> None:
        self.approve(self.start())

    def start(self) -> str:
        workflow, key = BpmnWorkflow(self._spec), uuid.uuid4().hex
        workflow.data.update(self._data)
        workflow.do_engine_steps()
        state = self._serializer.serialize_json(workflow)
        self._connection.execute("INSERT INTO workflow (id, state) VALUES (?, ?)", (key, state))
        return key

    def approve(self, key: str) -> None:
        (state,) = self._connection.execute("SELECT state FROM workflow WHERE id = ?", (key,)).fetchone()
        workflow = self._serializer.deserialize_json(state)
        task = workflow.get_tasks(state=TaskState.READY, manual=True)[0]
        task.data["approved"] = True
        task.run()
        workflow.do_engine_steps()
        assert workflow.is_completed()
        state = self._serializer.serialize_json(workflow)
        self._connection.execute("UPDATE workflow SET state = ? WHERE id = ?", (state, key))


def measure(spiff: Spiff, seconds: float) -> float:
    """Units per second."""
    count, begin = 0, time.perf_counter()
    while (passed := time.perf_counter() - begin) < seconds:
        spiff.unit()
        count += 1
    return count / passed


if __name__ == "__main__":
    path, seconds = sys.argv[1:]
    spiff = Spiff(path, json.load(sys.stdin))
    measure(spiff, WARM_UP)
    print(json.dumps({"rate": measure(spiff, float(seconds))}))
