"""The same work in other languages, from their registries as pinned beside them."""

import hashlib
import shutil
import subprocess
import sys

from .world import ROOT, STATE

PEERS = ROOT / "bench" / "peers"


def installed(name, pinned, install):
    """Installs a peer's packages unless this very list is there already."""
    folder = STATE / name
    wanted = hashlib.sha256(pinned.read_bytes()).hexdigest()
    marker = folder / ".installed"
    if not marker.exists() or marker.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder)
        marker.write_text(wanted)
    return folder


def python():
    pinned = PEERS / "python" / "requirements.txt"

    def install(folder):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", pinned]
        subprocess.run(pip, check=True)

    folder = installed("python", pinned, install)
    return [folder / "bin" / "python", PEERS / "python" / "reminder.py"]


def node():
    pinned = PEERS / "node" / "package-lock.json"

    def install(folder):
        shutil.copy(PEERS / "node" / "package.json", folder)
        shutil.copy(pinned, folder)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)

    folder = installed("node", pinned, install)
    # Modules are looked up from where the file is.
    for source in (PEERS / "node").glob("*.mjs"):
        shutil.copy(source, folder)
    return ["node", folder / "reminder.mjs"]
