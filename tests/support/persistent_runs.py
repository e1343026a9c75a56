"""A cell over time by its persistent kernel in the interpreter; NumPy for what is around it."""

import numpy as np
import triton_runs

from course_utils.compiled import print_persistent


class Run(triton_runs.Run):
    """As ``triton_runs.Run``; all steps of the loop, there or back, are one launch.

    persistent, the functions of a text for these chunks; block, rows, units and inner units of a
    program.  The interpreter runs one program after the other, so that none may wait for a later
    one: where several share rows, they have no patience, and launches are repeated until each has
    read what all others write.
    """

    def __init__(self, spec, pointwise, persistent, chunks, block, *args, **options):
        self.persistent, self.block, self.options_of_launch = persistent, block, options
        self.takes = print_persistent.kernels(spec, chunks)
        super().__init__(spec, pointwise, *args)

    def products(self, stage, level):
        return [] if stage == "loop" else super().products(stage, level)

    def launch(self, stage, direction, level, step):
        if stage != "loop":
            super().launch(stage, direction, level, step)
        elif (level, step) == self._first(direction):
            self._settle(direction)

    def _first(self, direction):
        last = self.program.loop.levels - 1, self.sizes["T"] - 1
        return (0, 0) if direction == "forward" else last

    def _settle(self, direction):
        takes, several = self.takes[direction], self.sizes["H"] > self.block[1]
        waits = several and takes.waits
        given = {p: self.named(p).copy() for p in takes.pointers if p.startswith("carried_")}
        for _ in range(self.sizes["T"] * self.program.loop.levels if waits else 1):
            for pointer, value in given.items():
                self.named(pointer)[:] = value
            self.failed = self.one_launch(direction, 0 if waits else 1000)
        for state in self.plan.apart if given else ():
            self.arrays[f"carry_{state}"] = self.arrays[f"carried_{state}"].copy()
        for pointer in takes.sums:
            self.named(pointer)[:] += self.rows[pointer].sum(0)

    def one_launch(self, direction, patience, precision="float64"):
        """Whether a program has lost its patience."""
        import torch
        import triton.language as tl

        takes, (rows, units, inner) = self.takes[direction], self.block
        B, H = self.sizes["B"], self.sizes["H"]
        grid = -(-B // rows), -(-H // units)
        self.rows = {p: np.full((B, H), np.nan) for p in takes.sums}
        arrays = [
            self.weights[p.removeprefix("weights_")] if p.startswith("weights_")
            else self.rows[p] if p in takes.sums else self.named(p) for p in takes.pointers
        ]  # fmt: skip
        scalars = [float(self.options[s]) for s in takes.scalars]
        counters, failed = torch.zeros(grid[0], dtype=torch.int32), torch.zeros(1)
        waits = [counters, failed, patience] if takes.waits else []
        trained = {"TRAINED": True} | self.options_of_launch if direction == "forward" else {}
        with np.errstate(all="ignore"):
            self.persistent[direction][grid](
                *map(torch.from_numpy, arrays), *scalars, self.sizes["T"], B, H, *waits,
                **trained, REAL=getattr(tl, precision), PRECISION="ieee",
                ROWS=rows, UNITS=units, INNER=inner,
            )  # fmt: skip
        return bool(failed)
