"""What is deployed under a stack's name."""

import boto3


def kept(stack):
    """The physical ids of what keeps state (infra/state.yaml), by logical id."""
    formation = boto3.client("cloudformation")
    state = formation.describe_stack_resource(StackName=stack, LogicalResourceId="State")
    nested = state["StackResourceDetail"]["PhysicalResourceId"]
    resources = formation.describe_stack_resources(StackName=nested)["StackResources"]
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in resources}
