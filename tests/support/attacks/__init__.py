"""Everything students' code may try, each with the points it must end with."""

from attacks.exhaustion import BOMBS, CRASHES, LOOPS
from attacks.forgery import TRICKS
from attacks.output import OUTPUT
from attacks.sight import SIGHT
from attacks.theft import BORROWED, THEFT

GROUPS = {
    "Errors and loops": LOOPS,
    "Bombs": BOMBS,
    "Crashes and survivors": CRASHES,
    "Forged results": TRICKS,
    "A look into the check": SIGHT,
    "Theft and escape": THEFT,
    "Borrowed answers": BORROWED,
    "Output": OUTPUT,
}
