"""What counted operations cost, by the one table of prices."""

import tomllib

from .world import ROOT

MEMORY_GB = 0.25  # MemorySize of template.yaml


class Prices:
    def __init__(self):
        self.table = tomllib.loads((ROOT / "bench" / "prices.toml").read_text())

    def per_million(self, cost, invocations, provider_calls=0, batch=1, http=False):
        """US dollars for a million things.

        `cost` is what one of them uses: calls, wru, rru, sqs. A share of an invocation that does `batch` of them makes
        its database calls one after the other and its provider calls at once."""
        unit, one, takes = self.table["per_million"], self.table["per_one"], self.table["milliseconds"]
        milliseconds = (
            takes["invocation"] + cost["calls"] * batch * takes["database_call"] + provider_calls * takes["provider_call"]
        )
        compute = milliseconds / 1000 * MEMORY_GB * one["lambda_arm64_gb_second"] * 1e6
        return (
            cost["wru"] * unit["write_unit"]
            + cost["rru"] * unit["read_unit"]
            + cost["sqs"] * unit["sqs_request"]
            + invocations * (unit["lambda_request"] + compute)
            + (unit["http_api_request"] if http else 0)
        )
