"""Lays out what `sam deploy` takes, from binaries built by plain cargo.

    assemble.py BINARIES OUT        (run in the root of the project)

Does for x86-64 development builds what `sam build` does for arm64 release builds: OUT/template.yaml is the project's
template with each function's CodeUri pointing at a folder that holds its binary, stripped, as `bootstrap`, and the paths
of nested templates made absolute. What the emulator does not have is left out (DeploymentPreference); nothing else of
the template changes. Of nested templates, resources of types that it does not have are left out too.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_dump, yaml_parse

NOT_THERE = {"AWS::CloudTrail::Trail", "AWS::Backup::BackupSelection"}
binaries, out = Path(sys.argv[1]), Path(sys.argv[2])
template = yaml_parse(Path("template.yaml").read_text())

for name, resource in template["Resources"].items():
    properties = resource.get("Properties", {})
    if resource["Type"] == "AWS::Serverless::Function":
        binary = binaries / resource.pop("Metadata")["BuildProperties"]["Binary"]
        if not binary.is_file():
            sys.exit(f"assemble: {binary} is not there; build it first")
        bootstrap = out / name / "bootstrap"
        bootstrap.parent.mkdir(parents=True, exist_ok=True)
        # An unchanged function keeps its folder, so that its zip has the hash of last time and is not sent again.
        if not bootstrap.exists() or bootstrap.stat().st_mtime != binary.stat().st_mtime:
            shutil.copy2(binary, bootstrap)
            subprocess.run(["strip", bootstrap], check=True)
            shutil.copystat(binary, bootstrap)
        properties["CodeUri"] = f"./{name}"
        # Shifting traffic slowly is CodeDeploy's, which the emulator does not have.
        properties.pop("DeploymentPreference", None)
    elif resource["Type"] == "AWS::CloudFormation::Stack":
        path = Path(properties["TemplateURL"]).resolve()
        nested = yaml_parse(path.read_text())
        unknown = [name for name, inner in nested["Resources"].items() if inner["Type"] in NOT_THERE]
        if unknown:
            for each in unknown:
                nested["Resources"].pop(each)
            path = (out / path.name).resolve()
            path.write_text(yaml_dump(nested))
        properties["TemplateURL"] = str(path)

for name in ("CodeUri", "DeploymentPreference"):
    template["Globals"]["Function"].pop(name)
(out / "template.yaml").write_text(yaml_dump(template))
