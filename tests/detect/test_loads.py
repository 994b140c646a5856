"""Whatever loads by itself, and what must not be taken for it."""

from dataclasses import replace

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.loads import loads
from sluis.detect.styles import styles
from sluis.policy import POLICIES

T = "https://t.example/x"


@pytest.mark.parametrize(
    ("before", "after", "technique"),
    [
        (f"<script src='{T}'></script>", "<script ></script>", "script"),
        (f"<script>fetch('{T}')</script>", " ", "inline-script"),
        (f"<iframe src={T}></iframe>", "<iframe sandbox></iframe>", "iframe"),
        (f"<iframe src='{T}'width=9>", "<iframe sandbox width=9>", "iframe"),
        (f'<iframe/src={T}"/width=9>', '<iframe/sandbox "/width=9>', "iframe"),
        (f"<iframe a=b src='{T}'=allow-scripts>", "<iframe a=b /=allow-scripts>", "iframe"),
        (f"<iframe longdesc='{T}'>", "<iframe >", "iframe"),
        (f"<iframe srcdoc='&lt;img src={T}&gt;'>", "<iframe >", "srcdoc"),
        ("<iframe src='data:text/html,x'>", "<iframe sandbox>", "iframe"),
        (f"<object data='{T}'>", "<object >", "object"),
        (f"<embed src='{T}'>", "<embed >", "embed"),
        (f"<applet codebase='{T}'>", "<applet >", "applet"),
        (f"<video poster='{T}'>", "<video >", "video"),
        (f"<audio src='{T}'>", "<audio >", "audio"),
        (f"<track src='{T}'>", "<track >", "track"),
        (f"<bgsound src='{T}'>", "<bgsound >", "bgsound"),
        (f"<base href='{T}'>", "<base >", "base"),
        (f"<link rel=stylesheet href='{T}'>", "<link rel=stylesheet >", "link-stylesheet"),
        (f"<link rel='dns-prefetch' href='{T}'>", "<link rel='dns-prefetch' >", "link-dns-prefetch"),
        (f"<link rel='icon' href='{T}'>", "<link rel='icon' >", "link-other"),
        (f"<link rel=preload imagesrcset='{T} 2x'>", "<link rel=preload >", "imagesrcset"),
        (f"<meta http-equiv=refresh content='0; url={T}'>", "<meta http-equiv=refresh >", "meta-refresh"),
        ("<meta http-equiv=refresh content='0; url=x-app://page'>", "<meta http-equiv=refresh >", "meta-refresh"),
        (f"<meta name=msapplication-TileImage content='{T}'>", "<meta name=msapplication-TileImage >", "meta-pinned"),
        (f"<meta name=msapplication-badge content='a=1; uri={T}'>", "<meta name=msapplication-badge >", "meta-pinned"),
        ("<iframe src='x-app://page'>", "<iframe sandbox>", "iframe"),
        ("a\0b<im\0g s\0rc='x'>c\0d", "a\0b<im_g s_rc='x'>c\0d", "nul"),
        ("<video src='ftp://t.example/x'>", "<video >", "video"),
        (f"<a href=/ ping='{T}'>", "<a href=/ >", "ping"),
        ("<img attributionsrc=''>", "<img >", "attributionsrc"),
        (f"<html manifest='{T}'>", "<html >", "manifest"),
        (f"<svg><image xlink:href='{T}'/></svg>", "<svg><image /></svg>", "image"),
        (f"<svg><use href='{T}#a'/></svg>", "<svg><use /></svg>", "use"),
        (f"<feImage href='{T}'/>", "<feImage />", "feimage"),
        (f"<animate attributeName=href values='#a;{T}'>", "<animate attributeName=href >", "animate"),
        (f"<v:fill type='tile' src='{T}'/>", "<v:fill type='tile' />", "fill"),
        (f"<v:imagedata src='{T}'/>", "<v:imagedata />", "imagedata"),
        (f"<script src='{T}' src='{T}'>", "<script  >", "script"),
        (f"<script x src='{T}'=y>", "<script x /=y>", "script"),
        (f"<script type=speculationrules>{{'urls':['{T}']}}</script>", " ", "inline-script"),
        ("<script>a<b</script>", "<script type=x>a<b</script>", "script-type"),
        (
            "<script type='text/javascript'>a<b</script>",
            "<script type=x type='text/javascript'>a<b</script>",
            "script-type",
        ),
        ("<link rel=stylesheet href='data:text/css,@import x'>", "<link rel=stylesheet >", "link-stylesheet"),
        (f"<meta http-equiv=link content='<{T}>; rel=preload'>", "<meta http-equiv=link >", "meta-refresh"),
        (f"<object movie='{T}'>", "<object >", "object"),
        (f"<applet archive='a.jar,{T}'>", "<applet >", "applet"),
        (f"<layer src='{T}'>", "<layer >", "layer"),
        (f"<xml src='{T}'>", "<xml >", "xml"),
        (f"<vmlframe src='{T}'>", "<vmlframe >", "vmlframe"),
        (f"<v:image o:href='{T}'/>", "<v:image />", "image"),
        (f"<o:OLEObject Type=Link r:id='{T}'/>", "<o:OLEObject Type=Link />", "oleobject"),
        (f"<w:AttachedTemplate HRef='{T}'/>", "<w:AttachedTemplate />", "attachedtemplate"),
        (f"<svg><textPath href='{T}#p'/></svg>", "<svg><textPath /></svg>", "textpath"),
        (f"<svg><video xlink:href='{T}'/></svg>", "<svg><video /></svg>", "video"),
        (f"<svg xml:base='{T}'>", "<svg >", "xml:base"),
        (f"<image y:href='{T}'/>", "<image />", "image"),
        (f"<menuitem icon='{T}'>", "<menuitem >", "menuitem"),
        (f"<t:ref src='{T}'/>", "<t:ref />", "ref"),
    ],
)
def test_a_load_loses_what_it_loads(page: MakePage, before: str, after: str, technique: str) -> None:
    found = list(loads(page(before)))
    assert edited(before, found) == after
    assert {proposal.technique for proposal in found} == {technique}
    assert list(loads(page(after))) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<iframe src=//a>", "<iframe sandbox>"),
        ("<iframe src=// >", "<iframe  >"),
        ("<iframe src='//a'b>", "<iframe sandbox b>"),
    ],
)
def test_a_frame_is_kept_apart_where_that_has_room(page: MakePage, before: str, after: str) -> None:
    fitting = replace(POLICIES["balanced"], fit=True)
    assert edited(before, list(loads(page(before, fitting)))) == after


