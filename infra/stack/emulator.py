"""Runs the AWS emulator in this process, with three of its habits changed."""

import socketserver

# Its Runtime API writes a header and a body as two packets; with Nagle's algorithm on, every call of a function then
# waits 40 to 90 ms for a delayed acknowledgement. To be set before the emulator is imported.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack.app import main  # noqa: E402
from ministack.core import iam_actions, iam_evaluator  # noqa: E402

# It enforces the policies that refuse requests without TLS, and has none on loopback. (With TLS of its own the functions
# would have to trust its certificate; they trust Amazon's roots alone.)
resolve = iam_evaluator._resolve_condition_key
iam_evaluator._resolve_condition_key = (
    lambda key, context: "true" if key.lower() == "aws:securetransport" else resolve(key, context)
)

# A batch of messages is allowed by the permission for one message; AWS knows no permissions named after batches.
named = iam_actions.extract_iam_action


def action(service, *request):
    found = named(service, *request)
    return found.removesuffix("Batch") if service == "sqs" and found else found


iam_actions.extract_iam_action = action

main()
