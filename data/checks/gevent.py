def answer():
    import gevent
    from gevent import _socket3, core, event, pool, queue  # noqa: F401

    order, box = [], queue.Queue()

    def worker(name, count):
        for i in range(count):
            box.put((name, i))
            gevent.sleep(0)

    jobs = [gevent.spawn(worker, name, 2) for name in "ab"]
    gevent.joinall(jobs)
    while not box.empty():
        order.append(list(box.get()))
    squares = pool.Pool(2).map(lambda x: x * x, range(4))
    left, right = gevent.socket.socketpair() if hasattr(gevent, "socket") else (None, None)
    if left is not None:
        gevent.spawn(left.sendall, b"ping")
        order.append(right.recv(4).decode())
    return [order, squares, type(gevent.get_hub().loop).__module__]
