import random
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from placet.diagram import stands_on, steps_taken, to_mermaid, to_svg, to_text
from placet.diagram.layout import lay_out
from placet.loader import load_directory, parse_definition
from tests.builders import BOB, DAY, Story, a_branch, a_condition, a_definition, a_merge, a_wait, an_approval

DEFINITIONS = load_directory(Path(__file__).parents[2] / "definitions")
SVG = "{http://www.w3.org/2000/svg}"
NASTY = parse_definition(
    """
name: 'A "<b>&'
start: end
activities:
  end: {kind: condition, when: 'data.x < 1 && "a" != "]"', paths: {true: graph, false: graph, error: z}}
  graph: {kind: approval, name: '</text><script>alert(1)</script>', addressees: initiator.manager, settle: 2, paths: {approved: z, denied: graph, returned: end}}
  z: {kind: finish, name: 'Done | "over" `now`; #1'}
data: {x: {type: integer}}
"""  # noqa: E501
)
ALL = [*DEFINITIONS, NASTY]


def boxes(svg: str) -> dict[str, tuple[float, float, float, float]]:
    """The outline of each figure by its activity: left, top, right, bottom."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if (name := group.get("data-activity")) is None:
            continue
        shape = next(child for child in group if child.get("class") == "figure")
        if shape.tag == f"{SVG}rect":
            x, y, width, height = (float(shape.get(key)) for key in ("x", "y", "width", "height"))
            found[name] = (x, y, x + width, y + height)
        elif shape.tag == f"{SVG}circle":
            x, y, r = (float(shape.get(key)) for key in ("cx", "cy", "r"))
            found[name] = (x - r, y - r, x + r, y + r)
        else:
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", shape.get("points"))]
            found[name] = (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
    return found


@pytest.mark.parametrize("definition", ALL, ids=lambda definition: definition.name)
def test_the_svg_shows_every_activity_and_path_within_its_bounds(definition):
    svg = to_svg(definition)
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox").split())

    assert boxes(svg).keys() == {"", *definition.activities}
    assert all(
        0 <= left < right <= width and 0 <= top < bottom <= height for left, top, right, bottom in boxes(svg).values()
    )
    assert root.find(f"{SVG}title").text == definition.name
    labels = " ".join(text.text for text in root.iter(f"{SVG}text") if text.get("class") == "label")
    drawn = {path for activity in definition.activities.values() for path in activity.paths} - {"next"}
    assert set(re.findall(r"\w+", labels)) == drawn


@pytest.mark.parametrize("definition", ALL, ids=lambda definition: definition.name)
def test_figures_and_labels_do_not_lie_on_each_other(definition):
    svg = to_svg(definition)
    areas = list(boxes(svg).values())
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        if text.get("class") == "label":
            x, y, half = float(text.get("x")), float(text.get("y")), len(text.text) * 3
            areas.append((x - half, y - 10, x + half, y + 2))
    for one, other in combinations(areas, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


def test_the_svg_needs_nothing_from_outside_and_runs_nothing():
    svg = to_svg(NASTY)

    assert "<script" not in svg
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|href=|\bon\w+=", svg)
    assert "prefers-color-scheme:dark" in svg


def test_highlighted_activities_are_marked():
    purchase = next(definition for definition in DEFINITIONS if definition.name == "Purchase order")
    marked = re.findall(
        r'class="\w+ here" data-activity="(\w+)"', to_svg(purchase, highlight=["finance", "department"])
    )
    assert marked == ["finance", "department"]


def test_start_is_at_the_top_and_finish_at_the_bottom():
    for definition in DEFINITIONS:
        places = boxes(to_svg(definition))
        middle = {name: top for name, (_, top, _, _) in places.items()}
        assert min(middle, key=middle.get) == ""
        assert max(middle, key=middle.get) == "done"


def test_the_layout_copes_with_any_graph():
    numbers = random.Random(7)
    for size in (1, 2, 5, 20, 60):
        names = [str(number) for number in range(size)]
        arrows = {(names[at - 1], names[at]): 0.0 for at in range(1, size)}
        arrows |= {(numbers.choice(names), numbers.choice(names)): 30.0 for _ in range(size)}
        found = lay_out(dict.fromkeys(names, (100.0, 40.0)), arrows, "0")
        layers: dict[int, list[float]] = {}
        for name in names:
            layers.setdefault(found.spots[name].layer, []).append(found.spots[name].x)
        assert found.ways.keys() == {arrow for arrow in arrows if arrow[0] != arrow[1]}
        assert all(abs(one - other) >= 100 for row in layers.values() for one, other in combinations(row, 2))


def test_mermaid_has_a_node_for_every_activity_and_an_arrow_for_every_pair():
    leave = next(definition for definition in DEFINITIONS if definition.name == "Leave request")
    text = to_mermaid(leave)

    assert text.startswith('---\ntitle: "Leave request"\n---\nflowchart TD\n    n0(("Start"))\n')
    assert '    n1{"More than ten days#63;"}\n' in text
    assert '    n2("Manager\'s approval<br/><small>initiator.manager</small>")\n' in text
    assert '    n2 -->|"denied, timedout"| n4\n' in text
    assert text.count("-->") == 10


def test_mermaid_takes_no_word_of_a_definition_for_its_own():
    text = to_mermaid(NASTY)

    assert 'title: "A \\"<b>&"' in text
    for line in text.splitlines()[4:]:
        content = re.sub(r"<br/><small>|</small>", "", line)
        quoted = re.findall(r'"([^"]*)"', content)
        assert all(re.fullmatch(r"(?:[\w .,:()/'’…%+=;-]|#\d+;)*", part) for part in quoted), line
        assert re.fullmatch(r"\s+n\d+(?:\W+\"\W+| -->(?:\|\"\"\|)? n\d+)?", re.sub(r'"[^"]+"', '""', content)), line


# -- one process in the picture ---------------------------------------------------------------------

WAYS = a_definition(
    size=a_condition("true", true="both", false="done"),
    both=a_branch("ask", "rest"),
    ask=an_approval(paths={"approved": "meet", "denied": "size"}),
    rest=a_wait(DAY, to="meet"),
    meet=a_merge(),
)
START_TO_BOTH = [("", "size"), ("size", "both"), ("both", "ask"), ("both", "rest")]


def arrows_taken(svg: str) -> int:
    return svg.count('class="taken arrow"')


def test_where_a_process_stands_and_the_way_it_took_are_marked():
    story = Story(WAYS).start()
    process = story.process

    assert stands_on(process) == ["ask", "rest"]
    assert steps_taken(process, story.events) == ["size>true", "both>*"]
    svg = to_svg(WAYS, highlight=stands_on(process), way=steps_taken(process, story.events))
    assert set(re.findall(r'class="\w+ taken" data-activity="(\w*)"', svg)) == {"", "size", "both"}
    assert set(re.findall(r'class="\w+ here" data-activity="(\w*)"', svg)) == {"ask", "rest"}
    assert arrows_taken(svg) == len(START_TO_BOTH)


def test_one_that_has_ended_still_tells_its_way():
    story = Story(WAYS).start()
    story.act(1, "approve", BOB)
    story.pass_by(2 * DAY)

    assert story.process.flow == {}
    assert stands_on(story.process) == []
    taken = steps_taken(story.process, story.events)
    assert taken == ["size>true", "both>*", "ask>approved", "rest>next", "meet>next"]
    assert arrows_taken(to_svg(WAYS, way=taken)) == len(START_TO_BOTH) + 3


def test_a_way_that_is_gone_twice_is_noted_once():
    story = Story(a_definition(ask=an_approval(paths={"approved": "ask", "denied": "done"}))).start()
    for number in (1, 2, 3):
        story.act(number, "approve", BOB)

    assert steps_taken(story.process, story.events) == ["ask>approved"]


def test_without_a_way_nothing_is_marked():
    svg = to_svg(WAYS)

    assert arrows_taken(svg) == 0
    assert " taken" not in svg.replace("taken head", "").replace(".taken", "").replace("taken-head", "")


def test_a_piece_of_a_page_brings_no_style_of_its_own():
    piece = to_svg(WAYS, is_piece=True)

    assert piece.startswith('<svg class="diagram" role="img" aria-label="Test"')
    assert "<style" not in piece
    assert "style=" not in piece
    assert ElementTree.fromstring(piece) is not None


def test_lines_of_text_say_the_same():
    story = Story(WAYS).start()
    text = to_text(WAYS, highlight=stands_on(story.process), way=steps_taken(story.process, story.events))

    assert text.splitlines() == [
        "✓ Start",
        "    ━━▶ Size",
        "✓ Size",
        "    ━━▶ true: Both",
        "    ──▷ false: Done",
        "✓ Both",
        "    ━━▶ Ask",
        "    ━━▶ Rest",
        "· Done",
        "▶ Ask (bob)",
        "    ──▷ approved: Meet",
        "    ──▷ denied: Size",
        "▶ Rest (waits for 1 day)",
        "    ──▷ Meet",
        "· Meet",
        "    ──▷ Done",
    ]


@pytest.mark.parametrize("definition", ALL, ids=lambda definition: definition.name)
def test_lines_of_text_have_every_activity_and_arrow(definition):
    text = to_text(definition)

    assert len(re.findall(r"^· ", text, re.MULTILINE)) == len(definition.activities) + 1
    assert text.count("──▷") == to_mermaid(definition).count("-->")
