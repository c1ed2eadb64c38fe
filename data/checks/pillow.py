def answer():
    import io

    from PIL import Image, ImageCms, ImageDraw, ImageFilter, features

    picture = Image.new("RGB", (16, 8), (10, 20, 30))
    ImageDraw.Draw(picture).line((0, 0, 15, 7), fill=(200, 100, 50))
    kept = {}
    for form in ("PNG", "TIFF", "BMP", "GIF"):
        out = io.BytesIO()
        picture.save(out, form)
        kept[form] = list(Image.open(io.BytesIO(out.getvalue())).convert("RGB").getpixel((2, 1)))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    near = Image.open(io.BytesIO(out.getvalue())).getpixel((12, 0))
    wide = Image.frombytes("I;16B", (2, 1), b"\x01\x02\x03\x04")
    return [kept, [abs(a - b) < 8 for a, b in zip(near, (10, 20, 30))],
            picture.filter(ImageFilter.BoxBlur(1)).tobytes().hex()[:48],
            picture.resize((4, 2), Image.Resampling.BICUBIC).tobytes().hex(),
            [wide.getpixel((0, 0)), wide.getpixel((1, 0))],
            features.check("jpg"), features.check("zlib"), features.check("freetype2"),
            ImageCms.createProfile("sRGB") is not None]
