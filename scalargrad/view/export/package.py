"""The files of a presentation around its slides: one master with one layout, a theme, notes."""

from __future__ import annotations

from collections.abc import Sequence

from scalargrad.view.scene import Theme

_WIDTH, _HEIGHT = 12_192_000, 6_858_000  # of a slide, 16:9, in English metric units
_FONT = "Verdana"
_DATE = "2000-01-01T00:00:00Z"  # every file's, so that equal scenes give equal bytes
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument"
SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    f'xmlns:r="{_OFFICE}" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
TREE = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
_MAP = (
    '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" '
    'accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" '
    'folHlink="folHlink"/>'
)
_SLOTS = (  # of a theme of Office, and what of ours stands there
    ("dk1", "ink"), ("lt1", "paper"), ("dk2", "muted"), ("lt2", "tint"), ("accent1", "value"),
    ("accent2", "gradient"), ("accent3", "accent"), ("accent4", "path"), ("accent5", "wire"),
    ("accent6", "frame"), ("hlink", "accent"), ("folHlink", "accent_tint"),
)  # fmt: skip
_PLACE = '<a:xfrm><a:off x="{}" y="{}"/><a:ext cx="{}" cy="{}"/></a:xfrm>'


def package(
    theme: Theme, slides: Sequence[str], notes: Sequence[str], title: str
) -> dict[str, str]:
    """The files of a presentation by their names.

    Args:
        theme: its colours and its font.
        slides: each as XML.
        notes: of each slide, escaped.
        title: of the whole, escaped.
    """
    numbers = range(1, len(slides) + 1)
    files = {
        "[Content_Types].xml": _types(len(slides)),
        "_rels/.rels": _relations(
            ("officeDocument", "ppt/presentation.xml"),
            ("core", "docProps/core.xml"),
            ("extended-properties", "docProps/app.xml"),
        ),
        "docProps/core.xml": _core(title),
        "docProps/app.xml": HEAD + "<Properties xmlns="
        '"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
        "<Application>scalargrad</Application></Properties>",
        "ppt/presentation.xml": _presentation(len(slides)),
        "ppt/_rels/presentation.xml.rels": _relations(
            ("slideMaster", "slideMasters/slideMaster1.xml"),
            ("notesMaster", "notesMasters/notesMaster1.xml"),
            ("theme", "theme/theme1.xml"),
            *(("slide", f"slides/slide{k}.xml") for k in numbers),
        ),
        "ppt/slideMasters/slideMaster1.xml": _master(),
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": _relations(
            ("slideLayout", "../slideLayouts/slideLayout1.xml"), ("theme", "../theme/theme1.xml")
        ),
        "ppt/slideLayouts/slideLayout1.xml": _layout(),
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels": _relations(
            ("slideMaster", "../slideMasters/slideMaster1.xml")
        ),
        "ppt/notesMasters/notesMaster1.xml": _notes_master(),
        "ppt/notesMasters/_rels/notesMaster1.xml.rels": _relations(
            ("theme", "../theme/theme2.xml")
        ),
        "ppt/theme/theme1.xml": _theme(theme),
        "ppt/theme/theme2.xml": _theme(theme),
    }
    for k, slide, note in zip(numbers, slides, notes, strict=True):
        files[f"ppt/slides/slide{k}.xml"] = slide
        files[f"ppt/slides/_rels/slide{k}.xml.rels"] = _relations(
            ("slideLayout", "../slideLayouts/slideLayout1.xml"),
            ("notesSlide", f"../notesSlides/notesSlide{k}.xml"),
        )
        files[f"ppt/notesSlides/notesSlide{k}.xml"] = _notes(note)
        files[f"ppt/notesSlides/_rels/notesSlide{k}.xml.rels"] = _relations(
            ("notesMaster", "../notesMasters/notesMaster1.xml"),
            ("slide", f"../slides/slide{k}.xml"),
        )
    return files


def _types(count: int) -> str:
    parts = {
        "/ppt/presentation.xml": "presentationml.presentation.main",
        "/ppt/slideMasters/slideMaster1.xml": "presentationml.slideMaster",
        "/ppt/slideLayouts/slideLayout1.xml": "presentationml.slideLayout",
        "/ppt/notesMasters/notesMaster1.xml": "presentationml.notesMaster",
        "/ppt/theme/theme1.xml": "theme",
        "/ppt/theme/theme2.xml": "theme",
        "/docProps/app.xml": "extended-properties",
    }
    for k in range(1, count + 1):
        parts[f"/ppt/slides/slide{k}.xml"] = "presentationml.slide"
        parts[f"/ppt/notesSlides/notesSlide{k}.xml"] = "presentationml.notesSlide"
    listed = "".join(
        f'<Override PartName="{name}" ContentType="{_KIND}.{kind}+xml"/>'
        for name, kind in parts.items()
    )
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    core = "application/vnd.openxmlformats-package.core-properties+xml"
    return (
        f'{HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{relations}"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/docProps/core.xml" ContentType="{core}"/>{listed}</Types>'
    )


