import pytest

from placet.query.caret import caret_lines

LONG = "0123456789" * 20


@pytest.mark.parametrize(
    ("text", "position", "lines"),
    [
        ("ab cd", 3, ("ab cd", "   ^")),
        ("ab", 2, ("ab", "  ^")),
        ("", 0, ("", "^")),
        ("a\n\tb\x1b", 3, ("a  b ", "   ^")),
        (LONG, 0, (f"{LONG[:72]}…", "^")),
        (LONG, 100, (f"…{LONG[64:136]}…", f"{' ' * 37}^")),
        (LONG, 200, (f"…{LONG[128:]}", f"{' ' * 73}^")),
    ],
)
def test_a_place_is_shown_within_its_surroundings(text, position, lines):
    assert caret_lines(text, position) == lines
