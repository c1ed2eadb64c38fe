def answer():
    import pywt

    approx, detail = pywt.dwt([1, 2, 3, 4, 5, 6], "db2")
    parts = pywt.wavedec([3, 7, 1, 1, -2, 5, 4, 6], "haar", level=2)
    back = pywt.waverec(parts, "haar")
    image = pywt.dwt2([[1.0, 2.0], [3.0, 4.0]], "haar")[0]
    rounded = [[round(float(x), 9) for x in part] for part in (approx, detail, *parts, back)]
    scales = pywt.cwt([0.0, 1.0, 0.0, -1.0] * 4, [1, 2], "mexh")[0]
    return [rounded, round(float(image[0][0]), 9), round(float(scales.sum()), 6)]
