def answer():
    import os
    import socket

    import psutil

    me = psutil.Process()
    assert me.pid == os.getpid() and me.memory_info().rss > 0
    assert psutil.virtual_memory().total > 2**20
    left, right = socket.socketpair()
    left.close()
    right.close()
    # Through the extension module: sysinfo, network interfaces, the scheduler's affinity.
    return [sorted(psutil.net_if_addrs()) != [], len(me.cpu_affinity()) >= 1,
            psutil.pid_exists(os.getpid()), psutil.users() is not None]
