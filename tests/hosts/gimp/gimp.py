# SPDX-License-Identifier: GPL-2.0-or-later
"""GIMP 2.10 as the tests drive it: without a display by batches of Scheme."""

import os
import socket
import struct
import subprocess
import tempfile

import desk

INSTALL = os.path.join(desk.ROOT, "dist", "install-gimp")
GENERATION = "5B0E7C1A-93D4-4F26-8A5E-2D1C6F70B9E3"

_home = None


def home():
    """A person's folder with the plug-in in it, where GIMP has been started once: it asks every plug-in then."""
    global _home
    if _home is None:
        made = desk.folder("gimp-home")
        subprocess.run([INSTALL, "--build", desk.BUILD], env=dict(os.environ, HOME=made, XDG_CONFIG_HOME=made + "/.config"),
                       check=True, stdout=subprocess.DEVNULL)
        start_once(made)
        if not knows_us(made):
            raise AssertionError("GIMP did not hear at its first start what the plug-in offers")
        _home = made
    return _home


def knows_us(of):
    with open(os.path.join(of, ".config/GIMP/2.10/pluginrc"), encoding="latin-1") as file:  # icons are in it
        text = file.read()
    return all(f'"plug-in-inset-{name}"' in text for name in ("new", "layer", "resume", "sign-in", "sign-out", "status"))


def start_once(of):
    """GIMP then asks every plug-in that is new to it what it offers, and writes that down."""
    subprocess.run(["timeout", "240", *command("(gimp-version)")], env=desk.environment(of, None, desk.folder("no-data")),
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def command(*expressions):
    words = ["gimp-console", "-i", "-d", "-f"]
    for expression in expressions:
        words += ["-b", expression]
    # A batch of its own: it runs even when one before it has failed.
    return words + ["-b", "(gimp-quit 0)"]


def environment(stand_in, data):
    return desk.environment(home(), stand_in, data)


def batch(stand_in, data, *expressions, timeout=240, **more):
    """Runs the expressions; what they said with (say …), each as a list of words. GIMP ends with status 0 even when Scheme failed, so
    the log is looked at."""
    variables = environment(stand_in, data)
    variables.update(more)
    # From a file: what one -b defines, the next does not know. And into one: others write to the log, too.
    with tempfile.TemporaryDirectory(dir=desk.FOLDER) as folder:
        script, said = os.path.join(folder, "batch.scm"), os.path.join(folder, "said")
        with open(script, "w") as file:
            file.write("\n".join([f"(define said-port (open-output-file {quoted(said)}))", PRELUDE, *expressions,
                                  "(close-output-port said-port)"]))
        done = subprocess.run(["timeout", str(timeout), *command(f'(load "{script}")')], env=variables,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0 or "batch command experienced" in done.stdout:
            raise AssertionError(f"GIMP ended with {done.returncode}:\n{done.stdout}")
        return words_said(said)


def words_said(path):
    with open(path) as file:
        return [words.split() for words in file.read().split("\f")[1:]]


# Scheme that the tests share.

SAY = """
(define (text x) (cond ((number? x) (number->string x)) ((string? x) x) ((pair? x) (string-append (text (car x)) " " (text (cdr x))))
                       ((null? x) "") (else "?")))
(define (say . xs) (display (string-append "\f" (text xs)) said-port))
"""

PRELUDE = SAY + """
(define (new-picture index size) (car (plug-in-inset-new RUN-NONINTERACTIVE "GENERATION" index size 0 "" "")))
(define (add-picture image index size placement)
  (car (plug-in-inset-layer RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image)) "GENERATION" index size 0 "" ""
                            placement)))
(define (empty-image width height type precision layer-type)
  (let* ((image (car (gimp-image-new-with-precision width height type precision)))
         (back (car (gimp-layer-new image width height layer-type "back" 100 LAYER-MODE-NORMAL))))
    (gimp-image-insert-layer image back 0 0)
    (gimp-drawable-fill back FILL-WHITE)
    image))
(define (export image layer path) (file-png-save RUN-NONINTERACTIVE image layer path path 0 6 0 0 0 0 0))
(define (box layer) (list (car (gimp-drawable-width layer)) (car (gimp-drawable-height layer))
                          (car (gimp-drawable-offsets layer)) (cadr (gimp-drawable-offsets layer))))
""".replace("GENERATION", GENERATION)


def program():
    """The plug-in's file, as GIMP runs it."""
    return os.path.join(home(), ".config", "GIMP", "2.10", "plug-ins", "inset", "inset")


def plug_in_processes():
    return processes_of(program())


def processes_of(path):
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{number}/exe") == path:
                found.append(int(number))
        except OSError:
            pass
    return found


class Window:
    """GIMP with its window on a screen. Scheme reaches it through its Script-Fu server, while the test clicks."""

    def __init__(self, screen, stand_in, data, **more):
        self.screen = screen
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        folder = desk.folder("window")
        self.log_path = os.path.join(folder, "gimp.log")
        self.log = open(self.log_path, "w")
        server = f'(plug-in-script-fu-server RUN-NONINTERACTIVE "127.0.0.1" {self.port} "/dev/null")'
        variables = dict(environment(stand_in, data), DISPLAY=screen.display, **more)
        self.process = subprocess.Popen(["timeout", "-k", "5", "400", "gimp", "-s", "-n", "-b", server], env=variables,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        desk.wait_for(self._listens, 180, "GIMP's Script-Fu server")
        self.window = screen.wait_window("GNU Image Manipulation Program")
        screen.maximize(self.window)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()

    def quit(self):
        if self.log.closed:
            return
        try:
            self.scheme("(gimp-quit 1)")
        except (OSError, EOFError, AssertionError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(20)
        self.log.close()

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def scheme(self, expression):
        """What the expression says, as text. 'G', length and text go out; 'G', a flag, length and text come back."""
        def read(count):
            data = b""
            while len(data) < count:
                more = connection.recv(count - len(data))
                if not more:
                    raise EOFError("the Script-Fu server has gone")
                data += more
            return data

        raw = expression.encode()
        with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
            connection.sendall(b"G" + struct.pack(">H", len(raw)) + raw)
            head = read(4)
            text = read(struct.unpack(">H", head[2:4])[0]).decode()
        if head[1]:
            raise AssertionError(text)
        return text

    def number(self, expression):
        return int(self.scheme(expression))

    def open_image(self, width, height):
        """A new image with a display; its number."""
        image = self.number(f"(car (gimp-image-new {width} {height} RGB))")
        self.scheme(f"""(let ((back (car (gimp-layer-new {image} {width} {height} RGB-IMAGE "back" 100 LAYER-MODE-NORMAL))))
                          (gimp-image-insert-layer {image} back 0 0) (gimp-drawable-fill back FILL-WHITE))""")
        self.scheme(f"(gimp-image-clean-all {image})")
        self.scheme(f"(gimp-display-new {image})")
        return image

    def layer_count(self, image):
        return self.number(f"(car (gimp-image-get-layers {image}))")

    def keys(self, *keys):
        self.screen.focus(self.window)
        self.screen.key(*keys)

    def start_from_menu(self, *keys):
        """Opens the menu and chooses, until the plug-in runs: a letter that comes before its menu is open is lost."""
        for _ in range(4):
            self.keys(*keys)
            try:
                return desk.wait_for(plug_in_processes, 20, "the plug-in's start")
            except AssertionError:
                self.screen.shot("gimp-menu-lost")
                self.keys("Escape", "Escape")
        raise AssertionError(f"the menu did not start the plug-in: {keys}")
