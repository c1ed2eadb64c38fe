/* Any bytes read as an ELF file, every symbol of it, and the audit of it, or a message. */
#include "elf/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct elf_file elf;
    struct err err = {0};
    struct elf_symbol symbol;
    struct elf_audit audit;
    struct elf_audit_verdict verdict;
    struct str bytes = str_of(data, size);
    if (!elf_read(bytes, &arena, &elf, &err)) {
        if (err.text[0] == 0)
            __builtin_trap();
        return 0;
    }
    for (size_t i = 0; i < elf.symbol_count; i++)
        (void)elf_read_symbol(&elf, i, &symbol);
    struct elf_level_use use;
    elf_level_of(&elf, &use);
    if (use.level && elf_level_describe(&use, &arena).len == 0)
        __builtin_trap();
    elf_audit_open(&audit, &arena, STR("linux_s390x"));
    if (elf_audit_add(&audit, STR("demo/m.so"), bytes, &err))
        elf_audit_finish(&audit, NULL, &verdict);
    return 0;
}
