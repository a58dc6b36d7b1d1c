"""What a deployment would change is shown before it changes anything."""

import re
import subprocess

from harness import ROOT, STACK

BUILT = ".tools/stack/build/template.yaml"


def test_a_preview_shows_the_change_set_and_executes_nothing(stack):
    formation = stack.client("cloudformation")
    before = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    stage = STACK.removeprefix("comms-")
    run = subprocess.run(["scripts/deploy", stage, "--preview", "--built", BUILT, "Sending=held"], cwd=ROOT,
                         capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert "account 000000000000, stack comms-stack" in run.stdout
    assert re.search(r"\* Modify +SenderLane +AWS::Lambda::EventSour", run.stdout), run.stdout[-3000:]
    [made] = re.findall(r"arn:aws:cloudformation:\S+:changeSet/\S+", run.stdout)
    shown = formation.describe_change_set(ChangeSetName=made)
    assert (shown["Status"], shown["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    tags = {tag["Key"]: tag["Value"] for tag in shown["Tags"]}
    assert tags == {"product": "comms", "stage": stage}
    formation.delete_change_set(ChangeSetName=made)
    after = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    same = ("StackStatus", "LastUpdatedTime", "Parameters")
    assert [after.get(name) for name in same] == [before.get(name) for name in same]
    [lane] = stack.client("lambda").list_event_source_mappings(FunctionName=stack.function("sender"))["EventSourceMappings"]
    assert lane["State"] == "Enabled"
