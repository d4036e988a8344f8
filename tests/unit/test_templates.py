"""Templates of mails: what they can show, what is told when they are loaded, and how little a hostile one can do."""

import time
import tracemalloc
from datetime import UTC, date, datetime

import pytest

from placet.core.templates import LONGEST_RESULT, LONGEST_TEMPLATE, check, render
from placet.errors import ExpressionError

NAMES = {
    "data": frozenset({"amount", "items", "note", "day"}),
    "process": frozenset({"name"}),
    "initiator": frozenset({"name", "manager"}),
    "now": frozenset(),
}
FACTS = {
    "data": {"amount": 12500, "items": ["nuts", "<b>olts</b>"], "note": None, "day": "2026-03-02T00:00:00.000Z"},
    "process": {"name": "Order & pay"},
    "initiator": {"name": "Ann"},
    "now": datetime(2026, 3, 2, 9, 5, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ process.name }} of {{ initiator['name'] }}", "Order & pay of Ann"),
        ("{{ data.note }}|{{ data.note.more }}|{{ data.note|default('none') }}", "||none"),
        ("{{ data.amount|number }} {{ data.amount|number(0) }} {{ data.amount + 1 }}", "12,500.00 12,500 12501"),
        ("{{ now }}; {{ now|day }}; {{ data.day|day }}", "2 March 2026, 09:05 UTC; 2 March 2026; 2 March 2026"),
        ("{% for item in data.items %}{{ loop.index }}. {{ item|upper }} {% endfor %}", "1. NUTS 2. <B>OLTS</B> "),
        ("{% for item in data.note %}never{% else %}nothing{% endfor %}", "nothing"),
        ("{{ data.items }} {{ data.items|join('+') }} {{ data.items|length }}", "nuts, <b>olts</b> nuts+<b>olts</b> 2"),
        ("{{ data.items|first }} {{ data.items[0]|capitalize|truncate(3) }}", "nuts Nu…"),
        ("{{ data.amount > 10 }} {{ data.note is none }} {{ 'nuts' in data.items }}", "yes yes yes"),
        ("{% if not data.note and data.amount is number %}so{% endif %}", "so"),
        ("{{ initiator.manager.name|default('nobody') }}", "nobody"),
        ("{{ initiator.manager is defined }}", "no"),
        ("{# a remark #}{{ -data.amount }} {{ 'a' ~ 1 }}", "-12500 a1"),
    ],
)
def test_a_template_shows_values(template, text):
    assert check(template, NAMES) == []
    assert render(template, FACTS) == text


def test_in_html_every_value_is_escaped():
    assert render("<p>{{ process.name }}</p>{{ data.items|join('<br>') }}", FACTS, html=True) == (
        "<p>Order &amp; pay</p>nuts&lt;br&gt;&lt;b&gt;olts&lt;/b&gt;"
    )
    assert render("{{ data.items[1]|upper|trim|truncate(99) }}", FACTS, html=True) == "&lt;B&gt;OLTS&lt;/B&gt;"


def test_dates_and_other_values_have_words():
    facts = {"data": {"a": date(2026, 12, 1), "b": {"c": [1, None]}, "d": True}}

    assert render("{{ data.a }} {{ data.a|day }} {{ data.b }} {{ data.d }}", facts) == (
        '2026-12-01 1 December 2026 {"c": [1, null]} yes'
    )


