def answer():
    import cffi

    ffi = cffi.FFI()
    ffi.cdef("""
        typedef struct { char a; short b; int c; long long d; double e; } mixed;
        int atoi(const char *); double atof(const char *); size_t strlen(const char *);
        void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
    """)
    libc = ffi.dlopen(None)
    value = ffi.new("mixed *", {"a": b"x", "b": -2, "c": 3, "d": 2**40, "e": 0.5})

    @ffi.callback("int(const void *, const void *)")
    def order(x, y):
        return ffi.cast("int *", x)[0] - ffi.cast("int *", y)[0]

    numbers = ffi.new("int[]", [5, -1, 3])
    libc.qsort(numbers, 3, ffi.sizeof("int"), order)
    return [
        libc.atoi(b"4711"), libc.atof(b"2.25"), libc.strlen(b"hello"), list(numbers),
        value.b, value.d, value.e, ffi.sizeof("mixed"), ffi.offsetof("mixed", "e"),
    ]
