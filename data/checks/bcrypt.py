def answer():
    import bcrypt

    salt = b"$2b$04$abcdefghijklmnopqrstuu"
    hashed = bcrypt.hashpw(b"correct horse", salt)
    assert bcrypt.checkpw(b"correct horse", hashed) and not bcrypt.checkpw(b"wrong", hashed)
    return [hashed.decode(), bcrypt.kdf(b"password", b"salt", 32, 4, True).hex()]
