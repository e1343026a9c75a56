"""The functions of the equation language, as the generated Numba modules have them.

In float32 those that cells evaluate at every step are polynomials without a branch, so that loops
over them become vector instructions; a call of the C library takes one number at a time, and for
log_sigmoid twenty times as long.  In float64 all are NumPy's.  The text is valid Python on NumPy's
scalars too, and warns of nothing there.
"""

SAME = """


@jit
def sigmoid(a):
    return HALF + HALF * tanh(HALF * a)


@jit
def relu(a):
    return ZERO if ZERO >= a else a  # a NaN stays one


@jit
def larger(a, b):
    return a if a >= b or a != a else b  # a NaN stays one


@jit
def due(count, period):
    # whether count % period is 0, which no vector instruction tells; exact below 2^53
    count, period = np.float64(count), np.float64(period)
    return ONE if np.floor(count / period + 0.5) * period == count else ZERO


{log_sigmoid}


@jit
def positive(a):
    return a + HALF if a >= ZERO else sigmoid(a)"""

OF_NUMPY = """@jit
def log_sigmoid(a):
    return -larger(-a, ZERO) - np.log1p(np.exp(-abs(a)))"""

FLOAT64 = "tanh, exp, log, sqrt, cos, sin = np.tanh, np.exp, np.log, np.sqrt, np.cos, np.sin"

# a ratio of two polynomials, error about 1e-7
TANH = """@jit
def tanh(a):
    a = REAL(7.905311) if a > REAL(7.905311) else a  # a NaN passes both
    a = REAL(-7.905311) if a < REAL(-7.905311) else a
    z = a * a
    p = REAL(-2.76076847742355e-16) * z + REAL(2.00018790482477e-13)
    p = p * z + REAL(-8.60467152213735e-11)
    p = p * z + REAL(5.12229709037114e-08)
    p = p * z + REAL(1.48572235717979e-05)
    p = p * z + REAL(6.37261928875436e-04)
    p = p * z + REAL(4.89352455891786e-03)
    q = REAL(1.19825839466702e-06) * z + REAL(1.18534705686654e-04)
    q = q * z + REAL(2.26843463243900e-03)
    q = q * z + REAL(4.89352518554385e-03)
    return a * p / q"""

# exp(a) = 2^k exp(r): the polynomial is off by at most 5e-9 of the value where -0.35 <= r <= 0.70,
# the result by 1.5 units in the last place.  ln 2 has two parts: k times the first, which has 15
# bits, is exact.  The second corrects the value and not r: with ``reassoc`` LLVM might add them.
EXP = """@jit
def exp(a):
    beyond = a > REAL(88.72283)  # what the largest number is the exponential of
    a = REAL(89) if beyond else a  # a NaN passes both
    a = REAL(-88) if a < REAL(-88) else a
    k = np.floor(REAL(1.442695) * a + HALF)
    k = k if k < REAL(127) else REAL(127)  # also for a NaN, which no integer stands for
    r = a - REAL(0.693145751953125) * k
    p = REAL(2.257335e-04) * r + REAL(1.38968776e-03)
    p = p * r + REAL(8.3276052e-03)
    p = p * r + REAL(4.16669212e-02)
    p = p * r + REAL(1.66666955e-01)
    p = p * r + HALF
    p = p * r * r + r + ONE
    p = p - p * (REAL(1.4286068e-06) * k)
    # 2^k by its bits; those of 128 are infinity's and those of -127 zero's: below 2^-126.5 all is 0
    power = np.int32(128) if beyond else np.int32(k)
    return p * np.int32((power + np.int32(127)) << np.int32(23)).view(REAL)"""

# log(1 + u) = 2 atanh(s) = u - s (u - z p) where s = u / (2 + u) and z = s^2: p is off by 1e-8, and
# only the small term s (u - z p) is rounded more than once; all in all 2.7 units in the last place
LOG_SIGMOID = """@jit
def log_sigmoid(a):
    u = exp(-abs(a))
    s = u / (REAL(2) + u)
    z = s * s
    p = REAL(2.80245572e-01) * z + REAL(2.7999121e-01)
    p = p * z + REAL(4.00216996e-01)
    p = p * z + REAL(6.66664124e-01)
    return -larger(-a, ZERO) - (u - s * (u - z * p))"""

FLOAT32 = f"""{TANH}


{EXP}


log, sqrt, cos, sin = np.log, np.sqrt, np.cos, np.sin"""


def functions(dtype):
    """The text of all of them for float32 or float64."""
    first, of = {"float64": (FLOAT64, OF_NUMPY), "float32": (FLOAT32, LOG_SIGMOID)}[dtype]
    return first + SAME.format(log_sigmoid=of)
