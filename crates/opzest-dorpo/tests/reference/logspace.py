"""The expected values of src/loss/logspace.rs. mpmath 1.4.1: python logspace.py"""

from mpmath import mp, mpf, exp, log

mp.dps = 60
for v in ["-1e-20", "-1e-6", "-0.1", "-1", "-40"]:
    # Of the double that the test gives, not of the decimal number.
    print("log1mexp", v, mp.nstr(log(1 - exp(mpf(float(v)))), 17))
for v in ["-40", "0", "1", "40"]:
    print("softplus", v, mp.nstr(log(1 + exp(mpf(float(v)))), 17))
