#include <stdio.h>

int main(void)
{
    puts("refinery 0.1.0");
    return 0;
}
