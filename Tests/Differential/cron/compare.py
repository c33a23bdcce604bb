"""Prints for each line {"cron", "zone", "from", "count"} the next times that croniter gives, in seconds since 1970."""
import json
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from croniter import croniter

for line in sys.stdin:
    case = json.loads(line)
    start = datetime.fromtimestamp(case["from"], timezone.utc).astimezone(ZoneInfo(case["zone"]))
    times = croniter(case["cron"], start, second_at_beginning=True, max_years_between_matches=50)
    print(json.dumps([int(times.get_next(datetime).timestamp()) for _ in range(case["count"])]))
