"""Runs one function in the world that `bench` makes around it, natively or under callgrind."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".tools" / "bench"


def certificates():
    """A root, an intermediate and a certificate for localhost, RSA 2048 as AWS's own; made once a week."""
    folder = STATE / "certificates"
    folder.mkdir(parents=True, exist_ok=True)
    chain, key, root = folder / "chain.pem", folder / "key.pem", folder / "root.pem"
    fresh = chain.exists() and subprocess.run(
        ["openssl", "x509", "-checkend", "86400", "-noout", "-in", chain], stdout=subprocess.DEVNULL
    ).returncode == 0
    if fresh:
        return chain, key, root

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
    (folder / "authority.ext").write_text(authority)
    (folder / "leaf.ext").write_text(
        "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n"
    )
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days", "7",
            "-subj", "/CN=bench root", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    signers = [("intermediate", "authority", "root"), ("leaf", "leaf", "intermediate")]
    for name, extension, by in signers:
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN=bench {name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
                "-days", "7", "-extfile", f"{extension}.ext", "-out", f"{name}.pem")
    chain.write_text((folder / "leaf.pem").read_text() + (folder / "intermediate.pem").read_text())
    key.write_text((folder / "leaf.key").read_text())
    return chain, key, root


class World:
    """The clinic, its AWS and its providers; with events for one function."""

    def __init__(self, function, events):
        chain, key, self.root = certificates()
        command = [ROOT / "target" / "debug" / "bench", function, str(events), chain, key]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said = self.line()

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise SystemExit("bench: the world around the function has ended; see above")
        return json.loads(text)

    def environment(self):
        """What Lambda and the template set. The two files with roots are how the usual tools take them."""
        aws = self.said["aws"]
        return {
            "AWS_LAMBDA_RUNTIME_API": self.said["runtime"],
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL": aws,
            "AWS_CA_BUNDLE": str(self.root),
            "SSL_CERT_FILE": str(self.root),
            "NODE_EXTRA_CA_CERTS": str(self.root),
            "TWILIO_BASE_URL": aws,
            "TWILIO_ACCOUNT_SID": "AC1",
            "SES_BASE_URL": aws,
            "STAGE": "bench",
            "TABLE": "comms",
            "BUCKET": "bench",
            "PUBLIC_URL": self.said["public_url"],
            "SECRETS_PREFIX": "bench/",
            "QUEUE_OUTBOUND": f"{aws}/1/outbound",
            "QUEUE_INBOUND": f"{aws}/1/inbound",
            "QUEUE_IMPORTS": f"{aws}/1/imports",
            "QUEUE_REMINDERS": f"{aws}/1/reminders",
            "POWERTOOLS_SERVICE_NAME": "bench",
            "PATH": os.environ["PATH"],
        }

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def run(command, world, seconds=600):
    """Starts a function in a world, waits until all its events are answered, ends it.

    Gives back what the world has to say, what it logged, its processor seconds and its memory in bytes: the peak, and
    what of it is its own at the end and not pages of its file."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=world.environment(), stdout=log, stderr=subprocess.STDOUT, cwd=STATE)
        late = threading.Timer(seconds, process.kill)
        late.start()
        said = {}
        reader = threading.Thread(target=lambda: said.update(world.line()), daemon=True)
        reader.start()
        while reader.is_alive() and process.returncode is None:
            reader.join(0.05)
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
        # Not from the account below: that one begins with the memory of this very script.
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = [
            int(found.group(1)) * 1024 if (found := re.search(rf"{name}:\s*(\d+) kB", status)) else 0
            for name in ("VmHWM", "RssAnon")
        ]
        process.send_signal(signal.SIGTERM)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        late.cancel()
        log.seek(0)
        logged = log.read()
    if not said or said["failed"]:
        print(logged[-3000:].decode(errors="replace"))
        raise SystemExit(f"bench: {command[-1]} did not answer all its events: {said}")
    return said, logged, usage.ru_utime + usage.ru_stime, memory


def instructions(binary, function, events):
    """Instructions from the start of a function to its asking for more after so many events."""
    world = World(function, events)
    try:
        with tempfile.TemporaryDirectory() as folder:
            command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", str(binary)]
            said, logged, *_ = run(command, world)
            kept = os.environ.get("BENCH_CALLGRIND")
            if kept:
                Path(folder, "out").rename(Path(kept, f"{function}-{events}.out"))
    finally:
        world.close()
    counted = re.search(rb"Collected\s*:\s*(\d+)", logged)
    return int(counted.group(1)), said


def native(command, function, events):
    """Processor seconds, memory as `run` has it, what was logged, and what the world says."""
    world = World(function, events)
    try:
        said, logged, seconds, memory = run([str(part) for part in command], world)
    finally:
        world.close()
    return seconds, memory, logged, said
