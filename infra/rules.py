"""Our own rules on the templates: the safeguards that must hold whatever is changed.

    python infra/rules.py [template.yaml]      exit code 0 if all hold; the last line is `N passed, N failed`

Each function below is a rule. Its name says what holds; it yields a sentence for each place where it does not.
"""

import json
import re
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent
NOT_DEPLOYED = {"local"}
OPEN_ROUTES = {"GET /health", "ANY /hooks/{proxy+}", "ANY /l/{proxy+}"}
RULES = []


class Templates:
    """The template and those nested in it: all resources by logical id."""

    def __init__(self, path):
        self.main = yaml_parse(Path(path).read_text())
        self.resources = dict(self.main["Resources"])
        for resource in self.main["Resources"].values():
            if resource["Type"] == "AWS::CloudFormation::Stack":
                nested = yaml_parse((Path(path).parent / resource["Properties"]["TemplateURL"]).read_text())
                clash = self.resources.keys() & nested["Resources"].keys()
                # One name, one thing, over all templates: so a rule can follow a name.
                assert not clash, f"the same name in two templates: {clash}"
                self.resources |= nested["Resources"]
        self.globals = self.main["Globals"]["Function"]

    def of(self, *types):
        """Names and properties of the resources of these types, `SQS::Queue` for short."""
        wanted = {f"AWS::{name}" for name in types}
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] in wanted}

    def functions(self):
        return self.of("Serverless::Function")

    def policies(self):
        """Every statement of IAM: (where, statement)."""
        for name, properties in self.of("IAM::Role", "IAM::ManagedPolicy").items():
            documents = [p["PolicyDocument"] for p in properties.get("Policies", [])]
            documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
            for document in documents:
                for statement in document["Statement"]:
                    yield name, statement


def rule(check):
    RULES.append(check)
    return check


def listed(value):
    return value if isinstance(value, list) else [value]


def named(value):
    """All text in a value: the logical ids it refers to are in there."""
    return json.dumps(value)


def is_dead_letters(name):
    return name.endswith("DeadLetters")


@rule
def everything_at_rest_is_under_our_key(t):
    """Table, queues, topics, buckets, logs, secrets and the functions' settings."""
    places = {
        "SQS::Queue": lambda p: p.get("KmsMasterKeyId"),
        "SNS::Topic": lambda p: p.get("KmsMasterKeyId"),
        "Logs::LogGroup": lambda p: p.get("KmsKeyId"),
        "SecretsManager::Secret": lambda p: p.get("KmsKeyId"),
        "DynamoDB::Table": lambda p: p.get("SSESpecification", {}).get("KMSMasterKeyId"),
        "S3::Bucket": lambda p: p.get("BucketEncryption"),
        "Serverless::Function": lambda p: p.get("KmsKeyArn", t.globals.get("KmsKeyArn")),
    }
    for kind, key in places.items():
        for name, properties in t.of(kind).items():
            if not re.search(r'"(Key|Outputs\.KeyArn)"', named(key(properties))):
                yield f"{name} is not under our key"
    for name, properties in t.of("KMS::Key").items():
        if not properties.get("EnableKeyRotation"):
            yield f"{name} does not rotate"


@rule
def the_table_can_be_brought_back(t):
    for name, p in t.of("DynamoDB::Table").items():
        if not p.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name} has no point-in-time recovery"


@rule
def what_keeps_state_outlives_the_stack(t):
    kinds = ("DynamoDB::Table", "S3::Bucket", "KMS::Key", "Cognito::UserPool", "SecretsManager::Secret")
    for name in t.of(*kinds):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if t.resources[name].get(policy) != "Retain":
                yield f"{name} has no {policy}: Retain"
    for name, p in t.of("DynamoDB::Table").items():
        if p.get("DeletionProtectionEnabled") is not True:
            yield f"{name} can be deleted"
    for name, p in t.of("Cognito::UserPool").items():
        if p.get("DeletionProtection") != "ACTIVE":
            yield f"{name} can be deleted"


