def answer():
    import numpy as np
    from scipy import fft, integrate, interpolate, linalg, optimize, signal, sparse, spatial, special
    from scipy.sparse.linalg import eigsh, spsolve

    matrix = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
    big = sparse.diags([[-1.0] * 19, [2.5] * 20, [-1.0] * 19], [-1, 0, 1], format="csc")
    tree = spatial.cKDTree([[0, 0], [1, 1], [3, 4]])

    def near(values, digits=8):
        return [round(float(x), digits) + 0.0 for x in np.ravel(values)]

    return [
        near(linalg.eigvalsh(matrix)), near(linalg.solve(matrix, [1, 2, 3])),
        near(linalg.expm(matrix / 4)), near(spsolve(big, np.ones(20))[:5]),
        near(np.sort(eigsh(big, k=2, v0=np.ones(20), return_eigenvectors=False)), 6),
        near(special.gammaln([0.5, 10, 100])), near(special.jv(1, [0.5, 2.0])),
        near(integrate.quad(lambda x: np.exp(-x * x), 0, np.inf)[0]),
        near(optimize.brentq(lambda x: x**3 - 2, 0, 2)),
        near(optimize.minimize(lambda x: ((x - 3) ** 2).sum(), np.zeros(2), method="BFGS").x, 5),
        near(interpolate.CubicSpline([0, 1, 2, 3], [0, 1, 4, 9])(1.5)),
        near(signal.butter(2, 0.3)[1]), near(fft.dct([1.0, 2.0, 3.0])),
        near(tree.query([2.0, 2.0])[0]),
    ]
