#include "base/digest.h"
#include "base/mem.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct digest_stream {
    EVP_MD_CTX *ctx;
};

/* Fetched once: the implicit fetch of EVP_sha256() costs more than a short hash. */
static const EVP_MD *digest_algorithm(void)
{
    static EVP_MD *algorithm;
    if (!algorithm && !(algorithm = EVP_MD_fetch(NULL, "SHA256", NULL)))
        abort();
    return algorithm;
}

struct digest_stream *digest_open(void)
{
    struct digest_stream *stream = mem_alloc(sizeof *stream);
    stream->ctx = EVP_MD_CTX_new();
    if (!stream->ctx || !EVP_DigestInit_ex2(stream->ctx, digest_algorithm(), NULL))
        abort();
    return stream;
}

void digest_add(struct digest_stream *stream, struct str bytes)
{
    if (!EVP_DigestUpdate(stream->ctx, bytes.ptr, bytes.len))
        abort();
}

void digest_add_field(struct digest_stream *stream, struct str field)
{
    unsigned char len[8];
    for (int i = 0; i < 8; i++)
        len[i] = (unsigned char)((uint64_t)field.len >> (8 * i));
    digest_add(stream, str_of(len, sizeof len));
    digest_add(stream, field);
}

struct digest digest_finish(struct digest_stream *stream)
{
    struct digest digest;
    if (!EVP_DigestFinal_ex(stream->ctx, digest.bytes, NULL))
        abort();
    EVP_MD_CTX_free(stream->ctx);
    mem_free(stream);
    return digest;
}

struct digest digest_of(struct str bytes)
{
    struct digest digest;
    if (!EVP_Digest(bytes.ptr, bytes.len, digest.bytes, NULL, digest_algorithm(), NULL))
        abort();
    return digest;
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

struct digest_hex digest_to_hex(const struct digest *digest)
{
    struct digest_hex hex = {{0}};
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        hex.text[2 * i] = "0123456789abcdef"[digest->bytes[i] >> 4];
        hex.text[2 * i + 1] = "0123456789abcdef"[digest->bytes[i] & 15];
    }
    return hex;
}

static int digest_nibble(char c)
{
    c = char_lower(c);
    return char_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_from_hex(struct str hex, struct digest *digest)
{
    struct digest parsed;
    if (str_starts(hex, STR(DIGEST_PREFIX)))
        hex = str_from_pos(hex, sizeof DIGEST_PREFIX - 1);
    if (hex.len != DIGEST_HEX)
        return false;
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        int high = digest_nibble(hex.ptr[2 * i]), low = digest_nibble(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        parsed.bytes[i] = (unsigned char)(high << 4 | low);
    }
    *digest = parsed;
    return true;
}

bool digest_fd(int fd, struct digest *digest, struct err *err)
{
    enum { CHUNK = 1 << 16 };
    char *chunk = mem_alloc(CHUNK);
    struct digest_stream *stream = digest_open();
    ssize_t got;
    while ((got = read(fd, chunk, CHUNK)) != 0) {
        if (got > 0)
            digest_add(stream, str_of(chunk, (size_t)got));
        else if (errno != EINTR)
            break;
    }
    int failed = errno;
    struct digest result = digest_finish(stream);
    mem_free(chunk);
    if (got < 0) {
        errno = failed;
        return err_errno(err, "reading a file to hash it");
    }
    *digest = result;
    return true;
}
