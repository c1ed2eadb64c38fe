from cffi import FFI

ffi = FFI()
ffi.cdef("""
    typedef struct { char a; long long b; ...; } pair;
    long long sum(pair *);
    #define BIG ...
""")
ffi.set_source(
    "cffiout._cffiout",
    """
    typedef struct { char a; short pad; long long b; } pair;
    #define BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    static long long sum(pair *p) { return p->a + p->b; }
    """,
)
