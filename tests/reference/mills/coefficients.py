"""Coefficients of crates/mpor-pricing/src/mills.rs, by Chebyshev interpolation at 60 digits. Needs mpmath 1.3."""
from mpmath import cos, erfc, exp, mp, mpf, pi, sqrt

mp.dps = 60
CENTRE, NODES = mpf(5), 90


def mills(z):
    """Phi(-z) / phi(z), by its asymptotic series where erfc would need more digits."""
    if z < 60:
        return exp(z * z / 2) * sqrt(pi / 2) * erfc(z / sqrt(2))
    total, term = mpf(0), 1 / z
    for k in range(30):
        total, term = total + term, -term * (2 * k + 1) / (z * z)
    return total


def monomials(target, degree):
    """Coefficients in t = (z - 5) / (z + 5) of the interpolant of `target`, which tends to 1."""
    nodes = [cos(pi * (k + mpf(1) / 2) / NODES) for k in range(NODES)]
    values = [target(CENTRE * (1 + t) / (1 - t)) for t in nodes]
    total = [mpf(0)] * (degree + 1)
    before, chebyshev = [mpf(0)], [mpf(1)]
    for j in range(degree + 1):
        angle = [cos(pi * j * (k + mpf(1) / 2) / NODES) for k in range(NODES)]
        weight = 2 * sum(v * a for v, a in zip(values, angle)) / NODES / (2 if j == 0 else 1)
        for i, value in enumerate(chebyshev):
            total[i] += weight * value
        doubled = [mpf(0)] + [(1 if j == 0 else 2) * v for v in chebyshev]
        for i, value in enumerate(before):
            doubled[i] -= value
        before, chebyshev = chebyshev, doubled
    return total


print("RATIO", *map(float, monomials(lambda z: (1 + z) * mills(z), 24)), sep="\n")
print("SLOPE", *map(float, monomials(lambda z: (1 + z + z * z) * (1 - z * mills(z)), 26)), sep="\n")
