"""The whole book as one PDF, printed by Chromium from the built pages: ``make pdf``.

Every page is printed as a reader would print it.  Then the parts are bound: page numbers that run
through, a table of contents, bookmarks from the headings, and links between pages of the book that
stay inside the file.  Chromium names the place of a heading only where something on the same page
links there, so that places which other pages link to get an invisible link first.
"""

import html
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject
from tqdm import tqdm

from browser import PATIENCE_MS, NoBrowser, chromium
from course_utils.files import write

ROOT = Path(__file__).parents[2]
SIZE = {
    "format": "A4",
    "margin": {"top": "15mm", "bottom": "18mm", "left": "14mm", "right": "14mm"},
}
CONTENTS = "contents.html"
TINY = 2  # points: an invisible link is no larger

# Links to the places that other pages need, so that Chromium names them.
MARK = """(ids) => {
  const shelf = document.createElement('div');
  shelf.style.cssText = 'position: absolute; top: 0; left: 0; height: 1px; overflow: hidden';
  for (const id of ids) {
    const link = document.createElement('a');
    link.href = '#' + id;
    link.textContent = ' ';
    link.style.cssText = 'display: inline-block; width: 1px; height: 1px';
    shelf.append(link);
  }
  document.body.append(shelf);
}"""


@dataclass(frozen=True)
class Sheet:
    """A printed page of the book: its address, the name in the contents, its part."""

    url: str
    title: str
    part: str | None


def sheets(site, toc):
    """The pages of the table of contents, in its order."""
    names = [(toc["root"], None)]
    names += [(c["file"], part["caption"]) for part in toc["parts"] for c in part["chapters"]]
    for name, part in names:
        path = (site / f"{name}.html").resolve()
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not built; run: make book")
        yield Sheet(path.as_uri(), heading(path), part)


def heading(path):
    """The page's own heading, with its number."""
    found = BeautifulSoup(path.read_text("utf-8"), "lxml").find("h1")
    for sign in found.find_all("a", class_="headerlink"):
        sign.decompose()
    return " ".join(found.get_text().split())


def wanted(pages):
    """{url: ids on it that other pages of the book link to}."""
    known = {sheet.url: set() for sheet in pages}
    for sheet in pages:
        path = Path(unquote(sheet.url.removeprefix("file://")))
        for link in BeautifulSoup(path.read_text("utf-8"), "lxml").find_all("a", href=True):
            target, place = urldefrag(urljoin(sheet.url, link["href"]))
            if place and target in known and target != sheet.url:
                known[target].add(place)
    return known


def printed(browser, sheet, places=()):
    """One page of the book as a PDF, with the places in it that other pages lead to."""
    page = browser.new_page(viewport={"width": 900, "height": 1200}, color_scheme="light",
                            reduced_motion="reduce")  # fmt: skip
    page.goto(sheet.url, timeout=PATIENCE_MS)
    # scripts that run once the page is loaded; by its own clock, which may be behind ours
    page.evaluate("new Promise(done => { setTimeout(done, 600); })")
    page.evaluate(MARK, sorted(places))
    data = page.pdf(**SIZE, outline=True, tagged=True, print_background=True)
    page.close()
    return PdfReader(io.BytesIO(data))


def numbers(browser, count):
    """As many pages as the book has, each with nothing but its number at the foot."""
    feet = "".join(f"<p><span>{k + 1}</span></p>" for k in range(count))
    style = (
        "@page { size: A4; margin: 0 } body { margin: 0 }"
        "p { margin: 0; height: 296.5mm; break-after: page; position: relative }"
        "p:last-child { break-after: auto }"
        "span { position: absolute; bottom: 8mm; width: 100%; text-align: center;"
        " font: 9pt sans-serif }"
    )
    page = browser.new_page()
    page.set_content(f"<!doctype html><style>{style}</style>{feet}")
    data = page.pdf(prefer_css_page_size=True)
    page.close()
    return PdfReader(io.BytesIO(data))


def contents_page(numbered):
    """The contents as a page of HTML: (sheet, page number) of each."""
    lines, part = [], None
    for sheet, number in numbered:
        if sheet.part != part:
            part = sheet.part
            lines.append(f"<p class=part>{html.escape(part)}</p>")
        lines.append(
            f'<p><a href="{sheet.url}">{html.escape(sheet.title)}</a><span>{number}</span></p>'
        )
    style = (
        "body { font: 11pt sans-serif; margin: 1.5cm 2cm }"
        "p { display: flex; margin: .25em 0; gap: 1em }"
        ".part { font-weight: bold; margin-top: 1em } a { color: inherit; text-decoration: none } "
        "span { margin-left: auto }"
    )
    head = f"<!doctype html><meta charset=utf-8><style>{style}</style>"
    return f"{head}<h1>Contents</h1>{''.join(lines)}"