@pytest.mark.parametrize(
    ("template", "line", "column", "words"),
    [
        ("{{ data.amuont }}", 1, 9, "'data' has no 'amuont'; there is: amount, day, items, note"),
        ("Dear\n  {{ initator.name }}", 2, 6, "there is no 'initator'; there is: data, initiator, now, process"),
        ("{{ now.year }}", 1, 8, "'now' has no 'year'; it has none"),
        ("{{ data.amount|nummber }}", 1, 16, "there is no filter 'nummber'"),
        ("{{ data.amount is prime }}", 1, 19, "there is no test 'prime'; there is: defined, even"),
        ("{% if data.note %}", 1, 1, "Unexpected end of template"),
        ("one\n{{ data.note", 2, 1, "unexpected end of template"),
        ("{% set x = 1 %}", 1, 1, "'assign' is nothing that a template can use here"),
        ("{{ range(9) }}", 1, 1, "'call' is nothing"),
        ("{{ data.items.append(1) }}", 1, 1, "'call' is nothing"),
        ("{{ 'a' * 99 }}", 1, 1, "'mul' is nothing"),
        ("{{ 9 ** 9 }}", 1, 1, "'pow' is nothing"),
        ("{{ '%999s' % 1 }}", 1, 1, "'mod' is nothing"),
        ("{% include 'other' %}", 1, 1, "'include' is nothing"),
        ("{% extends 'other' %}", 1, 1, "'extends' is nothing"),
        ("{% macro m() %}{% endmacro %}", 1, 1, "'macro' is nothing"),
        ("{% for a in data.items recursive %}{% endfor %}", 1, 1, "'for' is nothing"),
        ("{{ data.items[0:1] }}", 1, 1, "'slice' is nothing"),
        ("{{ self }} {{ loop }}", 1, 4, "there is no 'self'"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", 1, 1, "it nests too deeply"),
        ("{% for a in data.items %}" * 30 + "{% endfor %}" * 30, 1, 1, "it nests too deeply"),
        ("x" * (LONGEST_TEMPLATE + 1), 1, 1, f"it has {LONGEST_TEMPLATE + 1} characters"),
    ],
)
def test_what_cannot_work_is_told_with_its_place(template, line, column, words):
    (fault, *_) = check(template, NAMES)

    assert (fault.line, fault.column) == (line, column)
    assert any(words in each.message for each in check(template, NAMES))


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ initiator.manager.name }}", "'manager' is not there; there is name"),
        ("{{ data.amount < 'a' }}", "not supported"),
        ("{{ data.items|number }}", "the filter 'number' takes a number"),
        ("{{ data.items|upper }}", "the filter 'upper' takes a text, not a list"),
        ("{{ process.name|day }}", "the filter 'day' takes a time"),
        ("{% for a in process.name %}{% endfor %}", "a loop goes over a list, not over str"),
        ("{% for a in many %}{% for b in many %}{% endfor %}{% endfor %}", "its loops take more than 2000 steps"),
        ("{% for a in many %}{{ long }}{% endfor %}", f"it becomes longer than {LONGEST_RESULT} characters"),
        ("{{ many|join(long) }}", "the filter 'join' makes no text of more than 100000 characters"),
        # nothing of Python can be reached, however it is asked for
        ("{{ ''.__class__ }}", "'__class__' is not there"),
        ("{{ data.__class__.__mro__ }}", "'__class__' is not there"),
        ("{{ data.items.__len__ }}", "'__len__' is not there"),
        ("{{ initiator['__init__'] }}", "'__init__' is not there"),
        ("{% for a in many %}{{ loop.__class__ }}{% endfor %}", "unsafe"),
    ],
)
def test_what_cannot_be_filled_in_is_told_in_words(template, words):
    with pytest.raises(ExpressionError) as failure:
        render(template, {**FACTS, "many": list(range(500)), "long": "x" * 1000})

    assert words in failure.value.message


LONG = {"long": "x" * 100_000, "many": list(range(1_000)), "map": {str(each): "x" * 20 for each in range(5_000)}}
GROWING = "".join(f"{{% for {now} in [{'~'.join([of] * 10)}] %}}" for of, now in ("La", "ab", "bc"))
GROWING = GROWING.replace("L", "long") + "{% endfor %}" * 3


@pytest.mark.parametrize(
    "template",
    [
        GROWING,
        GROWING.replace("~", "+"),
        "{% for a in many %}{% if long|upper|lower|upper == 'q' %}x{% endif %}{% endfor %}",
        "{% for a in many %}{% if (long|title) == 'q' %}x{% endif %}{% endfor %}",
        "{% for a in many %}{% if long == long ~ 'x' %}x{% endif %}{% endfor %}",
        "{% for a in many %}{% if 'y' in long %}x{% endif %}{% endfor %}",
        "{% for a in many %}{% if (map ~ '')|length < 5 %}x{% endif %}{% endfor %}",
        "{% for a in many %}{% if map == map %}{% endif %}{% endfor %}",
        "{% for a in many %}" + "{% if a %}{% endif %}" * 500 + "{% endfor %}",
        "{% for a in many %}{% if many|join == 'x' %}{% endif %}{% if many + many == 1 %}{% endif %}{% endfor %}",
    ],
)
@pytest.mark.parametrize("html", [False, True])
def test_what_would_take_long_or_grow_large_is_not_done(template, html):
    assert check(template, dict.fromkeys(LONG), html=html) == []
    began = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(ExpressionError, match="it has too much to do in its loops and filters"):
            render(template, LONG, html=html)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 2


def test_what_a_mail_needs_is_not_too_much():
    rows = [{"name": f"Part {each}", "price": each * 1.5, "note": "x" * 60} for each in range(900)]
    template = (
        "{% for row in data.rows %}{% if row.price > 10 and row.name|upper != 'X' %}"
        "{{ loop.index }}/{{ data.rows|length }}: {{ row.name ~ ' ' ~ row.note|truncate(30) }}, "
        "{{ row.price|number }}{% if not loop.last %}; {% endif %}{% endif %}{% endfor %}"
    )

    assert render(template, {"data": {"rows": rows}}).count("Part ") == 893


def test_what_is_joined_in_html_is_escaped_once():
    assert render("{{ process.name ~ '<i>' }} {{ ('<b>'|escape) ~ '&' }} {{ '<' + '>' }}", FACTS, html=True) == (
        "Order &amp; pay&lt;i&gt; &lt;b&gt;&amp; &lt;&gt;"
    )


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ '\\ud800' }}", "a text in it has half of a surrogate pair"),
        ("a {{ 'b\\x00' }}", "a text in it has a NUL character at position 2"),
        ("{{ 9" + "9" * 5_000 + " }}", "it has a number that is too long to be one"),
    ],
)
def test_what_cannot_be_stored_or_counted_is_told_when_it_is_loaded(template, words):
    (fault,) = check(template, NAMES)
    assert words in fault.message


def test_a_value_that_cannot_be_stored_is_replaced():
    assert render("{{ a }}", {"a": "x\ud800\0"}) == "x\ufffd\ufffd"
