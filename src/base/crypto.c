/*
 * What digest.c and net/transfer.c use of libcrypto, loaded with the first digest: it takes a
 * millisecond of every start, and an audit has no digest to make. The names and types are OpenSSL's
 * own, from its header.
 */
#include <openssl/evp.h>

#include "base/library.h"

#define FUNCTIONS(F)                                                                               \
    F(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * c, const char *name, const char *properties),        \
      (c, name, properties))                                                                       \
    F(EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())                                                    \
    F(int, EVP_DigestInit_ex2,                                                                     \
      (EVP_MD_CTX * c, const EVP_MD *type, const OSSL_PARAM parameters[]), (c, type, parameters))  \
    F(int, EVP_DigestInit_ex, (EVP_MD_CTX * c, const EVP_MD *type, ENGINE *engine),                \
      (c, type, engine))                                                                           \
    F(const EVP_MD *, EVP_get_digestbyname, (const char *name), (name))                            \
    F(int, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *bytes, size_t len), (c, bytes, len))     \
    F(int, EVP_DigestFinal_ex, (EVP_MD_CTX * c, unsigned char *digest, unsigned *len),             \
      (c, digest, len))                                                                            \
    F(int, EVP_Digest,                                                                             \
      (const void *bytes, size_t len, unsigned char *digest, unsigned *size, const EVP_MD *type,   \
       ENGINE *engine),                                                                            \
      (bytes, len, digest, size, type, engine))

#define PROCEDURES(F) F(void, EVP_MD_CTX_free, (EVP_MD_CTX * c), (c))

static struct {
    FUNCTIONS(LIBRARY_SLOT)
    PROCEDURES(LIBRARY_SLOT)
} calls;

static const struct library_symbol symbols[] = {FUNCTIONS(LIBRARY_SYMBOL)
                                                    PROCEDURES(LIBRARY_SYMBOL)};

static struct library library = {
    .file = "libcrypto.so.3", .symbols = symbols, .count = sizeof symbols / sizeof *symbols};

/* The header names its parameters otherwise. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
FUNCTIONS(LIBRARY_FORWARD)
PROCEDURES(LIBRARY_FORWARD_PROCEDURE)
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
