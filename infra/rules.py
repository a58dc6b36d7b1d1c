"""Our own rules on the templates: the safeguards that must hold whatever is changed.

    python infra/rules.py [template.yaml]      exit code 0 if all hold; the last line is `N passed, N failed`

Each function below is a rule. Its name says what holds; it yields a sentence for each place where it does not. The
sections in brackets are those of the HIPAA security rule, 45 CFR part 164, that a rule serves; infra/README.md sets
them beside the rules of AWS's public set for it.
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
        self.parameters = dict(self.main["Parameters"])
        for resource in self.main["Resources"].values():
            if resource["Type"] == "AWS::CloudFormation::Stack":
                nested = yaml_parse((Path(path).parent / resource["Properties"]["TemplateURL"]).read_text())
                clash = self.resources.keys() & nested["Resources"].keys()
                # One name, one thing, over all templates: so a rule can follow a name.
                assert not clash, f"the same name in two templates: {clash}"
                self.resources |= nested["Resources"]
                for name, parameter in nested["Parameters"].items():
                    self.parameters.setdefault(name, parameter)
        self.globals = self.main["Globals"]["Function"]
        self.runbook = (ROOT / "infra/README.md").read_text()
        self.deploy = (ROOT / "scripts/deploy").read_text()
        self.nested = {r["Properties"]["TemplateURL"] for r in self.main["Resources"].values()
                       if r["Type"] == "AWS::CloudFormation::Stack"}

    def of(self, *types):
        """Names and properties of the resources of these types, `SQS::Queue` for short."""
        wanted = {f"AWS::{name}" for name in types}
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] in wanted}

    def functions(self):
        return self.of("Serverless::Function")

    def least(self, value):
        """A number, or the least that the parameter it refers to may be."""
        if not isinstance(value, dict):
            return value or 0
        parameter = self.parameters.get(value.get("Ref"), {})
        return min(parameter.get("MinValue", 0), parameter.get("Default", 0))

    def default(self, value):
        """A value, or the default of the parameter it refers to."""
        return self.parameters.get(value["Ref"], {}).get("Default") if isinstance(value, dict) and "Ref" in value else value

    def policies(self, effect="Allow"):
        """Every statement of IAM of an effect: (where, statement)."""
        for name, properties in self.of("IAM::Role", "IAM::ManagedPolicy").items():
            documents = [p["PolicyDocument"] for p in properties.get("Policies", [])]
            documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
            for document in documents:
                for statement in document["Statement"]:
                    if statement["Effect"] == effect:
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
    """Table, queues, topics, buckets, logs, secrets and the functions' settings. [312(a)(2)(iv), 312(e)(2)(ii)]"""
    places = {
        "SQS::Queue": lambda p: p.get("KmsMasterKeyId"),
        "SNS::Topic": lambda p: p.get("KmsMasterKeyId"),
        "Logs::LogGroup": lambda p: p.get("KmsKeyId"),
        "SecretsManager::Secret": lambda p: p.get("KmsKeyId"),
        "DynamoDB::Table": lambda p: p.get("SSESpecification", {}).get("KMSMasterKeyId"),
        "S3::Bucket": lambda p: p.get("BucketEncryption"),
        "CloudTrail::Trail": lambda p: p.get("KMSKeyId"),
        "Backup::BackupVault": lambda p: p.get("EncryptionKeyArn"),
        "Serverless::Function": lambda p: p.get("KmsKeyArn", t.globals.get("KmsKeyArn")),
    }
    for kind, key in places.items():
        for name, properties in t.of(kind).items():
            if not re.search(r'"(Key|KeyArn|Outputs\.KeyArn)"', named(key(properties))):
                yield f"{name} is not under our key"
    for name, properties in t.of("KMS::Key").items():
        if not properties.get("EnableKeyRotation"):
            yield f"{name} does not rotate"
        for statement in properties["KeyPolicy"]["Statement"]:
            if statement["Principal"] == "*" or statement["Principal"].get("AWS") == "*":
                yield f"{name} can be used by anybody"


@rule
def the_table_can_be_brought_back(t):
    """To any second of the last 35 days. [308(a)(7)(ii)(A), (B)]"""
    for name, p in t.of("DynamoDB::Table").items():
        recovery = p.get("PointInTimeRecoverySpecification", {})
        if not recovery.get("PointInTimeRecoveryEnabled"):
            yield f"{name} has no point-in-time recovery"
        if recovery.get("RecoveryPeriodInDays", 35) < 35:
            yield f"{name} can be brought back for less than 35 days"


