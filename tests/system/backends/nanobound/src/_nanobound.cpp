#include <cstdint>
#include <cstring>

#include <nanobind/nanobind.h>

static int first_byte()
{
    std::uint32_t number = 0x01020304;
    unsigned char byte;
    std::memcpy(&byte, &number, 1);
    return byte;
}

NB_MODULE(_nanobound, module)
{
    module.def("first_byte", &first_byte);
}
