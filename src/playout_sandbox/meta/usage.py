"""Meta's rate-limit headers (Instagram section 10.3)."""

import json
from collections.abc import Mapping


def app_usage(calls: int, limit: int) -> Mapping[str, str]:
    """`X-App-Usage`: whole percents of what an hour allows."""
    percent = min(100, calls * 100 // max(1, limit))
    return {
        "X-App-Usage": json.dumps({"call_count": percent, "total_time": percent // 2, "total_cputime": percent // 2})
    }


def business_usage(object_id: str, kind: str, *, percent: int = 100, minutes: int = 0) -> Mapping[str, str]:
    """`X-Business-Use-Case-Usage`: `kind` is "pages" or "instagram"; `minutes` until calls are taken again."""
    one = {
        "type": kind,
        "call_count": percent,
        "total_cputime": percent // 4,
        "total_time": percent // 4,
        "estimated_time_to_regain_access": minutes,
    }
    return {"X-Business-Use-Case-Usage": json.dumps({object_id: [one]})}