@rule
def the_table_is_copied_daily_into_a_locked_vault(t):
    """A copy that needs neither the table nor its last backup, kept 35 days whoever wants it gone. [308(a)(7)(ii)(A)]"""
    for name, p in t.of("Backup::BackupVault").items():
        if p.get("LockConfiguration", {}).get("MinRetentionDays", 0) < 35:
            yield f"{name}: copies can be deleted before 35 days"
    kept = {}
    for name, p in t.of("Backup::BackupPlan").items():
        rules = p["BackupPlan"]["BackupPlanRule"]
        kept[name] = [r for r in rules if r["Lifecycle"]["DeleteAfterDays"] >= 35
                      and re.match(r"cron\(\d+ \d+ \* \* \? \*\)$", r["ScheduleExpression"])
                      and r["TargetBackupVault"].get("Ref") in t.of("Backup::BackupVault")]
    chosen = {p["BackupPlanId"]["Ref"] for p in t.of("Backup::BackupSelection").values()
              if {"Ref": "TableArn"} in p["BackupSelection"]["Resources"]}
    if not any(kept.get(plan) for plan in chosen):
        yield "the table is in no plan that copies it daily and keeps it 35 days"
    if not any(p["MetricName"] == "NumberOfBackupJobsFailed" for p in t.of("CloudWatch::Alarm").values()):
        yield "nobody hears when a copy fails"


@rule
def every_reach_of_a_file_leaves_a_trail(t):
    """[308(a)(1)(ii)(D), 312(b)]"""
    logs = set()
    for name, p in t.of("CloudTrail::Trail").items():
        logs.add(p["S3BucketName"]["Ref"])
        if not (p.get("IsLogging") and p.get("EnableLogFileValidation")):
            yield f"{name} does not log, or its files can be changed unseen"
        if "Years" not in t.of("S3::Bucket")[p["S3BucketName"]["Ref"]].get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {}):
            yield f"{name}: its files can be deleted"
    selected = named([p.get("AdvancedEventSelectors") for p in t.of("CloudTrail::Trail").values()])
    for name in t.of("S3::Bucket").keys() - logs:
        if f"${{{name}Arn}}/" not in selected:
            yield f"nobody sees who reaches the files of {name}"


@rule
def the_audit_archive_is_out_of_reach_for_six_years(t):
    """Nobody, not even the owner of the account, can shorten or remove it. [312(b), 312(c)(1), 316(b)(2)(i)]"""
    locked = {}
    for name, p in t.of("S3::Bucket").items():
        kept = p.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
        if p.get("ObjectLockEnabled") is True and kept:
            locked[name] = kept
    if "Archive" not in locked:
        yield "Archive has no object lock"
    for name, kept in locked.items():
        if kept.get("Mode") != "COMPLIANCE":
            yield f"{name} can be unlocked"
        if t.least(kept.get("Years")) < 6:
            yield f"{name} is locked for less than six years"
        if any("ExpirationInDays" in rule for rule in t.of("S3::Bucket")[name]["LifecycleConfiguration"]["Rules"]):
            yield f"{name} loses what it keeps"


@rule
def what_keeps_state_outlives_the_stack(t):
    """[308(a)(7)(i), 312(c)(1)]"""
    kinds = ("DynamoDB::Table", "S3::Bucket", "KMS::Key", "Cognito::UserPool", "SecretsManager::Secret", "Backup::BackupVault")
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
    """[312(e)(1), 312(e)(2)(i)]"""
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
    """[312(a)(1), 312(c)(1)]"""
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
        if not p.get("AlarmActions") or p.get("ActionsEnabled") is False:
            yield f"{name} tells nobody"
    for name, p in t.of("SNS::Topic").items():
        if not any(name in named(s.get("Topics")) for s in t.of("SNS::TopicPolicy").values()):
            yield f"{name} takes messages from anybody of the account"


