"""The runner's files as a build sees them: each test runs them in an interpreter of its own."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import unittest

RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../data/runner")


class Yard(unittest.TestCase):
    def setUp(self):
        self.made = tempfile.TemporaryDirectory()
        self.dir = os.path.realpath(self.made.name)
        self.src = self.path("src")
        os.mkdir(self.src)

    def tearDown(self):
        self.made.cleanup()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        return path

    def run_python(self, *args, **options):
        return subprocess.run([sys.executable, "-B", "-s", "-S", *args], cwd=self.src, text=True,
                              capture_output=True, timeout=60, check=False, **options)


class Facts(Yard):
    def facts(self, code, name="src/setup.py", start=None):
        """(fact, where) of what running the file records, in order."""
        path = self.write(name, code)
        out = self.path("facts")
        start = start or "runpy.run_path(%r, run_name='__main__')" % path
        head = "import sys; sys.path.insert(0, %r); import refinery_facts, runpy; " % RUNNER
        head += "refinery_facts.install(%r, %r); sys.path.insert(0, %r); " % (
            out, self.src, self.src)
        done = self.run_python("-c", head + start)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(out, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.answers = [line["answer"] for line in lines]
        return [(line["fact"], line["where"]) for line in lines]

    def test_byteorder(self):
        self.assertEqual(self.facts("import sys\nx = sys.byteorder\n"),
                         [("sys.byteorder", "setup.py:2")])
        self.assertEqual(self.answers, [sys.byteorder])

    def test_byteorder_imported(self):
        self.assertEqual(self.facts("from sys import byteorder\n"),
                         [("sys.byteorder", "setup.py:1")])

    def test_other_attributes_of_sys(self):
        self.assertEqual(self.facts("import sys\nsys.argv, sys.maxsize, sys.version_info\n"), [])

    def test_once_each(self):
        code = "import sys\nfor i in range(9):\n    sys.byteorder\nsys.byteorder\n"
        self.assertEqual(self.facts(code), [("sys.byteorder", "setup.py:3"),
                                            ("sys.byteorder", "setup.py:4")])

    def test_setup_as_string(self):
        path = self.path("src/setup.py")
        start = ("exec(compile(open(%r).read(), '<string>', 'exec'), {'__file__': 'setup.py'})"
                 % path)
        self.assertEqual(self.facts("import sys\nsys.byteorder\n", start=start),
                         [("sys.byteorder", "setup.py:2")])

    def test_string_without_file(self):
        """Such as python -c run by the package in its tree."""
        start = "exec(compile('import sys; sys.byteorder', '<string>', 'exec'), {})"
        self.assertEqual(self.facts("", start=start), [("sys.byteorder", "<string>:1")])

    def test_platform(self):
        code = """\
            import os
            import platform
            platform.machine()
            platform.system()
            os.uname().machine
            """
        self.assertEqual(self.facts(code), [("platform.machine", "setup.py:3"),
                                            ("os.uname", "setup.py:5")])

    def test_struct(self):
        code = """\
            import struct
            from struct import unpack
            struct.pack("<I", 1)
            struct.pack(">I", 1)
            struct.pack("!I", 1)
            struct.pack("4s3B?x", b"a", 1, 2, 3, True)
            struct.pack(b"<I", 1)
            struct.pack("I", 1)
            struct.pack("=I", 1)
            unpack("@l", bytes(struct.calcsize("l")))
            """
        self.assertEqual(self.facts(code), [("struct.pack", "setup.py:8"),
                                            ("struct.pack", "setup.py:9"),
                                            ("struct.unpack", "setup.py:10")])

    def test_errors_stay_errors(self):
        code = "import struct\ntry:\n    struct.pack('I')\nexcept struct.error:\n    pass\n"
        self.assertEqual(self.facts(code), [])

    def test_socket(self):
        self.assertEqual(self.facts("import socket\nsocket.htons(1)\n"),
                         [("socket.htons", "setup.py:2")])

    def test_module_of_the_package(self):
        self.write("src/build_tools/cpu.py", "import platform\nM = platform.machine()\n")
        self.assertEqual(self.facts("import build_tools.cpu\n"),
                         [("platform.machine", "build_tools/cpu.py:2")])

    def test_asker_outside(self):
        self.write("env/tool.py", "import sys\nORDER = sys.byteorder\n")
        code = "import sys\nsys.path.insert(0, %r)\nimport tool\n" % self.path("env")
        self.assertEqual(self.facts(code), [])

    def test_directory_with_the_same_start(self):
        self.write("src-other/tool.py", "import sys\nORDER = sys.byteorder\n")
        code = "import sys\nsys.path.insert(0, %r)\nimport tool\n" % self.path("src-other")
        self.assertEqual(self.facts(code), [])

    def test_build_system_in_the_tree(self):
        for place in ("vendored-meson/meson", "sub/mesonbuild"):
            self.write("src/%s/m.py" % place, "import platform\nplatform.machine()\n")
            code = "import runpy\nrunpy.run_path(%r)\n" % ("%s/m.py" % place)
            self.assertEqual(self.facts(code), [], place)

    def test_library_opened(self):
        code = "import ctypes\ntry:\n    ctypes.CDLL('libno-such.so')\nexcept OSError:\n    pass\n"
        self.assertEqual(self.facts(code), [("ctypes.dlopen", "setup.py:3")])

    def test_ctypes_itself(self):
        self.assertEqual(self.facts("import ctypes\nctypes.CDLL(None)\n"), [])

    def test_foreign_program(self):
        with open(sys.executable, "rb") as own:
            head = bytearray(own.read(64))
        head[18:20] = b"\x7f\x7f"  # no such machine
        program = self.path("src/conftest")
        with open(program, "wb") as file:
            file.write(head)
        os.chmod(program, 0o755)
        code = "import subprocess\ntry:\n    subprocess.call(['./conftest'])\nexcept OSError:\n    pass\n"
        self.assertEqual(self.facts(code), [("try-run", "setup.py:3")])
        self.assertEqual(self.facts("import subprocess\nsubprocess.call(['true'])\n"), [("try-run", "setup.py:3")])


class Network(Yard):
    def asked(self, code):
        """What running the code notes, in order; it may fail, as without a network."""
        out = self.path("network")
        open(out, "w", encoding="utf-8").close()
        head = "import sys; sys.path.insert(0, %r); import refinery_network as n; n.install(%r)\n" % (
            RUNNER, out)
        self.run_python("-c", head + textwrap.dedent(code))
        with open(out, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_url(self):
        lines = self.asked("""
            import urllib.request
            class Nowhere(urllib.request.HTTPHandler):
                def http_open(self, req):
                    raise OSError("no network")
            for path in "aab":
                try:
                    urllib.request.build_opener(Nowhere).open("http://example.invalid/" + path)
                except OSError:
                    pass
        """)
        self.assertEqual(lines, ["http://example.invalid/a", "http://example.invalid/b"])

    def test_name_and_address(self):
        lines = self.asked("""
            import socket, sys
            sys.audit("socket.getaddrinfo", "example.invalid", 443, 0, 0, 0)
            sys.audit("socket.getaddrinfo", b"example.invalid", 443, 0, 0, 0)
            sys.audit("socket.connect", None, ("192.0.2.1", 80))
            sys.audit("socket.connect", None, "/run/socket")
        """)
        self.assertEqual(lines, ["example.invalid:443", "192.0.2.1:80"])

    def test_loopback_is_none(self):
        self.assertEqual(self.asked("""
            import socket, sys
            for host in ("localhost", "127.0.0.1", "::1", "", None):
                sys.audit("socket.getaddrinfo", host, 80, 0, 0, 0)
            sys.audit("urllib.Request", "http://localhost:8080/x", None, {}, "GET")
            sys.audit("urllib.Request", "file:///etc/hosts", None, {}, "GET")
            socket.create_connection(socket.create_server(("127.0.0.1", 0)).getsockname())
        """), [])


class Hook(Yard):
    def hook(self, hook, backend, path=(".",), name="be", settings=None):
        if backend is not None:
            self.write("src/be.py", backend)
        options = self.write("options.json", json.dumps(
            {"backend": name, "backend_path": list(path), "config_settings": settings or {}}))
        self.answer = self.path("answer.json")
        return self.run_python(os.path.join(RUNNER, "hook.py"), hook, self.answer, options)

    def answered(self):
        with open(self.answer, encoding="utf-8") as file:
            return json.load(file)

    def refused(self, done, status, *says):
        self.assertEqual(done.returncode, status, done.stderr)
        for text in says:
            self.assertIn(text, done.stderr)
        self.assertEqual(os.path.exists(self.answer), False)

    def test_requires(self):
        done = self.hook("requires", """\
            import sys
            print("a line of the log")
            def get_requires_for_build_wheel(settings):
                return ("wheel", "x>%s" % settings["n"], *sys.argv)
            """, settings={"n": "1"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.answered(), {"requires": ["wheel", "x>1", "setup.py"]})
        self.assertEqual(os.path.exists(self.answer + ".part"), False)

    def test_no_requires_hook(self):
        self.assertEqual(self.hook("requires", "").returncode, 0)
        self.assertEqual(self.answered(), {"requires": []})

    def test_backend_is_an_attribute(self):
        code = "class A:\n    class b:\n        get_requires_for_build_wheel = lambda s: ['y']\n"
        self.assertEqual(self.hook("requires", code, name="be:A.b").returncode, 0)
        self.assertEqual(self.answered(), {"requires": ["y"]})

    def test_missing_hooks(self):
        self.refused(self.hook("metadata", ""), 1, "build_wheel")
        self.refused(self.hook("wheel", ""), 1, "build_wheel")

    def test_backend_path(self):
        self.write("src/in/be2.py", "get_requires_for_build_wheel = lambda s: ['z']\n")
        self.assertEqual(self.hook("requires", None, ("in",), "be2").returncode, 0)
        self.assertEqual(self.answered(), {"requires": ["z"]})

    def test_backend_path_outside(self):
        self.write("src-other/be.py", "")
        os.symlink(self.path("src-other"), self.path("src/away"))
        for path in ("..", "../src-other", "/", "away", "x/../.."):
            self.refused(self.hook("requires", None, (path,)), 1, "outside the source tree")

    def test_source_is_not_importable_by_itself(self):
        self.refused(self.hook("requires", "", ()), 1, "ModuleNotFoundError")

    def test_exits(self):
        code = "import sys\ndef get_requires_for_build_wheel(s):\n    sys.exit(%s)\n"
        for value, status in (("0", 1), ("", 1), ("'why'", 1), ("7", 7)):
            self.refused(self.hook("requires", code % value), status)
        self.refused(self.hook("requires", "import os\nos._exit(0)\n"), 0)

    def test_raises(self):
        code = "def get_requires_for_build_wheel(s):\n    raise KeyboardInterrupt('oh')\n"
        self.refused(self.hook("requires", code), 1, "Traceback", "oh")

    def test_answer_that_is_no_json(self):
        self.refused(self.hook("requires", "get_requires_for_build_wheel = lambda s: [b'x']\n"), 1,
                     "TypeError")

    def test_answer_is_whole_or_absent(self):
        """Written beside and renamed: an old answer stays until the new one is complete."""
        self.write("answer.json", "old")
        done = self.hook("requires", "get_requires_for_build_wheel = lambda s: ['a', b'x']\n")
        self.assertEqual(done.returncode, 1)
        with open(self.answer, encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")


class Check(Yard):
    def check(self, modules, extensions=(), code=None):
        spec = {"path": [self.src], "modules": modules, "extensions": extensions}
        if code is not None:
            spec["check"] = self.write("check-x.py", code)
        path = self.write("spec.json", json.dumps(spec))
        answer = self.path("answer.json")
        done = self.run_python(os.path.join(RUNNER, "check.py"), answer, path)
        with open(answer, encoding="utf-8") as file:
            return done, json.load(file)

    def test_good(self):
        self.write("src/pkg/__init__.py", "X = 40\n")
        done, answer = self.check(["pkg"], [], "import pkg\ndef answer():\n    return pkg.X + 2\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(answer, {"imported": ["pkg"], "failed": [], "beside": [], "value": 42})

    def test_failures(self):
        self.write("src/bad.py", "import ends.no_such_thing\n")
        self.write("src/ends.py", "import sys\nsys.exit(0)\n")
        self.write("src/fine.py", "")
        done, answer = self.check(["bad", "ends", "fine"], [], "raise ValueError\n")
        self.assertEqual(done.returncode, 1)
        self.assertEqual([f["module"] for f in answer["failed"]], ["bad", "ends"])
        self.assertEqual(answer["imported"], ["fine"])
        self.assertIn("no_such_thing", done.stderr)

    def test_company(self):
        """A plugin imports only beside its host: no failure, unless the host should be there."""
        self.write("src/plug/__init__.py", "from host.parts import Base\n")
        done, answer = self.check(["plug"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(answer, {"imported": [], "failed": [], "beside": ["host"], "value": None})
        for there, text in (("host/other.py", ""), ("other-1.0.dist-info/top_level.txt", "host\n")):
            path = self.write("src/" + there, text)
            done, answer = self.check(["plug"])
            self.assertEqual((done.returncode, answer["beside"]), (1, []), there)
            os.unlink(path)
            os.rmdir(os.path.dirname(path))
        for lost in ("import plug.lost", "import _plug", "import _plug_lost.part",
                     "raise ModuleNotFoundError('No module')",
                     "raise ModuleNotFoundError('', name='a line\\nof text')",
                     "raise ImportError('', name='host')"):
            self.write("src/plug/__init__.py", lost + "\n")
            done, answer = self.check(["plug"])
            self.assertEqual((done.returncode, answer["beside"]), (1, []), lost)

    def test_company_of_extensions(self):
        """They are loaded without their package, and must load."""
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        self.write("src/plug/__init__.py", "import host\n")
        done, answer = self.check(["plug"], ["plug.fast"])
        self.assertEqual((done.returncode, answer["beside"]), (0, ["host"]))
        self.write("src/plug/fast" + suffix, "no machine code")
        done, answer = self.check(["plug"], ["plug.fast"])
        self.assertEqual((done.returncode, [f["module"] for f in answer["failed"]]),
                         (1, ["plug.fast"]))

    def test_extensions(self):
        """Only a failure to load counts."""
        self.write("src/order.py", "raise RuntimeError('not first')\n")
        self.write("src/broken.so", "no machine code")
        done, answer = self.check([], ["order", "absent"])
        self.assertEqual((done.returncode, answer["imported"]), (0, []))
        # Two that need each other, imported from the wrong end; a name that is not there counts.
        self.write("src/half.py", "import other\nvalue = 1\n")
        self.write("src/other.py", "from half import value\n")
        done, answer = self.check([], ["half"])
        self.assertEqual((done.returncode, answer["failed"]), (0, []))
        done, answer = self.check(["half"], [])
        self.assertEqual((done.returncode, len(answer["failed"])), (1, 1))
        self.write("src/lacks.py", "from os import no_such_name\n")
        done, answer = self.check([], ["lacks"])
        self.assertEqual((done.returncode, len(answer["failed"])), (1, 1))
        os.rename(self.path("src/broken.so"),
                  self.path("src/broken" + sysconfig.get_config_var("EXT_SUFFIX")))
        done, answer = self.check([], ["broken"])
        self.assertEqual((done.returncode, len(answer["failed"])), (1, 1))

    def test_wrong_answer(self):
        done, answer = self.check([], [], "def answer():\n    assert 1 == 2, 'off by one'\n")
        self.assertEqual((done.returncode, answer["value"]), (1, None))
        self.assertIn("off by one", done.stderr)

    def test_runner_is_not_on_the_path(self):
        done, _ = self.check(["hook"])
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - bad, bad))
    sys.exit(1 if bad else 0)
