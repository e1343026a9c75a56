"""The linear recurrent unit: a diagonal complex recurrence, then a readout."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="lru",
    title="Linear recurrent unit",
    summary=(
        "Every unit is a damped rotation in the plane; nothing non-linear happens along time, "
        "so the whole sequence can be computed by a scan."
    ),
    equations=(
        "rho = exp(-exp(nu))",
        "lam_re = rho * cos(theta)",
        "lam_im = rho * sin(theta)",
        "u_re = exp(gamma_log) * (B_re @ x)",
        "u_im = exp(gamma_log) * (B_im @ x)",
        "h_re = lam_re * h_re_prev - lam_im * h_im_prev + u_re",
        "h_im = lam_im * h_re_prev + lam_re * h_im_prev + u_im",
        "y = C_re @ h_re - C_im @ h_im + D @ x",
    ),
    gates=(),
    states=("h_re", "h_im"),
    output="y",
    params=(
        Param("nu", "H", ("nu",)),
        Param("theta", "H", ("theta",)),
        Param("gamma_log", "H", ("gamma_log",)),
        Param("B_re", "H D", ("B_re",)),
        Param("B_im", "H D", ("B_im",)),
        Param("C_re", "H H", ("C_re",)),
        Param("C_im", "H H", ("C_im",)),
        Param("D", "H D", ("D",)),
    ),
    source=Source(
        "orvieto2023",
        "eq. (7); eigenvalues of section 3.3; start of lemma 3.2",
        "quoted: a public page-by-page check of the PDF",
    ),
    paper_names={"h_re": "Re x", "h_im": "Im x", "x": "u", "rho": "|λ|", "nu": "ν^log"},
    departures=(
        "Complex numbers as pairs of real ones, so that the complex step can check the gradient.",
        "Outputs are as many as units, and D is a full matrix: it maps inputs to outputs.",
    ),
    symbols={
        "lam_re": r"\lambda^{\mathrm{re}}",
        "lam_im": r"\lambda^{\mathrm{im}}",
        "u_re": r"u^{\mathrm{re}}_t",
        "u_im": r"u^{\mathrm{im}}_t",
        "h_re": r"h^{\mathrm{re}}_t",
        "h_im": r"h^{\mathrm{im}}_t",
        "h_re_prev": r"h^{\mathrm{re}}_{t-1}",
        "h_im_prev": r"h^{\mathrm{im}}_{t-1}",
        "B_re": r"B^{\mathrm{re}}",
        "B_im": r"B^{\mathrm{im}}",
        "C_re": r"C^{\mathrm{re}}",
        "C_im": r"C^{\mathrm{im}}",
        "gamma_log": r"\gamma^{\log}",
    },
    bounded=False,
    words={
        "rho": "the modulus of the eigenvalue: the share of the state that a step keeps",
        "nu": "the parameter from which the modulus is made, so that it stays below 1",
        "theta": "the angle by which a step turns the state",
        "lam_re": "the eigenvalue, real part",
        "lam_im": "the eigenvalue, imaginary part",
        "gamma_log": "the logarithm of the scale of the input",
        "u_re": "the scaled input, real part",
        "u_im": "the scaled input, imaginary part",
        "h_re": "the state, real part",
        "h_im": "the state, imaginary part",
        "B_re": "the input weights, real part",
        "B_im": "the input weights, imaginary part",
        "C_re": "the weights of the readout, real part",
        "C_im": "the weights of the readout, imaginary part",
        "D": "the weights from the input straight to the output",
    },
)
