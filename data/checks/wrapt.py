def answer():
    import wrapt

    @wrapt.decorator
    def twice(wrapped, instance, args, kwargs):
        return 2 * wrapped(*args, **kwargs)

    @twice
    def add(x, y=1):
        return x + y

    proxy = wrapt.ObjectProxy([1, 2])
    proxy.append(3)
    return [add(2), add(2, y=5), list(proxy), len(proxy), proxy == [1, 2, 3]]
