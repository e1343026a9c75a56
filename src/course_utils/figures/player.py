"""The LSTM explorer with ipywidgets, 7 or 8: the same controls, drawn anew by the kernel."""

import ipywidgets

from course_utils.figures import live
from course_utils.figures.charts import GATES
from course_utils.figures.lstm_parts import ROLE, lstm_picture, lstm_say, lstm_weights
from course_utils.figures.page import Html
from course_utils.figures.unit import LIMIT, lstm_run

_STYLE = {"description_width": "8.5em"}
_WIDE = {"width": "100%", "max_width": "36em"}


class LstmPlayer(ipywidgets.VBox):
    """One LSTM unit to play with; ``run`` and ``preset`` read what has been set.

    controls: {"preset", "t", "x", "f", "i", "g", "o", "c_0", "h_0", "all"}: the widgets by name;
    ``again`` reloads the example, ``free`` gives all gates back to the weights.
    """

    def __init__(self, presets):
        self._presets, self._loading = presets, False
        first = next(iter(presets))
        self._unit = _copy(presets[first])
        steps = len(self._unit["f"])
        self.controls = {
            "preset": ipywidgets.Dropdown(options=list(presets), value=first, description="example",
                                          style=_STYLE),
            "t": ipywidgets.IntSlider(min(3, steps), 1, steps, description="time step",
                                      style=_STYLE, layout=_WIDE),
            "x": _slider("input x", LIMIT["x"]),
            **{k: _slider(ROLE[k], LIMIT[k]) for k in GATES},
            "c_0": _slider("c before step 1", LIMIT["c_0"]),
            "h_0": _slider("h before step 1", LIMIT["h_0"]),
            "all": ipywidgets.Checkbox(description="the sliders set every step at once",
                                       indent=False),
        }  # fmt: skip
        self.again = ipywidgets.Button(description="Start again")
        self.free = ipywidgets.Button(description="Let the weights decide",
                                      layout={"width": "auto"})  # fmt: skip
        pane, self._draw = live.pane(self._page)
        self._reading = [self.controls["x"], self.controls["h_0"], self.free]
        for name in ("x", *GATES, "c_0", "h_0"):
            self.controls[name].observe(self._setter(name), names="value")
        self.controls["t"].observe(self._show, names="value")
        self.controls["preset"].observe(self._load, names="value")
        self.again.on_click(self._load)
        self.free.on_click(self._let_go)
        top = ipywidgets.HBox([self.controls["preset"], self.again, self.free])
        rest = [w for name, w in self.controls.items() if name != "preset"]
        super().__init__([top, pane, *rest])
        self._show()

    @property
    def run(self):
        """What the picture shows: one dict a step, as from ``figures.unit.lstm_run``."""
        return lstm_run(self._unit)

    @property
    def preset(self):
        """What has been set, in the form that ``lstm_explorer`` takes; a copy."""
        return _copy(self._unit)

    def _setter(self, name):
        def moved(change):
            if self._loading:
                return
            value = round(change["new"], 1)  # sliders add up tenths: -1.2999999999999998
            if name in ("c_0", "h_0"):
                self._unit[name] = value
            else:
                here = self.controls["t"].value - 1
                every, values = self.controls["all"].value, self._unit[name]
                self._unit[name] = [value if every or t == here else v
                                    for t, v in enumerate(values)]  # fmt: skip
            self._show()

        return moved

    def _load(self, _change=None):
        self._unit = _copy(self._presets[self.controls["preset"].value])
        self._show()

    def _let_go(self, _button=None):
        if self._unit["weights"] is not None:
            self._unit |= {k: [None] * len(self._unit[k]) for k in GATES}
            self._show()

    def _show(self, _change=None):
        """Set the sliders to what holds at this step, without hearing them, and draw."""
        now, reads = self.controls["t"].value - 1, self._unit["weights"] is not None
        step = self.run[now]
        told = {"c_0": self._unit["c_0"], "h_0": self._unit["h_0"]}
        told |= {k: max(-LIMIT[k], min(LIMIT[k], round(step[f"a_{k}"], 1))) for k in GATES}
        if reads:
            told["x"] = step["x"]
        self._loading = True
        try:
            for name, value in told.items():
                self.controls[name].value = value
        finally:
            self._loading = False
        for widget in self._reading:
            widget.layout.display = None if reads else "none"
        self._draw()

    def _page(self):
        run, now = self.run, self.controls["t"].value
        picture = lstm_picture(self._unit, run, now)
        return Html(
            f'<section class="u-widget u-played" aria-label="One LSTM unit over {len(run)} steps">'
            f'{picture}<p class="u-say">{lstm_say(run[now - 1], now)}</p>'
            f"{lstm_weights(self._unit, self.controls['preset'].value)}</section>"
        )


def _slider(text, limit):
    return ipywidgets.FloatSlider(0, min=-limit, max=limit, step=0.1, readout_format=".1f",
                                  description=text, continuous_update=False, style=_STYLE,
                                  layout=_WIDE)  # fmt: skip


def _copy(unit):
    return {k: type(v)(v) if isinstance(v, (list, dict)) else v for k, v in unit.items()}
