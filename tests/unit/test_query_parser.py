from datetime import UTC, datetime

import pytest

from placet.errors import InvalidFilter
from placet.query.ast import ME, Comparison, Operator, Relative
from placet.query.caret import caret_lines
from placet.query.fields import DEFINITIONS, EVENTS, INCIDENTS, PROCESSES, USERS, WORK_ITEMS
from placet.query.parser import parse_condition, parse_query
from placet.query.printer import query_text
from placet.query.query import Query
from placet.query.scanner import Scanner

ID = "e11a2f10c90f489895f968d565b15091"


@pytest.mark.parametrize(
    ("resource", "text", "canonical"),
    [
        (PROCESSES, "", ""),
        (PROCESSES, " \n ", ""),
        (PROCESSES, "processstatus=RUNNING", "ProcessStatus = Running"),
        (PROCESSES, "ProcessStatus != 3", "ProcessStatus != Completed"),
        (PROCESSES, "ProcessStatus = 'running'", "ProcessStatus = Running"),
        (PROCESSES, "ProcessStatus < stopped", "ProcessStatus < Stopped"),
        (PROCESSES, "ProcessStatus in (0 , Stopped)", "ProcessStatus in (Running, Stopped)"),
        (PROCESSES, "ProcessStatus not in (0)", "ProcessStatus not in (Running)"),
        (PROCESSES, "Initiator = me AND Recipient=SELF", "Initiator = me and Recipient = me"),
        (PROCESSES, "Initiator = 'me'", 'Initiator = "me"'),
        (PROCESSES, "Initiator=cn=anna,ou=users,o=placet", 'Initiator = "cn=anna,ou=users,o=placet"'),
        (PROCESSES, "Initiator in (cn=a,o=x, ben,cn=c)", 'Initiator in ("cn=a,o=x", "ben", "cn=c")'),
        (PROCESSES, r"Initiator = cn=a\,b", r'Initiator = "cn=a\\,b"'),
        (PROCESSES, "Initiator = Recipient", "Initiator = Recipient"),
        (PROCESSES, "Initiator = 'Recipient'", 'Initiator = "Recipient"'),
        (PROCESSES, "Recipient contains ou=users", 'Recipient contains "ou=users"'),
        (PROCESSES, "Recipient not startswith me", 'Recipient not startswith "me"'),
        (PROCESSES, "Definition = 'Leave request'", 'Definition = "Leave request"'),
        (PROCESSES, f"processtid = {ID.upper()}", f'ProcessId = "{ID}"'),
        (PROCESSES, "EngineId < node-2", 'EngineId < "node-2"'),
        (PROCESSES, "CorrelationId = 12", 'CorrelationId = "12"'),
        (PROCESSES, "CorrelationId = 'it''s' or CorrelationId = \"a\\u00e9\\n\"",
         'CorrelationId = "it\'s" or CorrelationId = "aé\\n"'),
        (PROCESSES, "CreationTime>=-7D", "CreationTime >= -7d"),
        (PROCESSES, "CreationTime > 'today-2w'", "CreationTime > today-2w"),
        (PROCESSES, "CreationTime > 2026-03-02T10:00+01:00", "CreationTime > 2026-03-02T09:00:00.000Z"),
        (PROCESSES, "CreationTime = 20080723044715000-0400", "CreationTime = 2008-07-23T08:47:15.000Z"),
        (PROCESSES, "CompletionTime < CreationTime", "CompletionTime < CreationTime"),
        (PROCESSES, "CreationTime between yesterday and today", "CreationTime between yesterday and today"),
        (PROCESSES, "CreationTime >= yesterday and CreationTime <= today", "CreationTime between yesterday and today"),
        (PROCESSES, "CreationTime not between -2d and -1d", "not (CreationTime between -2d and -1d)"),
        (PROCESSES, "CompletionTime is null or CompletionTime IS NOT NULL",
         "CompletionTime is null or CompletionTime is not null"),
        (PROCESSES, "not CompletionTime is null", "CompletionTime is not null"),
        (PROCESSES, "DATA.Amount > 1000", "Data.Amount > 1000"),
        (PROCESSES, "Data.x in (1, -2.50, +3, TRUE, me, now, 2024-05-01, foo, '12', Data.y, initiator.x, WorkItems)",
         'Data.x in (1, -2.5, 3, true, me, now, 2024-05-01T00:00:00.000Z, "foo", "12", Data.y, "initiator.x", '
         '"WorkItems")'),
        (PROCESSES, "Data.code contains 12", 'Data.code contains "12"'),
        (PROCESSES, "WorkItems.Addressee = me", "WorkItems.Addressee = me"),
        (PROCESSES, "workitems.assignedto = WorkItems.Owner", "WorkItems.Addressee = Owner"),
        (PROCESSES, "WorkItems(Addressee=me and Status=Open)", "WorkItems(Addressee = me and Status = Open)"),
        (PROCESSES, "WorkItems ( Status = Open )", "WorkItems.Status = Open"),
        (PROCESSES, "WorkItems.Owner is not null", "WorkItems.Owner is not null"),
        (PROCESSES, "not Events.Kind = process.failed", "not (Events.Kind = process.failed)"),
        (PROCESSES, "Events.Kind startswith mail.", "Events.Kind in (mail.requested, mail.sent, mail.failed)"),
        (PROCESSES, "Comments.Text contains 'too late'", 'Comments.Text contains "too late"'),
        (PROCESSES, "((ProcessStatus=0))", "ProcessStatus = Running"),
        (PROCESSES, "ProcessStatus=0 and (ProcessStatus=1 and ProcessStatus=2)",
         "ProcessStatus = Running and ProcessStatus = Stopped and ProcessStatus = Terminated"),
        (PROCESSES, "ProcessStatus=0 or ProcessStatus=1 and not ProcessStatus=2",
         "ProcessStatus = Running or ProcessStatus = Stopped and not (ProcessStatus = Terminated)"),
        (PROCESSES, "(ProcessStatus=0 or ProcessStatus=1) and ProcessStatus=2",
         "(ProcessStatus = Running or ProcessStatus = Stopped) and ProcessStatus = Terminated"),
        (PROCESSES, "not not ProcessStatus=0", "not (not (ProcessStatus = Running))"),
        (PROCESSES, "sort creationtime DESC, ProcessId asc", "sort CreationTime desc, ProcessId"),
        (PROCESSES, "limit 5 sort by CreationTime", "sort CreationTime limit 5"),
        (PROCESSES, "ProcessStatus=0 fields ProcessId,Data.amount cursor abc",
         'ProcessStatus = Running fields ProcessId, Data.amount cursor "abc"'),
        (PROCESSES, "group by Definition, DAY ( CreationTime ) sort count desc, Definition",
         "group by Definition, day(CreationTime) sort count desc, Definition"),
        (PROCESSES, "group by Data.size sort median limit 3", "group by Data.size sort median limit 3"),
        (WORK_ITEMS, "Process.Data.amount > 5 sort Process.CreationTime fields WorkId, process.data.x",
         "Process.Data.amount > 5 sort Process.CreationTime fields WorkId, Process.Data.x"),
        (WORK_ITEMS, "Process(Initiator = Recipient)", "Process.Initiator = Recipient"),
        (EVENTS, "kind = WORK_ITEM.APPROVED", "Kind = work_item.approved"),
        (INCIDENTS, "Kind = connector and Reason contains timeout",
         'Kind = "connector" and Reason contains "timeout"'),
        (DEFINITIONS, "Retired = False and Version >= 2", "Retired = false and Version >= 2"),
        (USERS, "Status = ACTIVE and Manager = me", 'Status = "ACTIVE" and Manager = me'),
    ],
)  # fmt: skip
def test_a_query_is_read(resource, text, canonical):
    query = parse_query(text, resource)

    assert query_text(query) == canonical
    assert parse_query(canonical, resource) == query


