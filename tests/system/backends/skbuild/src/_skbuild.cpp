#include <algorithm>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

static std::vector<std::string> words(const std::string &text)
{
    std::vector<std::string> found;
    std::regex word("[a-z]+");
    for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at)
        found.push_back(at->str());
    if (found.empty())
        throw std::invalid_argument("no words");
    std::sort(found.begin(), found.end());
    return found;
}

PYBIND11_MODULE(_skbuild, module)
{
    module.def("words", &words);
}
