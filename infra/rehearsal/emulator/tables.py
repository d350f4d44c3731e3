"""What ministack cannot do for a table that is damaged or lost, patched. Each patch has the name of
its entry in tests/rehearsal/emulator_gaps.toml, which gives the reason.
"""

import copy
import json
import threading
import time
from collections import defaultdict
from typing import Any


def apply() -> None:
    earlier_states_of_tables()
    backups_of_deleted_tables()


def earlier_states_of_tables() -> None:
    """Turn on point-in-time recovery where the template asks for it, and restore what a table was.

    A copy of each such table is kept for each second of the last five minutes.
    """
    from ministack.services import dynamodb
    from ministack.services.cloudformation import provisioners

    states: dict[str, list[tuple[float, Any]]] = {}
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, restore = handlers["create"], dynamodb._restore_table_to_point_in_time
    describe = dynamodb._describe_continuous_backups

    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        name, attributes = create(logical_id, props, stack)
        recovery = props.get("PointInTimeRecoverySpecification", {})
        if recovery.get("PointInTimeRecoveryEnabled"):
            dynamodb._pitr_settings[name] = True
            states[name] = []
            of = (states[name], name, dynamodb._tables[name])
            threading.Thread(target=keep, args=of, daemon=True).start()
        return name, attributes

    def keep(own: list[tuple[float, Any]], name: str, table: dict[str, Any]) -> None:
        # Until another table has the name: that of a deployment which failed comes again.
        while states[name] is own:
            with dynamodb._lock:
                own.append((round(time.time(), 3), copy.deepcopy(dict(table["items"]))))
            del own[:-300]
            time.sleep(1)

    def restored(data: dict[str, Any]) -> Any:
        response = restore(data)
        asked, name = data.get("RestoreDateTime"), data["SourceTableName"]
        if asked and response[0] == 200:
            before = [items for at, items in states[name] if at <= float(asked) + 0.001]
            table = dynamodb._tables[data["TargetTableName"]]
            table["items"] = defaultdict(dict, copy.deepcopy(before[-1] if before else {}))
            dynamodb._items_replaced(table)
        return response

    def described(data: dict[str, Any]) -> Any:
        status, headers, body = describe(data)
        content, name = json.loads(body), data["TableName"]
        if status == 200 and states.get(name):
            recovery = content["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
            recovery["EarliestRestorableDateTime"] = states[name][0][0]
            recovery["LatestRestorableDateTime"] = states[name][-1][0]
        return status, headers, json.dumps(content).encode()

    handlers["create"] = created
    dynamodb._restore_table_to_point_in_time = restored
    dynamodb._describe_continuous_backups = described


def backups_of_deleted_tables() -> None:
    """Keep a backup of a table with point-in-time recovery when it is deleted."""
    from ministack.services import dynamodb

    delete = dynamodb._delete_table

    def deleted(data: dict[str, Any]) -> Any:
        name = data["TableName"]
        kept = None
        if dynamodb._pitr_settings.get(name):
            backup = f"{name}$DeletedTableBackup"
            _, _, body = dynamodb._create_backup({"TableName": name, "BackupName": backup})
            kept = dynamodb._backups[json.loads(body)["BackupDetails"]["BackupArn"]]
            kept["BackupDetails"]["BackupType"] = "SYSTEM"
        response = delete(data)
        if kept is not None and response[0] != 200:
            del dynamodb._backups[kept["BackupDetails"]["BackupArn"]]
        return response

    dynamodb._delete_table = deleted
