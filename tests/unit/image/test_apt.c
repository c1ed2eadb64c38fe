#include "unit.h"

#include "image/apt.h"

#define HASH "SHA256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_uri_lines(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct apt_package package;
    (void)state;
    assert_true(apt_parse_uri(STR("'http://m/pool/l/libcrypt-dev_4.4_s390x.deb' "
                                  "libcrypt-dev_1%3a4.4.33-2_s390x.deb 118116 " HASH),
                              &arena, &package));
    assert_str(package.exact, "libcrypt-dev_1:4.4.33-2_s390x");
    assert_str(package.name, "libcrypt-dev");
    assert_str(package.version, "1:4.4.33-2");
    assert_str(package.arch, "s390x");
    assert_str(package.file, "libcrypt-dev_1%3a4.4.33-2_s390x.deb");
    assert_int_equal(package.size, 118116);
    assert_int_equal(package.sha256.bytes[1], 0x23);
}

static void test_uri_lines_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "Reading package lists...",
                                      "'http://m/a.deb",
                                      "'u' a_1_b.deb 12",
                                      "'u' a_1_b.deb x " HASH,
                                      "'u' a_1_b.deb 12 MD5Sum:00",
                                      "'u' ../a_1_b.deb 12 " HASH,
                                      "'u' a_1_b.rpm 12 " HASH,
                                      "'u' a_1.deb 12 " HASH,
                                      "'u' a_1_b.deb 12 SHA256:01"};
    struct arena ARENA_AUTO arena = {0};
    struct apt_package package;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (apt_parse_uri(str_from(bad[i]), &arena, &package))
            fail_msg("taken: %s", bad[i]);
}

static void test_mirrors(void **state)
{
    static const struct {
        const char *listing, *mirror, *security;
    } rows[] = {
        {"http://deb.debian.org/debian|bookworm|main|Debian\n"
         "http://deb.debian.org/debian-security|bookworm-security|main|Debian\n",
         "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"},
        /* Others that publish for Debian come first and are passed by. */
        {"https://download.docker.com/linux/debian|bookworm|stable|Docker\n"
         "https://packages.example.com/debian|bookworm|main|Example\n"
         "https://vendor.example.com/linux/debian|bookworm|main|$(ORIGIN)\n"
         "http://ftp.de.debian.org/debian/|trixie-updates|main|$(ORIGIN)\n",
         "http://ftp.de.debian.org/debian/", ""},
        {"http://snapshot.debian.org/archive/debian/20250520T000000Z|bookworm|main|\n"
         "http://snapshot.debian.org/archive/debian-security/"
         "20250520T000000Z|bookworm-security|main|\n",
         "http://snapshot.debian.org/archive/debian/20250520T000000Z",
         "http://snapshot.debian.org/archive/debian-security/20250520T000000Z"},
        {"http://archive.ubuntu.com/ubuntu|noble|main|Ubuntu\n", "", ""},
        {"", "", ""},
    };
    const struct distro *debian = distro_find(STR("debian"));
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str mirror, security;
        apt_pick_mirrors(str_from(rows[i].listing), debian, &debian->archive, &mirror, &security);
        assert_str(mirror, rows[i].mirror);
        assert_str(security, rows[i].security);
    }
}

/* Two trees of one distribution; updates for security are in each. */
static void test_ubuntu(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    const struct distro *ubuntu = distro_find(STR("ubuntu"));
    const struct distro_archive *archive = distro_archive(ubuntu, STR("amd64"));
    const struct distro_archive *ports = distro_archive(ubuntu, STR("s390x"));
    struct str mirror, security;
    const struct str listing = STR("http://deb.example.org/debian|bookworm|main|Debian\n"
                                   "http://ppa.example.org/x/ubuntu|noble|main|LP-PPA-x\n"
                                   "http://de.archive.example.org/ubuntu/|noble|main|Ubuntu\n"
                                   "http://ports.example.org/ubuntu-ports|noble|main|Ubuntu\n");
    (void)state;
    assert_ptr_equal(archive, &ubuntu->archive);
    assert_ptr_equal(ports, &ubuntu->ports);
    apt_pick_mirrors(listing, ubuntu, archive, &mirror, &security);
    assert_str(mirror, "http://de.archive.example.org/ubuntu/");
    assert_int_equal(security.len, 0);
    apt_pick_mirrors(listing, ubuntu, ports, &mirror, &security);
    assert_str(mirror, "http://ports.example.org/ubuntu-ports");
    assert_str(distro_mirror(ubuntu, STR("http://m/x/ubuntu/"), ports, &arena),
               "http://m/x/ubuntu-ports");
    assert_str(distro_mirror(ubuntu, STR("http://m/ubuntu-ports"), archive, &arena),
               "http://m/ubuntu");
    assert_str(distro_mirror(ubuntu, STR("http://m/all"), ports, &arena), "http://m/all");
    const struct distro *debian = distro_find(STR("debian"));
    assert_ptr_equal(distro_archive(debian, STR("s390x")), &debian->archive);
    assert_str(distro_mirror(debian, STR("http://m/debian"), &debian->archive, &arena),
               "http://m/debian");
}

static void test_settings(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    (void)state;
    assert_str(apt_network_settings(STR("APT::Update::Post-Invoke:: \"rm -f /var/cache\";\n"
                                        "Acquire::http::Proxy \"http://p:3128\";\n"
                                        "Acquire::AllowInsecureRepositories \"1\";\n"
                                        "Acquire::IndexTargets::deb::DEP-11 \"\";\n"
                                        "Dir \"/\";\n"),
                                    &arena),
               "Acquire::http::Proxy \"http://p:3128\";\n");
}

static void test_reason(void **state)
{
    (void)state;
    assert_str(
        apt_reason(
            STR("Get:1 http://m trixie InRelease [140 kB]\n"
                "Err:2 http://m trixie/main s390x Packages\n"
                "E: Failed to fetch http://m/Packages.xz  File has unexpected size (1 != 2). "
                "Mirror sync in progress? [IP: 192.0.2.1 80]\n"
                "   Hashes of expected file:\n"
                "E: Some index files failed to download.\n")),
        "Failed to fetch http://m/Packages.xz  File has unexpected size (1 != 2). Mirror sync "
        "in progress?");
    assert_str(apt_reason(STR("E: The repository is not signed.")),
               "The repository is not signed.");
    assert_str(apt_reason(STR("W: fine\n")), "");
    assert_str(apt_reason(STR("")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uri_lines), cmocka_unit_test(test_uri_lines_refused),
        cmocka_unit_test(test_mirrors),   cmocka_unit_test(test_ubuntu),
        cmocka_unit_test(test_settings),  cmocka_unit_test(test_reason)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
