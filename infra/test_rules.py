"""The rules notice what they are for: each safeguard is taken away once, and its rule must say so."""

import copy
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from rules import ROOT, RULES, Templates, broken  # noqa: E402

WHOLE = Templates(ROOT / "template.yaml")


def without(*path):
    def change(t):
        *way, last = path
        place = t.resources
        for step in way:
            place = place[step]
        del place[last]

    return change


def with_(value, *path):
    def change(t):
        *way, last = path
        place = t.resources
        for step in way:
            place = place[step]
        place[last] = value

    return change


TABLE = ("CommsTable", "Properties")
SENDER = ("SenderPolicy", "Properties", "PolicyDocument", "Statement")
LOCK = ("Archive", "Properties", "ObjectLockConfiguration", "Rule", "DefaultRetention")
PLAN = ("Daily", "Properties", "BackupPlan", "BackupPlanRule", 0)
EVERY = lambda t: t.resources["EveryFunction"]["Properties"]["PolicyDocument"]["Statement"]  # noqa: E731
TAKEN_AWAY = [
    ("everything_at_rest", without("OutboundQueue", "Properties", "KmsMasterKeyId")),
    ("everything_at_rest", with_("alias/aws/sns", "MailEvents", "Properties", "KmsMasterKeyId")),
    ("everything_at_rest", without("ApiLog", "Properties", "KmsKeyId")),
    ("everything_at_rest", without("Files", "Properties", "BucketEncryption")),
    ("everything_at_rest", without(*TABLE, "SSESpecification")),
    ("everything_at_rest", lambda t: t.globals.pop("KmsKeyArn")),
    ("everything_at_rest", with_("*", "Key", "Properties", "KeyPolicy", "Statement", 0, "Principal")),
    ("the_table_can_be_brought_back", without(*TABLE, "PointInTimeRecoverySpecification")),
    ("the_table_can_be_brought_back", with_(7, *TABLE, "PointInTimeRecoverySpecification", "RecoveryPeriodInDays")),
    ("the_table_is_copied", without("Vault", "Properties", "LockConfiguration")),
    ("the_table_is_copied", with_(30, *PLAN, "Lifecycle", "DeleteAfterDays")),
    ("the_table_is_copied", with_("cron(0 7 ? * SUN *)", *PLAN, "ScheduleExpression")),
    ("the_table_is_copied", with_([], "OfTheTable", "Properties", "BackupSelection", "Resources")),
    ("the_table_is_copied", without("BackupFails")),
    ("every_reach", without("Trail")),
    ("every_reach", with_(False, "Trail", "Properties", "EnableLogFileValidation")),
    ("every_reach", without("TrailFiles", "Properties", "ObjectLockConfiguration")),
    ("every_reach", lambda t: t.resources["Trail"]["Properties"]["AdvancedEventSelectors"][0]["FieldSelectors"].pop()),
    ("everything_at_rest", without("Trail", "Properties", "KMSKeyId")),
    ("each_function_may", with_(["arn:aws:iam::aws:policy/AdministratorAccess"], "BackupRole", "Properties", "ManagedPolicyArns")),
    ("every_template", lambda t: t.nested.add("infra/more.yaml")),
    ("the_audit_archive", without("Archive", "Properties", "ObjectLockConfiguration")),
    ("the_audit_archive", with_("GOVERNANCE", *LOCK, "Mode")),
    ("the_audit_archive", with_(5, *LOCK, "Years")),
    ("the_audit_archive", lambda t: t.parameters["AuditRetentionYears"].update(MinValue=1)),
    ("the_audit_archive", with_(30, "Archive", "Properties", "LifecycleConfiguration", "Rules", 1, "ExpirationInDays")),
    ("what_keeps_state", without("Staff", "DeletionPolicy")),
    ("what_keeps_state", with_(False, *TABLE, "DeletionProtectionEnabled")),
    ("nothing_is_reached_without_tls", without("FilesPolicy")),
    ("nothing_is_reached_without_tls", without("TlsOnlyQueues", "Properties", "Queues", 0)),
    ("nothing_is_reached_without_tls", without("MailSet", "Properties", "DeliveryOptions")),
    ("files_are_versioned", without("Files", "Properties", "VersioningConfiguration")),
    ("files_are_versioned", with_(False, "Files", "Properties", "PublicAccessBlockConfiguration", "BlockPublicAcls")),
    ("every_lane", without("InboundQueue", "Properties", "RedrivePolicy")),
    ("every_lane", without("StreamDead")),
    ("every_lane", without("OutboundLate")),
    ("every_lane", without("TickMissing", "Properties", "AlarmActions")),
    ("every_lane", without("AlarmTopicPolicy")),
    ("every_function_has", without("Sender", "Properties", "ReservedConcurrentExecutions")),
    ("every_function_has", without("SenderThrottled")),
    ("every_function_has", with_(19, "Sender", "Properties", "ReservedConcurrentExecutions")),
    ("every_function_has", lambda t: t.globals.pop("DeadLetterQueue")),
    ("queues_wait", with_(31, "Sender", "Properties", "Timeout")),
    ("batches_fail", without("Inbound", "Properties", "Events", "Lane", "Properties", "FunctionResponseTypes")),
    ("batches_fail", without("Projector", "Properties", "Events", "Changes", "Properties", "DestinationConfig")),
    ("batches_fail", without("Reminders", "Properties", "Events", "Tick", "Properties", "DeadLetterConfig")),
    ("no_secret", with_({"Fn::Sub": "${State.Outputs.KeyArn}/*"}, *SENDER, 4, "Resource")),
    ("no_secret", with_("x", "TwilioSecret", "Properties", "SecretString")),
    ("no_secret", lambda t: t.globals["Environment"]["Variables"].update(TWILIO_AUTH_TOKEN="x")),
    ("no_secret", lambda t: t.globals["Environment"]["Variables"].update(X="{{resolve:secretsmanager:x}}")),
    ("every_function_folder", without("Imports")),
    ("each_function_may", with_(["dynamodb:*"], *SENDER, 1, "Action")),
    ("each_function_may", with_("*", *SENDER, 1, "Resource")),
    ("each_function_may", with_({"Fn::Sub": "${State.Outputs.FilesArn}*"}, *SENDER, 1, "Resource")),
    ("each_function_may", without(*SENDER, 1, "Condition")),
    ("each_function_may", with_(["*"], *SENDER, 1, "Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys")),
    ("each_function_may", with_([{"PolicyName": "more", "PolicyDocument": {"Statement": []}}], "SenderRole", "Properties", "Policies")),
    ("no_function_takes", lambda t: EVERY(t).pop()),
    ("no_function_takes", lambda t: EVERY(t)[2]["Action"].remove("dynamodb:DeleteItem")),
    ("no_function_takes", lambda t: EVERY(t)[2].update(Effect="Allow")),
    ("no_function_takes", lambda t: EVERY(t)[3]["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"].pop(0)),
    ("nobody_calls", without("ApiMayBeCalled", "Properties", "SourceArn")),
    ("nobody_calls", with_({"Ref": "Api"}, "ApiMayBeCalled", "Properties", "FunctionName")),
    ("new_versions", lambda t: t.globals.pop("AutoPublishAlias")),
    ("new_versions", lambda t: t.globals.update(DeploymentPreference={"Type": "AllAtOnce"})),
    ("new_versions", without("Sender", "Properties", "DeploymentPreference")),
    ("new_versions", with_({"Fn::GetAtt": ["Api", "Arn"]}, "ToApi", "Properties", "IntegrationUri")),
    ("what_the_functions_count", without("MessagesUnknown")),
    ("what_the_functions_count", with_("messages.unkown", "MessagesUnknown", "Properties", "MetricName")),
    ("what_the_functions_count", with_("notBreaching", "TickMissing", "Properties", "TreatMissingData")),
    ("every_alarm_is", without("MessagesUnknown")),
    ("every_alarm_is", lambda t: setattr(t, "runbook", t.runbook.replace("### `stream-late`", "## stream-late"))),
    ("every_alarm_is", lambda t: setattr(t, "runbook", t.runbook.replace("Do:", "", 1))),
    ("the_dashboard", without("Board")),
    ("costs", lambda t: t.globals.pop("Tags")),
    ("costs", lambda t: setattr(t, "deploy", t.deploy.replace("product=comms", ""))),
    ("each_function_may", without("Webhooks", "Properties", "Role")),
    ("each_function_may", with_(["arn:aws:iam::aws:policy/AdministratorAccess"], "ApiRole", "Properties", "ManagedPolicyArns")),
    ("every_log", without("HttpLog", "Properties", "RetentionInDays")),
    ("every_log", without("Api", "Properties", "LoggingConfig")),
    ("every_route", with_("NONE", "StaffRoute", "Properties", "AuthorizationType")),
    ("access_is_logged", without("HttpStage", "Properties", "AccessLogSettings")),
    ("access_is_logged", with_("$context.path", "HttpStage", "Properties", "AccessLogSettings", "Format")),
    ("access_is_logged", without("HttpStage", "Properties", "DefaultRouteSettings")),
    ("staff_sign_in", with_("OPTIONAL", "Staff", "Properties", "MfaConfiguration")),
    ("staff_sign_in", without("StaffClient", "Properties", "WriteAttributes")),
    ("few_findings", with_("", "Files", "Metadata", "checkov", "skip", 0, "comment")),
]


def test_the_templates_keep_every_rule():
    assert broken(WHOLE) == []


@pytest.mark.parametrize(("name", "change"), TAKEN_AWAY, ids=[f"{n}-{i}" for i, (n, _) in enumerate(TAKEN_AWAY)])
def test_a_safeguard_taken_away_is_noticed(name, change):
    templates = copy.deepcopy(WHOLE)
    change(templates)
    assert any(rule.startswith(name) for rule, _ in broken(templates))


def test_every_rule_is_tried():
    assert {r.__name__ for r in RULES if any(r.__name__.startswith(n) for n, _ in TAKEN_AWAY)} == {r.__name__ for r in RULES}