def _relations(*targets: tuple[str, str]) -> str:
    core = f"{_PACKAGE}/relationships/metadata/core-properties"
    listed = "".join(
        f'<Relationship Id="rId{k}" Type="{core if kind == "core" else f"{_OFFICE}/{kind}"}" '
        f'Target="{target}"/>'
        for k, (kind, target) in enumerate(targets, 1)
    )
    return f'{HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _core(title: str) -> str:
    when = 'xsi:type="dcterms:W3CDTF"'
    return (
        f'{HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{title}</dc:title><dc:creator>scalargrad</dc:creator>"
        f"<dcterms:created {when}>{_DATE}</dcterms:created>"
        f"<dcterms:modified {when}>{_DATE}</dcterms:modified></cp:coreProperties>"
    )


def _presentation(count: int) -> str:
    slides = "".join(f'<p:sldId id="{255 + k}" r:id="rId{3 + k}"/>' for k in range(1, count + 1))
    return (
        f"{HEAD}<p:presentation {SPACES}>"
        '<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>'
        '<p:notesMasterIdLst><p:notesMasterId r:id="rId2"/></p:notesMasterIdLst>'
        + (f"<p:sldIdLst>{slides}</p:sldIdLst>" if slides else "")
        + f'<p:sldSz cx="{_WIDTH}" cy="{_HEIGHT}"/><p:notesSz cx="{_HEIGHT}" cy="{_WIDTH}"/>'
        "</p:presentation>"
    )


def _placeholder(number: int, kind: str, place: str, name: str) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name}"/><p:cNvSpPr>'
        f'<a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
        f'<p:spPr>{place}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
        '<p:txBody><a:bodyPr lIns="0" rIns="0" anchor="ctr"><a:normAutofit/></a:bodyPr>'
        '<a:lstStyle/><a:p><a:r><a:rPr lang="en-US"/><a:t>Title</a:t></a:r></a:p></p:txBody></p:sp>'
    )


def _title_place() -> str:
    return _PLACE.format(469_900, 254_000, _WIDTH - 2 * 469_900, 889_000)


def _master() -> str:
    level = (
        '<a:lvl1pPr algn="l"><a:defRPr sz="{}"><a:solidFill><a:schemeClr val="tx1"/></a:solidFill>'
        '<a:latin typeface="+{}-lt"/></a:defRPr></a:lvl1pPr>'
    )
    return (
        f'{HEAD}<p:sldMaster {SPACES}><p:cSld><p:bg><p:bgRef idx="1001">'
        f'<a:schemeClr val="bg1"/></p:bgRef></p:bg><p:spTree>{TREE}'
        f"{_placeholder(2, 'title', _title_place(), 'Title')}</p:spTree></p:cSld>{_MAP}"
        '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst>'
        f"<p:txStyles><p:titleStyle>{level.format(3200, 'mj')}</p:titleStyle>"
        f"<p:bodyStyle>{level.format(2000, 'mn')}</p:bodyStyle>"
        f"<p:otherStyle>{level.format(1800, 'mn')}</p:otherStyle></p:txStyles></p:sldMaster>"
    )


def _layout() -> str:
    return (
        f'{HEAD}<p:sldLayout {SPACES} type="titleOnly"><p:cSld name="Title Only"><p:spTree>'
        f"{TREE}{_placeholder(2, 'title', _title_place(), 'Title')}</p:spTree></p:cSld>"
        "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>"
    )


def _notes_master() -> str:
    place = _PLACE.format(685_800, 4_400_000, 5_486_400, 6_800_000)
    return (
        f'{HEAD}<p:notesMaster {SPACES}><p:cSld><p:bg><p:bgRef idx="1001">'
        f'<a:schemeClr val="bg1"/></p:bgRef></p:bg><p:spTree>{TREE}'
        f"{_placeholder(2, 'body', place, 'Notes')}</p:spTree></p:cSld>{_MAP}</p:notesMaster>"
    )


def _notes(note: str) -> str:
    lines = "".join(
        f'<a:p><a:r><a:rPr lang="en-US"/><a:t>{line}</a:t></a:r></a:p>'
        for line in note.splitlines() or [""]
    )
    return (
        f"{HEAD}<p:notes {SPACES}><p:cSld><p:spTree>{TREE}"
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Notes"/><p:cNvSpPr><a:spLocks noGrp="1"/>'
        '</p:cNvSpPr><p:nvPr><p:ph type="body" idx="1"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody>'
        f"<a:bodyPr/><a:lstStyle/>{lines}</p:txBody></p:sp></p:spTree></p:cSld>"
        "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:notes>"
    )


def _theme(theme: Theme) -> str:
    colours = "".join(
        f'<a:{slot}><a:srgbClr val="{getattr(theme, name)[1:].upper()}"/></a:{slot}>'
        for slot, name in _SLOTS
    )
    font = f'<a:latin typeface="{theme.font or _FONT}"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = f'<a:ln w="12700">{fill}</a:ln>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    return (
        f'{HEAD}<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        f'name="scalargrad"><a:themeElements><a:clrScheme name="scalargrad">{colours}'
        f'</a:clrScheme><a:fontScheme name="scalargrad"><a:majorFont>{font}</a:majorFont>'
        f'<a:minorFont>{font}</a:minorFont></a:fontScheme><a:fmtScheme name="scalargrad">'
        f"<a:fillStyleLst>{3 * fill}</a:fillStyleLst><a:lnStyleLst>{3 * line}</a:lnStyleLst>"
        f"<a:effectStyleLst>{3 * effect}</a:effectStyleLst><a:bgFillStyleLst>{3 * fill}"
        "</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>"
    )
