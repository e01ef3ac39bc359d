"""Single slices fitted by scipy, for tests/it/surfaces.rs. Needs polars 2, numpy, scipy 1.17.

For each expiry of BTC with more than 20 quotes: volatility of the mid price by brentq, strikes within four standard
deviations, equal weights. SSVI slice under its butterfly bounds by SLSQP from many starts; raw SVI by least squares from
many starts, without constraints on the density. Printed: days, quotes, root mean squared errors of volatility, lowest g of SVI.
"""
from pathlib import Path

import numpy as np
import polars as pl
from scipy.optimize import brentq, least_squares, minimize
from scipy.stats import norm

rows = pl.read_csv(Path(__file__).parent / "deribit_2026-05-21.csv").filter(pl.col("underlying") == "BTC")


def black(f, k, t, s, call):
    d1 = np.log(f / k) / (s * t**0.5) + 0.5 * s * t**0.5
    d2 = d1 - s * t**0.5
    w = 1 if call else -1
    return w * (f * norm.cdf(w * d1) - k * norm.cdf(w * d2))


for (years,), chain in rows.group_by(["years"], maintain_order=True):
    quotes = []
    for _, t, strike, cp, bid, ask, _, _, f, _ in chain.iter_rows():
        price = 0.5 * (bid + ask) * f
        vol = brentq(lambda s: black(f, strike, t, s, cp == "C") - price, 1e-4, 9, xtol=1e-14)
        quotes.append((np.log(strike / f), vol))
    quotes = np.array(quotes)
    atm = quotes[np.argmin(abs(quotes[:, 0])), 1]
    quotes = quotes[abs(quotes[:, 0]) <= 4 * atm * years**0.5]
    if len(quotes) < 20:
        continue
    k, vol = quotes.T

    def ssvi(p):
        theta, rho, psi = p[0] * atm**2 * years, p[1], p[2]
        return 0.5 * (theta + rho * psi * k + np.sqrt((psi * k + rho * theta) ** 2 + (1 - rho**2) * theta**2))

    def svi(p):
        a, b, rho, m, sigma = p[0] * atm**2 * years, p[1], np.tanh(p[2]), p[3] * atm * years**0.5, np.exp(p[4]) * atm * years**0.5
        return a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + sigma**2))

    def error(w):
        return np.mean((np.sqrt(np.maximum(w, 1e-12) / years) - vol) ** 2) + 1e3 * np.mean(np.minimum(w, 0) ** 2)

    cons = [
        {"type": "ineq", "fun": lambda p: 4 - p[2] * (1 + abs(p[1]))},
        {"type": "ineq", "fun": lambda p: 4 * p[0] * atm**2 * years - p[2] ** 2 * (1 + abs(p[1]))},
    ]
    best = min(
        (
            minimize(lambda p: 1e4 * error(ssvi(p)), [1, r, s], method="SLSQP", constraints=cons,
                     bounds=[(0.2, 5), (-0.999, 0.999), (1e-6, 4)], options={"maxiter": 500, "ftol": 1e-14})
            for r in (-0.5, 0.0, 0.3) for s in (0.05, 0.2, 0.5)
        ),
        key=lambda r: r.fun,
    )
    starts = [[f, b, r, m, s] for f in (0.5,) for b in (0.02, 0.2) for r in (-0.3, 0.3)
              for m in (0.0, 3.0) for s in (-1.0, 0.5, 1.5)]
    raw = min(
        (least_squares(lambda p: np.sqrt(np.maximum(svi(p), 1e-12) / years) - vol, s, xtol=1e-14, ftol=1e-14,
                       gtol=1e-14, max_nfev=600, x_scale="jac") for s in starts),
        key=lambda r: r.cost,
    )
    p = raw.x
    a, b, rho, m, sigma = p[0] * atm**2 * years, p[1], np.tanh(p[2]), p[3] * atm * years**0.5, np.exp(p[4]) * atm * years**0.5
    x = m + sigma * np.sinh(np.linspace(-12, 12, 20001))
    root = np.sqrt((x - m) ** 2 + sigma**2)
    w, d1, d2 = a + b * (rho * (x - m) + root), b * (rho + (x - m) / root), b * sigma**2 / root**3
    g = (1 - x * d1 / (2 * w)) ** 2 - d1**2 / 4 * (1 / w + 0.25) + d2 / 2
    print(f"({years * 365:.4f}, {len(k)}, {(best.fun / 1e4) ** 0.5:.7f}, {(2 * raw.cost / len(k)) ** 0.5:.7f}),  // g {g.min():.4f} {best.x} {p}")
