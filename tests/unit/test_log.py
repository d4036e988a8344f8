"""The engine logs as a library should: records of `logging`, and nothing on anybody's standard output."""

from __future__ import annotations

import logging

from placet.log import get_logger


def test_a_record_carries_what_it_is_about(caplog):
    with caplog.at_level(logging.INFO, "placet.jobs"):
        get_logger("placet.jobs").info("nobody is there to be told", process_id="7")

    (record,) = caplog.records
    assert (record.getMessage(), record.process_id) == ("nobody is there to be told", "7")


def test_a_host_that_configures_nothing_sees_no_more_than_warnings(capfd):
    log = get_logger("placet.jobs")

    log.info("quiet")
    log.warning("worth a look", error="disk full")

    written = capfd.readouterr()
    assert written.out == ""
    assert "quiet" not in written.err


def test_an_exception_comes_with_its_trace(caplog):
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        get_logger("placet.store").exception("the writer failed")

    assert caplog.records[0].exc_info[0] is ZeroDivisionError