def places_of(reader):
    """{name: (page, height)} of what Chromium named in one printed page."""
    found = {}
    for name, place in reader.named_destinations.items():
        found[name.lstrip("/")] = (reader.get_destination_page_number(place), float(place.top or 0))
    return found


def bind(parts):
    """[(sheet, its printed pages)] -> one file: links inside the book, bookmarks, all pages."""
    writer, starts = PdfWriter(), []
    for _, reader in parts:
        starts.append(len(writer.pages))
        for page in reader.pages:
            writer.add_page(page)
    known = {sheet.url: (start, places_of(reader))
             for (sheet, reader), start in zip(parts, starts, strict=True)}  # fmt: skip
    above = {}
    for (sheet, reader), start in zip(parts, starts, strict=True):
        for k in range(len(reader.pages)):
            page = writer.pages[start + k]
            links = [a.get_object() for a in page.get("/Annots") or ()]
            kept = [writer._add_object(a) for a in links if led(a, sheet.url, known, writer)]
            page[NameObject("/Annots")] = ArrayObject(kept)
        if sheet.part and sheet.part not in above:
            above[sheet.part] = writer.add_outline_item(title=sheet.part, page_number=start)
        entry = writer.add_outline_item(
            title=sheet.title, page_number=start, parent=above.get(sheet.part)
        )
        for title, number in headings(reader, reader.outline):
            writer.add_outline_item(title=title, page_number=start + number, parent=entry)
    return writer


def headings(reader, outline, depth=1):
    """(title, page) of the sections of a printed page; its own heading is the outermost."""
    for item in outline:
        if isinstance(item, list):
            yield from headings(reader, item, depth + 1)
        elif depth == 2:
            half = item.title[: len(item.title) // 2]  # one without a number comes twice
            yield (
                half if item.title == 2 * half else item.title,
                reader.get_destination_page_number(item),
            )


def led(link, url, known, writer):
    """Let a link lead to its place in the file; False for one that leads nowhere or is ours."""
    x0, y0, x1, y1 = (float(v) for v in link["/Rect"])
    if abs(x1 - x0) <= TINY and abs(y1 - y0) <= TINY:
        return False
    action = link["/A"].get_object() if "/A" in link else {}
    target, place = url, str(link.get("/Dest", action.get("/D", ""))).lstrip("/")
    if "/URI" in action:
        target, place = urldefrag(str(action["/URI"]))
        if target not in known:
            return not target.startswith("file:")  # a source file is not part of the book
    start, places = known[target]
    number, top = places.get(unquote(place), (0, None))
    for key in {"/A", "/Dest"} & set(link):
        del link[key]
    height = NullObject() if top is None else FloatObject(top)
    page = writer.pages[start + number].indirect_reference
    link[NameObject("/Dest")] = ArrayObject(
        [page, NameObject("/XYZ"), NullObject(), height, NullObject()]
    )
    return True


def make(site, toc, target, browser, scratch):
    """Print all pages of a built book and bind them to ``target``; how many pages it has."""
    pages = list(sheets(site, toc))
    places = wanted(pages)
    front = Path(scratch, CONTENTS)
    front.write_text(contents_page([(sheet, 0) for sheet in pages]), "utf-8")
    contents = Sheet(front.resolve().as_uri(), "Contents", None)
    cover = printed(browser, pages[0], places[pages[0].url])
    before = len(cover.pages) + len(printed(browser, contents).pages)
    parts, numbered = [], [(pages[0], 1)]
    for sheet in tqdm(pages[1:], desc="printing", unit="page"):
        numbered.append((sheet, before + 1))
        parts.append((sheet, printed(browser, sheet, places[sheet.url])))
        before += len(parts[-1][1].pages)
    front.write_text(contents_page(numbered), "utf-8")
    inner = printed(browser, contents)
    writer = bind([(pages[0], cover), (contents, inner), *parts])
    for page, number in zip(writer.pages, numbers(browser, before).pages, strict=True):
        page.merge_page(number)
    writer.add_metadata({"/Title": "Unrolled", "/Author": "The Unrolled authors"})
    made = io.BytesIO()
    writer.write(made)
    write(target, made.getvalue())
    return before


def main(site=ROOT / "_build" / "html", target=ROOT / "_build" / "unrolled.pdf"):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    try:
        with chromium() as browser, tempfile.TemporaryDirectory() as scratch:
            count = make(Path(site), toc, Path(target), browser, scratch)
    except (NoBrowser, FileNotFoundError) as why:
        sys.exit(f"make pdf: {why}")
    print(f"{target}: {count} pages")


if __name__ == "__main__":
    main()
