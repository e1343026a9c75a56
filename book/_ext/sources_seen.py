"""How a source that was not seen itself is known, in words."""


def by_whom(seen):
    """``"quoted: whom"`` of a spec or a claim, as a page says it; code is no quotation."""
    whom = seen.removeprefix("quoted:").strip()
    return f"as in {whom}" if " code" in whom.partition(",")[0] else f"as quoted by {whom}"