@pytest.mark.parametrize(
    ("resource", "text", "marked", "key", "suggestion", "said"),
    [
        (PROCESSES, "Initator = me",
                    "^", "Initator", "Initiator", "'Initator' is not a field of processes. Did you mean Initiator?"),
        (PROCESSES, "Colour = red",
                    "^", "Colour", None, "Beside them there are Data.…, WorkItems.…, Events.…, "),
        (PROCESSES, "WorkItem.Status = Open",
                    "^", "WorkItem.Status", "WorkItems.Status", "Did you mean WorkItems.Status?"),
        (PROCESSES, "Addressee = me",
                    "^", "Addressee", "WorkItems.Addressee", "Did you mean WorkItems.Addressee?"),
        (PROCESSES, "ProcessStatus = 0 and WorkItems.Statsu = Open",
                    "                      ^", "Statsu", "WorkItems.Status", "'Statsu' is not a field of work items."),
        (WORK_ITEMS, "Data.amount > 1",
                    "^", "Data.amount", "Process.Data.amount", "Did you mean Process.Data.amount?"),
        (USERS, "Data.x = 1",
                    "^", "Data.x", None, "'Data.x' is not a field of users. The fields are UserId, User, "),
        (PROCESSES, "Data. = 1",
                    "^", "Data.", None, "a name has up to 64 letters, digits, - and _"),
        (PROCESSES, "WorkItems = 1",
                    "^", "WorkItems", None, "WorkItems.WorkId, or for several at once: WorkItems(… and …)."),
        (PROCESSES, "Initiator(x = 1)",
                    "^", "Initiator", None, "no relation of processes; there is WorkItems, "),
        (PROCESSES, "ProcessStatus = Runing",
                    "                ^", "ProcessStatus", "Running", "'Runing' is unknown; it takes Running (0), "),
        (EVENTS, "Kind = workitem.approved",
                    "       ^", "Kind", "work_item.approved", "more. Did you mean work_item.approved?"),
        (EVENTS, "Kind contains zzz",
                    "              ^", "Kind", None, "Kind: no value of it contains 'zzz'"),
        (PROCESSES, "CreationTime > me",
                    "               ^", "CreationTime", None, "means whoever asks, and this is no person"),
        (PROCESSES, "CreationTime > 2026-13-01",
                    "               ^", "CreationTime", None, "month 13 is not between 01 and 12"),
        (PROCESSES, "Data.due > 2026-13-01",
                    "           ^", "Data.due", None, "month 13 is not between 01 and 12"),
        (PROCESSES, "CreationTime > soon",
                    "               ^", "CreationTime", None, "-7d"),
        (PROCESSES, "CompletionTime = null",
                    "                 ^", "CompletionTime", None, "write CompletionTime is null, or "),
        (PROCESSES, "ProcessId = 12",
                    "            ^", "ProcessId", None, "an id is 32 hex digits without dashes"),
        (PROCESSES, "ProcessId contains ab",
                    "          ^", "ProcessId", None, "'contains' does not fit at character 11. What fits: =, !=, "),
        (DEFINITIONS, "Retired < true",
                    "        ^", "Retired", None, "What fits: =, !=, is, not, in."),
        (DEFINITIONS, "Retired = yes",
                    "          ^", "Retired", None, "is neither true nor false"),
        (DEFINITIONS, "Version = two",
                    "          ^", "Version", None, "is not a number; write one such as 12, -3 or 12.5"),
        (PROCESSES, "Data.x = 99999999999999999999",
                    "         ^", "Data.x", None, "too large a number"),
        (PROCESSES, "Data.x = 1e999",
                    "         ^", "Data.x", None, "too large a number"),
        (PROCESSES, "Initiator = CreationTime",
                    "            ^", "Initiator", None, "field (time), which Initiator (dn) is not compared with;"),
        (EVENTS, "ProcessId = WorkId",
                    "            ^", "ProcessId", None, "name of a field (id), which ProcessId (id) is not compared"),
        (PROCESSES, "Initiator = Definition",
                    "            ^", "Initiator", None, "quote it if it is meant as text"),
        (PROCESSES, "ProcessStatus = ApprovalStatus",
                    "                ^", "ProcessStatus", None, "the name of a field (status)"),
        (WORK_ITEMS, "Addressee = Process.Initiator",
                    "            ^", "Addressee", None, "Process.Initiator is of another row"),
        (PROCESSES, "ProcessStatus = 0 adn Initiator = me",
                    "                  ^", None, "and", "at character 19. Did you mean and? What fits: and, or, "),
        (PROCESSES, "ProcessStatus == 0",
                    "              ^", None, "=", "'==' does not fit at character 15. Did you mean ="),
        (PROCESSES, "ProcessStatus <> 0", "              ^", None, "!=", "Did you mean !=?"),
        (PROCESSES, "EngineId LIKE 'x'", "         ^", None, "contains", "Did you mean contains?"),
        (PROCESSES, "EngineId = x && EngineId = y", "             ^", None, "and", "Did you mean and?"),
        (PROCESSES, "EngineId = x order by EngineId", "             ^", None, "sort", "Did you mean sort?"),
        (PROCESSES, "Initiator = Anna Meier",
                    "                 ^", None, None, "A value with a space, comma or = in it stands in quotes."),
        (PROCESSES, "ProcessStatus =",
                    "               ^", None, None, "missing at the end. What fits: a value of ProcessStatus."),
        (PROCESSES, "ProcessStatus",
                    "             ^", None, None, "What fits: =, !=, <, <=, >, >=, is, not, in, between, contains, "),
        (PROCESSES, "(ProcessStatus = 0",
                    "                  ^", None, None, "What fits: and, or, )."),
        (PROCESSES, "ProcessStatus = 0)",
                    "                 ^", None, None, "')' does not fit at character 18."),
        (PROCESSES, "and ProcessStatus = 0",
                    "^", None, None, "What fits: not, (, a field of processes."),
        (PROCESSES, "Initiator in ()",
                    "              ^", None, None, "What fits: a value of Initiator."),
        (PROCESSES, "CorrelationId = 'abc",
                    "                ^", None, None, "The text that begins with ' never ends; put ' behind it."),
        (PROCESSES, r'CorrelationId = "a\q"',
                    "                  ^", None, None, "write \\\\ for a backslash"),
        (PROCESSES, r'CorrelationId = "a\ud800"',
                    "                ^", None, None, "half of a surrogate pair"),
        (PROCESSES, "Initiator ! me",
                    "          ^", None, None, "'!' alone means nothing; write != or not."),
        (PROCESSES, "sort count",
                    "     ^", "count", None, "count sorts groups; write group by"),
        (PROCESSES, "sort Recipient group by Initiator",
                    "     ^", "Recipient", None, "not sorted by Recipient; sort by Initiator, count or median."),
        (PROCESSES, "group by day(Initiator)",
                    "             ^", "Initiator", None, "write day(…) of CreationTime or CompletionTime."),
        (PROCESSES, "fields Initiator group by Recipient",
                    "^", "fields", None, "leave fields out, or group by"),
        (PROCESSES, "sort WorkItems.Status",
                    "     ^", "WorkItems", None, "There are several WorkItems for each of processes"),
        (PROCESSES, "limit 5 sort Initiator limit 6",
                    "                       ^", "limit", None, "limit stands here a second time"),
        (PROCESSES, "limit 0",
                    "      ^", "limit", None, "give a number from 1 to 2147483647"),
        (PROCESSES, "limit ten",
                    "      ^", None, None, "What fits: a number of rows."),
        (PROCESSES, "group Initiator",
                    "      ^", None, None, "What fits: by."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_query_is_said_and_where(resource, text, marked, key, suggestion, said):
    with pytest.raises(InvalidFilter) as refusal:
        parse_query(text, resource)

    assert said in refusal.value.message
    assert caret_lines(text, refusal.value.position) == (text, marked)
    assert (refusal.value.key, refusal.value.suggestion, refusal.value.text) == (key, suggestion, text)


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("Recipient = me and Initator = me", "Recipient = me and Initiator = me"),
        ("workitems.statsu = Open", "WorkItems.Status = Open"),
        ("ProcessStatus in (0, runing)", "ProcessStatus in (0, Running)"),
        ("ProcessStatus = 'runing' limit 5", "ProcessStatus = 'Running' limit 5"),
        ("ProcessStatus == 0", "ProcessStatus = 0"),
        ("ProcessStatus = 0 adn Initiator = me", "ProcessStatus = 0 and Initiator = me"),
        ("ProcessStatus = ", None),
        ("Initiator = 'x", None),
        ("sort count", None),
    ],
)
def test_what_was_probably_meant_can_be_put_in(text, corrected):
    with pytest.raises(InvalidFilter) as refusal:
        parse_query(text, PROCESSES)

    assert refusal.value.corrected == corrected


TEST = "ProcessStatus = 0"


@pytest.mark.parametrize(
    ("fits", "too_much", "position", "said"),
    [
        ("(" * 50 + TEST + ")" * 50, "(" * 51 + TEST + ")" * 51, 50, "nests more than 50 deep"),
        ("not " * 50 + TEST, "not " * 51 + TEST, 200, "nests more than 50 deep"),
        ("not (" * 50 + TEST + ")" * 50, "not (" * 51 + TEST + ")" * 51, 250, "nests more than 50 deep"),
        (" and ".join([TEST] * 200), " or ".join([TEST] * 201), 200 * 21, "More than 200 comparisons"),
        (" or ".join(["Data.x between 1 and 2"] * 100), " or ".join(["Data.x between 1 and 2"] * 101), 26 * 100,
         "More than 200 comparisons"),
        (f"Data.x in ({'1,' * 999}1)", f"Data.x in ({'1,' * 1000}1)", 2_011, "More than 1,000 values"),
        ("sort " + ",".join(["Initiator"] * 50), "sort " + ",".join(["Initiator"] * 51), 505, "More than 50"),
        ("Process(WorkItems(Process(Initiator = me)))", "Process(WorkItems(Process(WorkItems(Owner = me))))", 26,
         "at most 3 deep"),
    ],
)  # fmt: skip
def test_what_goes_beyond_a_bound_is_refused(fits, too_much, position, said):
    resource = WORK_ITEMS if fits.startswith("Process(") else PROCESSES
    canonical = query_text(parse_query(fits, resource))

    with pytest.raises(InvalidFilter, match=said) as refusal:
        parse_query(too_much, resource)

    assert query_text(parse_query(canonical, resource)) == canonical
    assert refusal.value.position == pytest.approx(position, abs=1)


@pytest.mark.parametrize("piece", ["(", "not ", "WorkItems(", "x", "'", '"', "Data.x=1 or ", "=", "\\", "cn=a,", " "])
def test_long_texts_are_refused_at_once(piece, monkeypatch):
    monkeypatch.setattr("placet.query.parser.Reader", None)  # nothing of them is read

    with pytest.raises(InvalidFilter, match="characters is too long; at most 10000 are read"):
        parse_query(piece * (100_000 // len(piece)), PROCESSES)


@pytest.mark.parametrize("opening", ["(", "not ", "not (", "WorkItems(Process("])
def test_deep_nesting_is_refused_where_it_becomes_too_deep(opening):
    with pytest.raises(InvalidFilter, match="deep") as refusal:
        parse_query(opening * (10_000 // len(opening)), PROCESSES)

    assert refusal.value.position <= 51 * len(opening)


def test_a_long_query_is_read_word_by_word_once(monkeypatch):
    words = [f"w{n}" for n in range(1_000)]
    text = f"Data.x in ({', '.join(words)})"
    reads, whole = [], Scanner.read
    monkeypatch.setattr(Scanner, "read", lambda self, at, value=False: reads.append(at) or whole(self, at, value=value))

    parse_query(text, PROCESSES)

    assert len(reads) < 4 * len(words)


def test_a_condition_is_all_that_a_condition_may_be():
    assert parse_condition("", PROCESSES) is None
    assert parse_condition("Initiator = me", PROCESSES) == Comparison(PROCESSES.field("Initiator"), Operator.EQ, ME)
    with pytest.raises(InvalidFilter, match="Only a condition stands here, and sort is no part") as refusal:
        parse_condition("Initiator = me sort CreationTime", PROCESSES)
    assert refusal.value.position == 15


def test_values_have_the_types_of_their_fields():
    def value(text, resource=PROCESSES):
        return parse_condition(text, resource).value

    assert value("CreationTime = 2026-03-02") == datetime(2026, 3, 2, tzinfo=UTC)
    assert value("CreationTime = Today") == Relative("today")
    assert value("Initiator = ME") is ME
    assert value("Data.x = 'true'") == "true"
    assert value("Data.x = true") is True
    assert type(value("Data.x = 1")) is int
    assert type(value("Data.x = 1.0")) is float
    assert value("Initiator = Recipient") is PROCESSES.field("Recipient")


def test_a_query_that_says_nothing_leaves_everything_open():
    assert parse_query("", PROCESSES) == Query()
