"""Does from outside what a person or AWS does after a deployment and the emulator does not."""

import os

import boto3

# A person puts the provider's credentials in: what sends, and what callbacks are signed with.
sid, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
secrets = boto3.client("secretsmanager")
for name, value in {"twilio": f"{sid}:{token}", "twilio-hook": token}.items():
    secrets.put_secret_value(SecretId=f"{os.environ['STACK_NAME']}/{name}", SecretString=value)
