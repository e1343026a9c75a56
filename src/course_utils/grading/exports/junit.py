"""junit.xml: a suite per submission, a test case per question."""

import xml.etree.ElementTree as ET

from course_utils.grading.files import shown


def junit(exercise, klass):
    """The file as text.

    The elements are those that JUnit's Ant formatter writes and every reader knows: testsuites,
    testsuite (name, tests, failures, errors, skipped), testcase (classname, name), properties,
    failure, error.  A submission that could not be graded is an error in each case, not a failure.
    """
    root = ET.Element("testsuites", name=exercise.name)
    for row in klass.rows:
        record = row.record
        cases, ungraded = record.questions.items(), row.record.status in ("unreadable", "failed")
        wrong = sum(not q.full for _, q in cases)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=plain(record.submission),
            tests=str(len(cases)),
            failures=str(0 if ungraded else wrong),
            errors=str(len(cases) if ungraded else 0),
            skipped="0",
        )
        about = {"student": row.who, "score": record.score, "adjusted": row.adjusted,
                 "late": row.late, "notes": "; ".join(row.remarks())}  # fmt: skip
        about = {name: value for name, value in about.items() if value not in ("", None)}
        properties(suite, {**about, "status": record.status})
        for key, question in cases:
            case = ET.SubElement(suite, "testcase", classname=exercise.name, name=key)
            values = {"points": question.points, "max": question.max, "status": record.status}
            properties(case, values)
            if ungraded or not question.full:
                kind = "error" if ungraded else "failure"
                message = record.reason if ungraded else summary(question, record)
                ET.SubElement(case, kind, message=plain(message)[:300])
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def properties(element, values):
    """A block of properties."""
    block = ET.SubElement(element, "properties")
    for name, value in values.items():
        ET.SubElement(block, "property", name=name, value=plain(value))


def plain(text):
    """A text that XML can hold."""
    return "".join(c if c.isprintable() else " " for c in shown(str(text)))


def summary(question, record):
    """One line on why a question is not full."""
    wrong = [f"{n}: {p.public or p.secret}" for n, p in question.parts.items() if not p.ok]
    return "; ".join([*question.said[:1], *wrong]) or record.reason or "not right"
