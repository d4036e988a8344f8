import sys
from unicodedata import ucd_3_2_0

import pytest

from placet.query.folding import FROM, TO, fold_text


@pytest.mark.parametrize(
    ("one", "other"),
    [("ANNA", "anna"), ("É", "é"), ("ÄÖÜ", "äöü"), ("ΣΑΣ", "σας"), ("ς", "σ"), ("ЖУК", "жук"), ("ſ", "s"), ("K", "k"),
     ("Ǆ", "ǅ"), ("İ", "İ"), ("𐐀", "𐐨")],
)  # fmt: skip
def test_case_does_not_count(one, other):
    assert fold_text(one) == fold_text(other)


@pytest.mark.parametrize(("one", "other"), [("ß", "ss"), ("I", "ı"), ("é", "e\u0301"), ("ﬁ", "fi"), ("a", "á")])
def test_what_is_another_text_stays_another(one, other):
    assert fold_text(one) != fold_text(other)


def test_the_table_is_what_a_database_can_do():
    every = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)

    assert len(FROM) == len(TO) == len(set(FROM))
    assert len(fold_text(every)) == len(every)
    assert fold_text(fold_text(every)) == fold_text(every)
    assert every.translate(str.maketrans(FROM, TO)) == fold_text(every)


def test_the_table_is_the_same_for_every_python():
    """Letters that came later, and whose case a database that is older than they are would not know."""
    assert all(ucd_3_2_0.category(letter) != "Cn" for letter in FROM)
    assert fold_text("Ა\u1c90") == "Ა\u1c90"
    assert len(FROM) == 775