@rule
def nothing_is_reached_without_tls(t):
    policies = {"SQS::Queue": ("SQS::QueuePolicy", "Queues"), "SNS::Topic": ("SNS::TopicPolicy", "Topics"),
                "S3::Bucket": ("S3::BucketPolicy", "Bucket")}
    for kind, (policy, field) in policies.items():
        covered = set()
        for p in t.of(policy).values():
            for s in p["PolicyDocument"]["Statement"]:
                condition = s.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
                if s["Effect"] == "Deny" and s["Principal"] == "*" and condition in (False, "false"):
                    covered |= {ref["Ref"] for ref in listed(p[field])}
        for name in t.of(kind).keys() - covered:
            yield f"{name} answers without TLS"
    for name, p in t.of("ApiGatewayV2::DomainName").items():
        if any(c.get("SecurityPolicy") != "TLS_1_2" for c in p["DomainNameConfigurations"]):
            yield f"{name} takes TLS below 1.2"
    for name, p in t.of("SES::ConfigurationSet").items():
        if p.get("DeliveryOptions", {}).get("TlsPolicy") != "REQUIRE":
            yield f"{name} delivers mail without TLS"


@rule
def files_are_versioned_and_private(t):
    for name, p in t.of("S3::Bucket").items():
        if p.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{name} keeps no versions"
        block = p.get("PublicAccessBlockConfiguration", {})
        if len(block) != 4 or not all(value is True for value in block.values()):
            yield f"{name} could be made public"


@rule
def every_lane_has_dead_letters_and_alarms(t):
    alarms = {name: named(p) for name, p in t.of("CloudWatch::Alarm").items()}

    def watched(queue, metric):
        return any(f'"{queue}Name"' in text and f'"{metric}"' in text for text in alarms.values())

    for name, p in t.of("SQS::Queue").items():
        if is_dead_letters(name):
            if not watched(name, "ApproximateNumberOfMessagesVisible"):
                yield f"nobody hears of dead letters in {name}"
            continue
        redrive = p.get("RedrivePolicy", {})
        if "DeadLetters" not in named(redrive) or redrive.get("maxReceiveCount", 0) < 3:
            yield f"{name} has no dead letters after three tries or more"
        if not watched(name, "ApproximateAgeOfOldestMessage"):
            yield f"nobody hears when {name} is late"
    for name, p in t.of("CloudWatch::Alarm").items():
        if not p.get("AlarmActions"):
            yield f"{name} tells nobody"


@rule
def every_function_has_dead_letters_alarms_and_a_share_of_its_own(t):
    alarms = [named(p) for p in t.of("CloudWatch::Alarm").values()]
    for name, p in t.functions().items():
        binary = t.resources[name]["Metadata"]["BuildProperties"]["Binary"]
        if "TargetArn" not in p.get("DeadLetterQueue", t.globals.get("DeadLetterQueue", {})):
            yield f"{name} has no dead letters"
        if not p.get("ReservedConcurrentExecutions"):
            yield f"{name} can starve the others"
        for metric in ("Errors", "Throttles"):
            if not any(f'-{binary}"' in text and f'"{metric}"' in text for text in alarms):
                yield f"no alarm on {metric} of {name}"


@rule
def queues_wait_six_times_as_long_as_their_function_may_take(t):
    queues = t.of("SQS::Queue")
    for name, p in t.functions().items():
        for event in p.get("Events", {}).values():
            if event["Type"] == "SQS":
                queue = re.search(r"Outputs\.(\w+)Arn", named(event["Properties"]["Queue"]))[1]
                if queues[queue]["VisibilityTimeout"] < 6 * p["Timeout"]:
                    yield f"{queue} shows messages again before six times the {p['Timeout']} s of {name}"


@rule
def batches_fail_record_by_record(t):
    for name, p in t.functions().items():
        for event in p.get("Events", {}).values():
            if event["Type"] in ("SQS", "DynamoDB"):
                if event["Properties"].get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
                    yield f"{name}: one bad record fails its whole batch"
            if event["Type"] == "DynamoDB" and "OnFailure" not in event["Properties"].get("DestinationConfig", {}):
                yield f"{name}: records it gives up on are lost"


@rule
def no_secret_is_in_the_environment(t):
    environments = {"Globals": t.globals} | t.functions()
    for name, p in environments.items():
        for variable, value in p.get("Environment", {}).get("Variables", {}).items():
            if variable != "SECRETS_PREFIX" and re.search("SECRET|TOKEN|PASSWORD|CREDENTIAL|_KEY", variable):
                yield f"{name}: {variable} sounds like a secret"
            if "resolve:" in named(value) or "Secret" in named(value):
                yield f"{name}: {variable} holds the value of a secret"
    for name, p in t.of("SecretsManager::Secret").items():
        if "SecretString" in p:
            yield f"{name} has its value in the template"


