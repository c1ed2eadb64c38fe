def answer():
    from aiohttp import _http_parser, _http_writer, _websocket  # noqa: F401
    from aiohttp._websocket import mask
    from aiohttp.http_parser import HttpRequestParser

    assert HttpRequestParser is _http_parser.HttpRequestParser, "the parser in C is not in use"

    class Protocol:
        def __getattr__(self, name):
            return lambda *args, **kwargs: None

    import asyncio

    loop = asyncio.new_event_loop()
    try:
        parser = HttpRequestParser(Protocol(), loop, 2**16)
        messages, upgraded, rest = parser.feed_data(
            b"GET /path?q=1 HTTP/1.1\r\nHost: example.org\r\nX-A: b\r\n\r\n"
        )
    finally:
        loop.close()
    message = messages[0][0]
    data = bytearray(b"mask me, please")
    mask._websocket_mask_cython(b"\x01\x02\x03\x04", data)
    return [message.method, message.path, message.headers["x-a"], upgraded, data.hex()]
