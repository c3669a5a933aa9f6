"""A certificate authority made on the spot, and the certificates of the listeners."""

import os
import shutil
import subprocess
import tempfile

# Every variant that a rule may name, with its subject's names and its dates. The good dates are far apart so that a test may move the
# client's clock by years without the certificate being the reason for a failure.
LONG = ("20200101000000Z", "20491231235959Z")
PAST = ("20200101000000Z", "20210101000000Z")
LOCAL = "DNS:localhost,IP:127.0.0.1,IP:::1"
VARIANTS = {
    "good": (LOCAL, LONG),
    "expired": (LOCAL, PAST),
    "wrong_name": ("DNS:elsewhere.invalid", LONG),
    "self_signed": (LOCAL, LONG),
}

# `openssl ca` rather than `openssl x509`: only the former can set both dates in OpenSSL 3.0.
CONFIG = """
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
default_md = sha256
policy = names
unique_subject = no
rand_serial = yes
[names]
commonName = supplied
[req]
distinguished_name = nothing
[nothing]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""
LEAF = """
[{name}]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {subject}
"""


def prepare(folder):
    """Makes the folder unless another process has done so; either way it is complete afterwards."""
    if os.path.exists(os.path.join(folder, "ca.pem")):
        return
    parent = os.path.dirname(os.path.abspath(folder))
    os.makedirs(parent, exist_ok=True)
    made = tempfile.mkdtemp(prefix=".certificates-", dir=parent)
    try:
        _make(made)
        os.rename(made, folder)
    except OSError:
        # Somebody else was first: a folder that is not empty cannot be replaced by rename.
        if not os.path.exists(os.path.join(folder, "ca.pem")):
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _make(folder):
    with open(os.path.join(folder, "openssl.cnf"), "w") as file:
        file.write(CONFIG + "".join(LEAF.format(name=name, subject=subject) for name, (subject, _) in VARIANTS.items()))
    open(os.path.join(folder, "index.txt"), "w").close()

    _request(folder, "authority", "Stand-in authority")
    _sign(folder, "authority", "authority", LONG)
    for name, (_, dates) in VARIANTS.items():
        _request(folder, name, "localhost")
        _sign(folder, name, name if name == "self_signed" else "authority", dates)
        with open(os.path.join(folder, name + ".pem"), "w") as both:
            for part in (name + ".key", name + ".crt"):
                with open(os.path.join(folder, part)) as file:
                    both.write(file.read())
        os.chmod(both.name, 0o600)
    os.rename(os.path.join(folder, "authority.crt"), os.path.join(folder, "ca.pem"))

    kept = {"ca.pem"} | {name + ".pem" for name in VARIANTS}
    for name in os.listdir(folder):
        if name not in kept:
            os.unlink(os.path.join(folder, name))


def _request(folder, name, common_name):
    _openssl(folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "openssl.cnf",
             "-subj", "/CN=" + common_name, "-keyout", name + ".key", "-out", name + ".csr")


def _sign(folder, name, signer, dates):
    by = ["-selfsign"] if name == signer else ["-cert", signer + ".crt"]
    _openssl(folder, "ca", "-batch", "-notext", "-config", "openssl.cnf", *by, "-keyfile", signer + ".key", "-extensions", name,
             "-startdate", dates[0], "-enddate", dates[1], "-in", name + ".csr", "-out", name + ".crt")


def _openssl(folder, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
