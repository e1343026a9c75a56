"""The role ``chapter``: {chapter}`gradients` prints "Chapter 3", with the title on hover.

Figures, tables and equations have ``numref`` and ``eq``.  All numbers come from the order of
``_toc.yml`` and from nowhere else.
"""

from docutils import nodes
from sphinx.roles import XRefRole
from sphinx.util import docname_join, logging
from sphinx.util.nodes import clean_astext, make_refnode

logger = logging.getLogger(__name__)


def resolve(app, env, node, contnode):
    """A reference to a chapter by its number; a page without one is a warning."""
    if node["reftype"] != "chapter":
        return None
    docname = docname_join(node["refdoc"], node["reftarget"])
    if docname not in env.all_docs:
        return None  # Sphinx complains, with the name
    number = env.toc_secnumbers.get(docname, {}).get("")
    if not number:
        logger.warning(f"{docname} has no number: refer to it with {{doc}}", location=node,
                       type="course", subtype="chapter")  # fmt: skip
        return contnode
    words = nodes.inline("", f"Chapter {number[0]}")
    title = clean_astext(env.titles[docname])
    return make_refnode(app.builder, node["refdoc"], docname, "", words, title)


def setup(app):
    app.add_role("chapter", XRefRole(warn_dangling=True))
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
