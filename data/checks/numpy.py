def answer():
    import sys

    import numpy as np

    assert np.dtype("=i4").newbyteorder("S").str == ("<i4" if sys.byteorder == "big" else ">i4")
    big = np.arange(5, dtype=">i4")
    assert (big.view("<i4").byteswap() == np.arange(5)).all()
    matrix = np.array([[4.0, 1.0], [2.0, 3.0]])
    return [
        float(np.arange(1000, dtype="f8").sum()),
        float(np.linspace(0, 1, 101).sum()),
        big.tobytes().hex(),
        np.array([1.5, -2], dtype="<f8").tobytes().hex(),
        sorted(round(float(x), 9) for x in np.linalg.eigvals(matrix)),
        float(round(np.linalg.det(matrix), 9)),
        np.fft.fft([1, 0, 0, 0]).real.tolist(),
        int(np.random.default_rng(7).integers(0, 2**31)),
        np.sort(np.array(["b", "a\u2603"])).tolist(),
        int(np.uint64(2**63) >> np.uint64(3)),
    ]
