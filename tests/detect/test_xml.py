"""What only XML documents say: instructions that load, entities and attributes that nobody sees."""

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.settle import proposals

T = "http://t.example/x"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"<?xml-stylesheet type='text/css' href='{T}'?>", "<?xml-stylesheet type='text/css' ?>"),
        (f"<?xml-stylesheet a='>' href='{T}'?>", "<?xml-stylesheet a='>' ?>"),
        ("<?xml-stylesheet type='text/xsl' href='#a'?>", "<?xml-stylesheet type='text/xsl' ?>"),
        (f"<?IMPORT namespace=t implementation={T}>", "<?IMPORT namespace=t >"),
        (f"<?import a='?>' implementation='{T}'>", "<?import a='?>' >"),
        (f"<!ENTITY v '{T}'>", "<!ENTITY v ''>"),
        (f'<!ENTITY v "&#60;img src=&#34;{T}&#34;/>">', '<!ENTITY v "">'),
        ("<!ENTITY % d '&#60;!ENTITY v \"x:y\">'>%d;", "<!ENTITY % d ''>%d;"),
        (f"<!ENTITY v SYSTEM '{T}'>", "<!ENTITY v SYSTEM ''>"),
        (f"<!ENTITY % v PUBLIC '-//A//B' '{T}'>", "<!ENTITY % v PUBLIC '-//A//B' ''>"),
        (f"<!ATTLIST img src CDATA '{T}'>", "<!ATTLIST img src CDATA ''>"),
        (f"<!ATTLIST img alt CDATA '' src CDATA #FIXED \"{T}\">", "<!ATTLIST img alt CDATA '' src CDATA #FIXED \"\">"),
        (f'<!DOCTYPE html [<!ENTITY u "{T}">]>', '<!DOCTYPE html [<!ENTITY u "">]>'),
        ("<!ENTITY s '&#47;'>", "<!ENTITY s ''>"),
        ("<!ATTLIST a b CDATA 'http&#58;//t.example/'>", "<!ATTLIST a b CDATA ''>"),
    ],
)
def test_what_loads_is_emptied(page: MakePage, before: str, after: str) -> None:
    assert edited(before, list(proposals(page(before)))) == after
    assert proposals(page(after)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "<?xml version='1.0' href='http://t.example/'?>",
        "<?xml-stylesheet href='cid:a'?><a title='href=//t.example/'>",
        "<!ENTITY ns_svg 'http://www.w3.org/2000/svg'>",
        "<!ENTITY nbsp '&#160;'><!ENTITY who 'Ada Lovelace'>",
        "<!ENTITY % lat1 PUBLIC '-//W3C//ENTITIES Latin 1 for XHTML//EN' 'xhtml-lat1.ent'>",
        "<!ATTLIST svg xmlns CDATA #FIXED 'http://www.w3.org/2000/svg'>",
        "<!ATTLIST p align (left|right) 'left'>",
    ],
)
def test_what_stays(page: MakePage, text: str) -> None:
    assert proposals(page(text)) == ()
