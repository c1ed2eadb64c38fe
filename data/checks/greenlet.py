def answer():
    import greenlet

    trace = []

    def first():
        trace.append("first")
        trace.append(other.switch("to second"))
        try:
            other.switch("again")
        except KeyError as error:
            trace.append("caught " + str(error))
        return "done"

    def second(message):
        trace.append(message)
        trace.append(one.switch(1.5))
        one.throw(KeyError("k"))

    one = greenlet.greenlet(first)
    other = greenlet.greenlet(second)
    trace.append(one.switch())
    return trace
