def answer():
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    key = bytes(range(32))
    digest = hashes.Hash(hashes.SHA3_256())
    digest.update(b"abc")
    private = ed25519.Ed25519PrivateKey.from_private_bytes(key)
    curve = ec.derive_private_key(123456789, ec.SECP256R1()).public_key()
    point = curve.public_bytes(serialization.Encoding.X962,
                               serialization.PublicFormat.CompressedPoint)
    token = Fernet(Fernet.generate_key()).encrypt(b"x")
    assert token.startswith(b"gAAAA")
    return [
        digest.finalize().hex(), private.sign(b"message").hex(), point.hex(),
        AESGCM(key).encrypt(bytes(12), b"message", b"more").hex(),
        ChaCha20Poly1305(key).encrypt(bytes(12), b"message", None).hex(),
        PBKDF2HMAC(hashes.SHA256(), 32, b"salt", 1000).derive(b"password").hex(),
    ]
