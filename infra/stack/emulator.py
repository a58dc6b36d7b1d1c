"""Runs the AWS emulator in this process.

Its Runtime API writes a header and a body as two packets; with Nagle's algorithm on, every call of a function then waits
40 to 90 ms for a delayed acknowledgement.
"""

import socketserver

socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack.app import main  # noqa: E402  (the line above must come first)

main()