@rule
def every_function_folder_has_its_block_and_every_block_its_folder(t):
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/Cargo.toml")} - NOT_DEPLOYED
    blocks = {t.resources[name]["Metadata"]["BuildProperties"]["Binary"] for name in t.functions()}
    for name in sorted(folders ^ blocks):
        yield f"{name} is in only one of functions/ and the template"
    for name, p in t.functions().items():
        binary = t.resources[name]["Metadata"]["BuildProperties"]["Binary"]
        if name.lower() != binary or f"-{binary}" not in named(p["FunctionName"]):
            yield f"{name}, its binary {binary} and its name in the cloud should be one word"


@rule
def each_function_may_do_what_it_names_and_no_more(t):
    used = []
    for name, p in t.functions().items():
        if p.get("Role") != {"Fn::GetAtt": [f"{name}Role", "Arn"]}:
            yield f"{name} has no role of its own"
        used.append(f"{name}Role")
    for where, statement in t.policies():
        for action in listed(statement["Action"]):
            if "*" in action:
                yield f"{where} may {action}"
        for resource in listed(statement["Resource"]):
            if resource == "*" or resource == {"Fn::Sub": "*"}:
                yield f"{where} may {statement['Action']} on anything"
    for name, p in t.of("IAM::Role").items():
        if p.get("ManagedPolicyArns", []) not in ([], [{"Ref": "EveryFunction"}]):
            yield f"{name} has a policy that somebody else wrote"


@rule
def every_log_has_an_end_and_its_group(t):
    for name, p in t.of("Logs::LogGroup").items():
        if not p.get("RetentionInDays"):
            yield f"{name} keeps logs for ever"
    for name, p in t.functions().items():
        if p.get("LoggingConfig", {}).get("LogGroup") != {"Ref": f"{name}Log"}:
            yield f"{name} logs elsewhere"


@rule
def every_route_is_for_staff_unless_it_is_known_to_be_open(t):
    for name, p in t.of("ApiGatewayV2::Route").items():
        staff = p.get("AuthorizationType") == "JWT" and "AuthorizerId" in p
        if not staff and p["RouteKey"] not in OPEN_ROUTES:
            yield f"{name} ({p['RouteKey']}) is open to anybody"
        if staff and p["RouteKey"] in OPEN_ROUTES:
            yield f"{name} ({p['RouteKey']}) is closed to the outside"


@rule
def access_is_logged_without_paths_and_throttled(t):
    for name, p in t.of("ApiGatewayV2::Stage").items():
        access = p.get("AccessLogSettings", {})
        if "DestinationArn" not in access:
            yield f"{name} logs no access"
        if re.search(r"\$context\.(path|http\.path|requestPath)", access.get("Format", "")):
            yield f"{name} logs paths, and links carry their secret there"
        settings = p.get("DefaultRouteSettings", {})
        if not settings.get("ThrottlingRateLimit") or not settings.get("ThrottlingBurstLimit"):
            yield f"{name} is not throttled"


@rule
def staff_sign_in_with_two_factors_and_cannot_change_their_role(t):
    for name, p in t.of("Cognito::UserPool").items():
        if p.get("MfaConfiguration") != "ON":
            yield f"{name} asks for no second factor"
        if not p.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
            yield f"{name} lets anybody in"
    for name, p in t.of("Cognito::UserPoolClient").items():
        # Without the list, an app client may write everything.
        if any(attribute.startswith("custom:") for attribute in p.get("WriteAttributes", ["custom:"])):
            yield f"{name} lets people write their own role"
        if "ALLOW_USER_PASSWORD_AUTH" in p.get("ExplicitAuthFlows", []):
            yield f"{name} takes plain passwords from anywhere"


@rule
def few_findings_of_checkov_are_skipped_and_each_says_why(t):
    skips = [s for r in t.resources.values() for s in r.get("Metadata", {}).get("checkov", {}).get("skip", [])]
    for skip in skips:
        if len(skip.get("comment", "")) < 20:
            yield f"{skip['id']} is skipped without a reason"
    everywhere = yaml_parse((ROOT / "infra/checkov.yaml").read_text())["skip-check"]
    distinct = {skip["id"] for skip in skips} | set(everywhere)
    if len(distinct) > 3:
        yield f"more than three checks are skipped: {sorted(distinct)}"


def broken(templates):
    """What does not hold: (rule, sentences)."""
    return [(check.__name__, found) for check in RULES if (found := list(check(templates)))]


if __name__ == "__main__":
    failed = broken(Templates(sys.argv[1] if len(sys.argv) > 1 else ROOT / "template.yaml"))
    for name, found in failed:
        print(f"FAILED {name.replace('_', ' ')}", *found, sep="\n    ")
    print(f"{len(RULES) - len(failed)} passed, {len(failed)} failed")
    sys.exit(bool(failed))
