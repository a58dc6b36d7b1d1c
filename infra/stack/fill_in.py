"""Does from outside what a person or AWS does after a deployment and the emulator does not."""

import os

import boto3

# A person puts the provider's credentials in.
boto3.client("secretsmanager").put_secret_value(
    SecretId=f"{os.environ['STACK_NAME']}/twilio",
    SecretString=f"{os.environ['TWILIO_ACCOUNT_SID']}:{os.environ['TWILIO_AUTH_TOKEN']}",
)