@rule
def every_function_has_dead_letters_alarms_and_a_share_of_its_own(t):
    alarms = [named(p) for p in t.of("CloudWatch::Alarm").values()]
    for name, p in t.functions().items():
        binary = t.resources[name]["Metadata"]["BuildProperties"]["Binary"]
        if "TargetArn" not in p.get("DeadLetterQueue", t.globals.get("DeadLetterQueue", {})):
            yield f"{name} has no dead letters"
        if not p.get("ReservedConcurrentExecutions"):
            yield f"{name} can starve the others"
        for event in p.get("Events", {}).values():
            most = event["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency")
            if event["Type"] == "SQS" and (most is None or most > t.default(p.get("ReservedConcurrentExecutions", 0))):
                yield f"{name} is polled for faster than it may run: what it cannot take counts as failed"
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
            if event["Type"] == "Schedule" and "DeadLetterConfig" not in event["Properties"]:
                yield f"{name}: ticks that nobody took are lost"
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
    for where, statement in t.policies():
        if "secretsmanager:GetSecretValue" in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                # Accounts that clinics bring are there after the template: they are known by where they stand.
                if not re.search(r"Outputs\.\w+SecretArn|:secret:\$\{AWS::StackName\}/clinics/", named(resource)):
                    yield f"{where} reads secrets by something else than their ARN"


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
    """tests/e2e/test_permissions.py holds the policies to what the functions do. [308(a)(4), 312(a)(1)]"""
    for name, p in t.functions().items():
        if p.get("Role") != {"Fn::GetAtt": [f"{name}Role", "Arn"]}:
            yield f"{name} has no role of its own"
    for where, statement in t.policies():
        for action in listed(statement["Action"]):
            if "*" in action:
                yield f"{where} may {action}"
        for resource in listed(statement["Resource"]):
            if resource == "*" or resource == {"Fn::Sub": "*"}:
                yield f"{where} may {statement['Action']} on anything"
            # A part of a bucket, any identity of our mail, the stream by its label, secrets of clinics: nothing else
            # ends in a star.
            known = r"/stream/|:identity/|(imports|audit|\$\{AWS::StackName\}/clinics)/"
            if re.search(r'\*"', named(resource)) and not re.search(known, named(resource)):
                yield f"{where} may {statement['Action']} on whatever is called so"
        partitions = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
        items = any(a.startswith("dynamodb:") and not re.search("Stream|Records|Shard", a) for a in listed(statement["Action"]))
        if items and not all(re.match(r"cln_\*$|all#\w+", key) for key in partitions or ["*"]):
            yield f"{where} reaches every partition of the table"
    for name, p in t.of("IAM::Role").items():
        if name == "BackupRole":
            # What AWS itself writes for its service, and nothing else.
            if not re.search(r'policy/service-role/AWSBackupServiceRolePolicyForBackup"\}\]$', named(p["ManagedPolicyArns"])):
                yield f"{name} may more than make copies"
            continue
        policies = [{"Ref": "EveryFunction"}, {"Ref": name.removesuffix("Role") + "Policy"}]
        if p.get("ManagedPolicyArns") != policies or p.get("Policies"):
            yield f"{name} has a policy that is not its function's"


@rule
def no_function_takes_away_what_the_audit_log_holds(t):
    """Said to all at once and stronger than any permission. [312(b), 312(c)(1), 312(c)(2)]"""
    never = {"ForAllValues:StringLike": {"dynamodb:DeleteItem", "dynamodb:UpdateItem"},
             "ForAnyValue:StringLike": {"dynamodb:BatchWriteItem", "dynamodb:PartiQLDelete", "dynamodb:PartiQLUpdate"}}
    kept = {"cln_*#audit", "cln_*#audit_chain", "cln_*#audit_of#*"}
    denied = [s for name, s in t.policies("Deny") if name == "EveryFunction" and "TableArn" in named(s["Resource"])]
    for operator, actions in never.items():
        held = [listed(s.get("Condition", {}).get(operator, {}).get("dynamodb:LeadingKeys", [])) for s in denied]
        if not any(actions <= set(listed(s["Action"])) and kept <= set(keys) for s, keys in zip(denied, held)):
            yield f"EveryFunction does not forbid {sorted(actions)} on audit entries"
    # The partitions as the map of the table names them.
    table = (ROOT / "shared/table/src/keys.rs").read_text()
    for partition in re.findall(r'"audit_\w+" \["(\w+)"', table):
        if not any(key.split("#")[1] == partition for key in kept):
            yield f"nobody is kept from deleting in the partition {partition}"


