import subprocess

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext


class BuildLibrary(build_ext):
    def run(self):
        subprocess.check_call(["./configure", "--disable-shared"], cwd="lib")
        subprocess.check_call(["make", "libthing.a"], cwd="lib")
        super().run()


setup(
    name="autoconf", version="1.0", packages=["autoconf"], cmdclass={"build_ext": BuildLibrary},
    ext_modules=[Extension("autoconf._c", ["autoconf/_c.c"], include_dirs=["lib"],
                           extra_objects=["lib/libthing.a"])],
)
