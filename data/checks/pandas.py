def answer():
    import io

    import pandas as pd

    frame = pd.read_csv(io.StringIO("k,v,t\na,1.5,2026-01-31\nb,2,2026-02-28\na,-3,2026-03-01\n"),
                        parse_dates=["t"])
    groups = frame.groupby("k")["v"].agg(["sum", "mean"])
    joined = frame.merge(pd.DataFrame({"k": ["a", "b"], "n": [10, 20]}), on="k")
    hashed = pd.util.hash_pandas_object(pd.Series([1, 2, 3], dtype="int64"), index=False)
    return [
        groups.to_dict(), joined["n"].tolist(), frame["t"].dt.dayofyear.tolist(),
        [int(x) for x in hashed], frame.sort_values("v")["k"].tolist(),
        pd.Series([1.0, None, 3.0]).interpolate().tolist(), frame.to_json(orient="split")[:60],
        frame.rolling(2, on="t")["v"].sum().fillna(0).tolist(),
        pd.date_range("2026-01-30", periods=3, freq="ME").strftime("%d").tolist(),
    ]