@rule
def nobody_calls_a_function_past_its_door(t):
    """[312(a)(1)]"""
    for name, p in t.of("Lambda::Permission").items():
        if p.get("Principal") in (None, "*") or "SourceArn" not in p:
            yield f"{name} lets anybody in"
        if not named(p["FunctionName"]).endswith('.Alias"}'):
            yield f"{name} lets in past the alias, and so past the canary"
    for name in t.of("Lambda::Url"):
        yield f"{name} is a door of its own"


@rule
def new_versions_go_out_slowly_and_come_back_by_themselves(t):
    alarms = {named(p["AlarmName"]) for p in t.of("CloudWatch::Alarm").values()}
    rollout = t.globals.get("DeploymentPreference", {}).get("Type", "")
    if not t.globals.get("AutoPublishAlias") or not re.match("Canary|Linear", rollout):
        yield "a new version gets all calls at once"
    for name, p in t.functions().items():
        binary = t.resources[name]["Metadata"]["BuildProperties"]["Binary"]
        watched = listed(p.get("DeploymentPreference", {}).get("Alarms", []))
        if not watched or not all(named(w).replace("AWS::StackName", "Prefix") in alarms for w in watched):
            yield f"{name}: no alarm takes a bad version back"
        if any(f"-{binary}-fails" not in named(w) for w in watched):
            yield f"{name}: another function's alarm takes its versions back"
    for name, p in t.of("ApiGatewayV2::Integration").items():
        if not named(p["IntegrationUri"]).endswith('.Alias"}'):
            yield f"{name} calls past the alias, and so past the canary"


@rule
def what_the_functions_count_is_watched(t):
    """What no queue and no error of a function shows: sends nobody knows of, filtered, refused, late, held."""
    wanted = {"messages.unknown", "messages.filtered", "provider.refuses_us", "reminders.late", "due.late_s",
              "ticks.failed", "sending.held"}
    watched = {p["MetricName"] for p in t.of("CloudWatch::Alarm").values() if p["Namespace"] == {"Ref": "Prefix"}}
    for metric in sorted(wanted - watched):
        yield f"nobody hears of {metric}"
    # A name that no code counts would never ring.
    code = "".join(path.read_text() for path in (ROOT / "functions").rglob("*.rs"))
    code += "".join(path.read_text() for path in (ROOT / "shared").rglob("*.rs"))
    for metric in sorted(watched):
        if f'"{metric}"' not in code:
            yield f"{metric} is counted nowhere"
    if not any(p["MetricName"] == "Invocations" and p["TreatMissingData"] == "breaching"
               for p in t.of("CloudWatch::Alarm").values()):
        yield "nobody hears when the tick stands still"


@rule
def every_alarm_is_in_the_runbook_and_the_runbook_knows_no_other(t):
    told = [name for heading in re.findall(r"^### (`.*)$", t.runbook, re.M) for name in re.findall(r"`([a-z-]+)`", heading)]
    rings = [re.search(r"\}-([a-z-]+)", named(p["AlarmName"]))[1] for p in t.of("CloudWatch::Alarm").values()]
    for name in sorted(set(told) ^ set(rings)):
        yield f"{name} is in only one of the alarms and the runbook"
    for name in sorted({name for name in told if told.count(name) > 1}):
        yield f"{name} is in the runbook twice"
    for section in re.split(r"^### ", t.runbook, flags=re.M)[1:]:
        for part in ("Cause:", "Do:"):
            if part not in section.split("\n## ")[0]:
                yield f"{section.splitlines()[0]} lacks `{part}`"


@rule
def the_dashboard_shows_every_function_and_every_lane(t):
    boards = named(list(t.of("CloudWatch::Dashboard").values()))
    for name in t.functions():
        if f"-{name.lower()}" not in boards:
            yield f"{name} is on no dashboard"
    for name in t.of("SQS::Queue"):
        if not is_dead_letters(name) and f"{name}Name" not in boards:
            yield f"{name} is on no dashboard"


@rule
def costs_can_be_told_apart(t):
    if not {"product", "stage"} <= t.globals.get("Tags", {}).keys():
        yield "the functions carry no tags of product and stage"
    if not re.search(r"--tags product=comms \"stage=", t.deploy):
        yield "scripts/deploy gives no tags to what it deploys"


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
def every_template_is_checked(t):
    """By scripts/test and before a deployment."""
    test = (ROOT / "scripts/test").read_text()
    for path in sorted(t.nested):
        for name, text in (("scripts/test", test), ("scripts/deploy", t.deploy)):
            if path not in text:
                yield f"{name} does not check {path}"


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