@pytest.mark.parametrize(
    "text",
    [
        "<iframe src='about:blank'></iframe><object data='cid:x'></object><video src='clip.mp4'>",
        "<script type='application/ld+json'>{'url':'https://shop.example/'}</script><script type=x>a<b</script>",
        "<form action='https://shop.example/'><input type=submit></form>",
        "<meta http-equiv='Content-Type' content='text/html; charset=utf-8'>",
        "<meta name=viewport content='width=device-width'>",
        "<link rel=stylesheet href='https://fonts.googleapis.com/css?family=Lato'>",
        "<a href='https://shop.example/'>x</a><blockquote cite='https://shop.example/'>",
        '<a href="https://shop.example/ping=1/manifest=a/background=blue">x</a>',
    ],
)
def test_what_loads_nothing_stays(page: MakePage, text: str) -> None:
    assert list(loads(page(text))) == []


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (f"<style>@import '{T}.css';</style>", "<style>@import none;</style>", "remote-style"),
        (f"<style>@import url({T}.css);</style>", "<style>@import none;</style>", "remote-style"),
        (f"@font-face{{src:url({T}.woff)}}", "@font-face{src:none}", "remote-style"),
        (
            f"<td width=1 height=1 style='background:url({T}?u=a1b2c3d4) no-repeat'>",
            "<td width=1 height=1 style='background:none no-repeat'>",
            "open-pixel",
        ),
        (f"<td width=1 height=1 background='{T}'>", "<td width=1 height=1 >", "open-pixel"),
        ("<p style='background:url(file://t.example/x)'>", "<p style='background:none'>", "active-content"),
        (
            "<td width=1 height=1 style='background:url(http://&#65364;.example/x?u=a1b2c3d4)'>",
            "<td width=1 height=1 style='background:none'>",
            "open-pixel",
        ),
        ("<style>@import 'data:text/css,x';</style>", "<style>@import none;</style>", "remote-style"),
        ("<style>@import url(data:text/css,x);</style>", "<style>@import none;</style>", "remote-style"),
        (f"@font-face{{/**/src/**/:/**/url({T})}}", "@font-face{/**/src/**/:/**/none}", "remote-style"),
        (
            "<div style='background:url(https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D)'>",
            "<div style='background:none'>",
            "open-pixel",
        ),
    ],
)
def test_styles(page: MakePage, before: str, after: str, kind: str) -> None:
    found = list(styles(page(before)))
    assert edited(before, found) == after
    assert [proposal.kind for proposal in found] == [kind]


def test_backgrounds_are_content_unless_the_policy_is_strict(page: MakePage) -> None:
    text = f"<td background='{T}'><div style='background:url({T})'><style>@import url(https://fonts.googleapis.com/css)"
    assert list(styles(page(text))) == []
    assert [proposal.kind for proposal in styles(page(text, "strict"))] == [
        "remote-image",
        "remote-style",
        "remote-image",
    ]
