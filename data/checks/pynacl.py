def answer():
    import nacl.bindings as b
    import nacl.hash
    import nacl.pwhash
    import nacl.secret
    import nacl.signing

    key = bytes(range(32))
    box = nacl.secret.SecretBox(key)
    sealed = box.encrypt(b"message", bytes(24))
    signed = nacl.signing.SigningKey(key).sign(b"message")
    assert box.decrypt(sealed) == b"message"
    nacl.signing.VerifyKey(nacl.signing.SigningKey(key).verify_key.encode()).verify(signed)
    return [
        sealed.hex(), signed.signature.hex(), nacl.hash.sha256(b"abc").decode(),
        nacl.hash.blake2b(b"abc").decode(), b.crypto_scalarmult_base(key).hex(),
        nacl.pwhash.argon2id.kdf(16, b"pw", bytes(16), opslimit=1, memlimit=8192 * 8).hex(),
    ]
