"""Distinguished names and the GUIDs that come of them."""

import pytest

from placet.core.ids import is_id
from placet.core.names import common_name, definition_dn, dn_guid, fold_dn, group_dn, is_dn, unseen_in, user_dn


@pytest.mark.parametrize(
    ("dn", "name"),
    [
        ("cn=anna,ou=users,o=placet", "anna"),
        ("CN = Anna Ax , ou=x", "Anna Ax"),
        (r"cn=Ax\, Anna,o=x", r"Ax\, Anna"),
        ("cn=a=b,o=x", "a=b"),
        ("anna", "anna"),
        ("cn=", "cn="),
    ],
)
def test_the_common_name(dn, name):
    assert common_name(dn) == name


def test_names_are_made_of_titles():
    assert user_dn("anna") == "cn=anna,ou=users,o=placet"
    assert group_dn("HR") == "cn=HR,ou=groups,o=placet"
    assert definition_dn("Leave request") == "cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet"


@pytest.mark.parametrize("dn", ["cn=a", "cn=a,o=b", r"cn=a\,b,o=c", "CN=x , O=y", "cn=,o=x", "ou=ä ö,o=ß"])
def test_what_is_a_name(dn):
    assert is_dn(dn)
    assert fold_dn(fold_dn(dn)) == fold_dn(dn)


@pytest.mark.parametrize("text", ["", "anna", "=a", "cn", "cn=a,", ",cn=a", "1n=a", "cn==a", "cn=" + "a" * 1024])
def test_what_is_none(text):
    assert not is_dn(text)


def test_a_guid_depends_on_the_name_alone():
    guid = dn_guid("cn=Leave,o=placet")

    assert is_id(guid)
    assert guid == dn_guid("CN=leave , O=Placet")
    assert guid != dn_guid("cn=Leave,o=placet2")


@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        ("adm\u200bin", "U+200B"),
        ("x\u202ey", "U+202E"),
        ("a\u00adb", "U+00AD"),
        ("a\nb", "U+000A"),
        ("\u3164", "U+3164"),
        ("a\ufe0f", "U+FE0F"),
        ("Jörg Müller-Łukasz 田中", ""),
        ("", ""),
    ],
)
def test_what_nobody_sees_in_a_name(text, unseen):
    assert unseen_in(text) == unseen
