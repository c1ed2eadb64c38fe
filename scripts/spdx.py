#!/usr/bin/env python3
"""Makes tables/spdx.def from the list of SPDX identifiers that the Python package `packaging` carries.
usage: scripts/spdx.py >tables/spdx.def, with the python that tests/differential/setup.sh prints"""
from packaging.licenses import _spdx

print(f"""/*
 * Identifiers of the SPDX License List {_spdx.VERSION}, sorted without regard to case; made by scripts/spdx.py.
 *   SPDX_LICENSE(id) SPDX_EXCEPTION(id)
 */""")
for macro, table in (("SPDX_LICENSE", _spdx.LICENSES), ("SPDX_EXCEPTION", _spdx.EXCEPTIONS)):
    for key in sorted(table):
        print(f'{macro}("{table[key]["id"]}")')
print("#undef SPDX_LICENSE\n#undef SPDX_EXCEPTION")
