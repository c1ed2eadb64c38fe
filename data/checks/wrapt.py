def answer():
    import wrapt
    from wrapt import _wrappers

    assert wrapt.ObjectProxy.__mro__[0].__module__ and _wrappers.__file__.endswith(".so")

    @wrapt.decorator
    def twice(wrapped, instance, args, kwargs):
        return 2 * wrapped(*args, **kwargs)

    @twice
    def add(x, y=1):
        return x + y

    proxy = wrapt.ObjectProxy([1, 2])
    proxy.append(3)
    return [add(2), add(2, y=5), list(proxy), len(proxy), proxy == [1, 2, 3]]
