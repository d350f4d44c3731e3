"""Each step that takes two persons, to be begun and completed by whomever a test chooses."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from chalicelib import wiring
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import times
from chalicelib.store.casework.subject_requests import SubjectRequests
from tests import cloud
from tests.client import call, read_and_approve, report
from tests.functional.bulletins.bulletin_steps import OutcomeStep, WithdrawalStep
from tests.steps import file


class Step(Protocol):
    """One step. `path` has the ids of what it is about, for the paths of routes."""

    @property
    def path(self) -> Mapping[str, str]: ...

    def begin(self, officer: str) -> None:
        """Do what the first person does. Fails unless it is accepted."""

    @property
    def approval(self) -> str:
        """The path by which the second person completes it."""

    def swap(self, officer: str) -> None:
        """Put another request in the place of the one that was begun, as an officer can."""

    def has_happened(self) -> bool:
        """Return whether the step has taken effect."""

    def version(self) -> str:
        """Return the ETag of what an `If-Match` with a version would name now."""


class Appointment:
    USERNAME = "recruit"
    ROW: Mapping[str, Any] = {
        "name": "Recruit",
        "roles": ["officer"],
        "categories": ["*"],
        "districts": ["*"],
    }

    def __init__(self) -> None:
        self.path = {"username": self.USERNAME}
        self.approval = f"/v1/admin/officers/{self.USERNAME}/approve"

    def begin(self, officer: str) -> None:
        call("PUT", f"/v1/admin/officers/{self.USERNAME}", self.ROW, officer=officer).expect(202)

    def swap(self, officer: str) -> None:
        row = {**self.ROW, "roles": ["officer", "supervisor"]}
        call("PUT", f"/v1/admin/officers/{self.USERNAME}", row, officer=officer).expect(202)

    def has_happened(self) -> bool:
        return wiring.officers().get(self.USERNAME) is not None

    def version(self) -> str:
        proposal = wiring.officers().proposal(self.USERNAME)
        return f'"{proposal.version if proposal else 0}"'


class DestinationStep:
    NAME = "dispatch"
    URL = "https://events.example/"

    def __init__(self) -> None:
        self.path = {"name": self.NAME}
        self.approval = f"/v1/admin/destinations/{self.NAME}/approve"

    def begin(self, officer: str) -> None:
        self._propose(officer, self.URL)

    def swap(self, officer: str) -> None:
        self._propose(officer, "https://elsewhere.example/")

    def has_happened(self) -> bool:
        found = wiring.destinations().read().by_name.get(self.NAME)
        return found is not None and found.terms is not None

    def version(self) -> str:
        return f'"{wiring.destinations().read().revision}"'

    def _propose(self, officer: str, url: str) -> None:
        body = {"url": url, "categories": [], "kinds": []}
        call("PUT", f"/v1/admin/destinations/{self.NAME}", body, officer=officer).expect(202)


class _OnReport:
    """A step on a report."""

    below = ""

    def __init__(self) -> None:
        self.id = str(file()["id"])
        self.path = {"report_id": self.id}
        self.approval = f"/v1/officer/reports/{self.id}{self.below}"

    def version(self) -> str:
        found = wiring.reports().head(self.id)
        return f'"{found.row["version"] if found else 0}"'

    def _call(self, officer: str, method: str, below: str, body: Any, status: int) -> None:
        path = f"/v1/officer/reports/{self.id}{below}"
        reply = call(method, path, body, officer=officer, headers={"If-Match": self.version()})
        assert reply.status == status, reply.text

    def _ask_for_hold(self, officer: str, days: int = 30) -> None:
        until = times.render(wiring.clock.now() + timedelta(days=days))
        self._call(officer, "POST", "/hold", {"reason": "A trial.", "until": until}, 201)

    def _row(self) -> Mapping[str, Any]:
        found = cloud.head(self.id)
        return found.row


class HoldStep(_OnReport):
    below = "/hold/approve"

    def begin(self, officer: str) -> None:
        self._ask_for_hold(officer)

    def swap(self, officer: str) -> None:
        self._call(officer, "DELETE", "/hold", {"reason": "Too short."}, 204)
        self._ask_for_hold(officer, days=700)

    def has_happened(self) -> bool:
        return bool((self._row().get("hold") or {}).get("approved_by"))


class HoldLiftStep(_OnReport):
    """Of a hold that two others have placed."""

    below = "/hold/lift/approve"

    def __init__(self) -> None:
        super().__init__()
        for username in ("placer", "approver"):
            cloud.officer(username)
        self._ask_for_hold("placer")
        path = f"/v1/officer/reports/{self.id}/hold/approve"
        assert read_and_approve(path, "approver").status == 200

    def begin(self, officer: str) -> None:
        self._call(officer, "DELETE", "/hold", {"reason": "The trial is over."}, 202)

    def swap(self, officer: str) -> None:
        self._call(officer, "POST", "/hold/lift/decline", {"reason": "It is not."}, 204)
        self._call(officer, "DELETE", "/hold", {"reason": "Nobody looks."}, 202)

    def has_happened(self) -> bool:
        return self._row().get("hold") is None


class ClosingStep(_OnReport):
    below = "/closing/confirm"
    CLOSED: Mapping[str, Any] = {"status": "closed", "disposition": "malicious"}

    def begin(self, officer: str) -> None:
        self._close(officer, "Invented.")

    def swap(self, officer: str) -> None:
        self._close(officer, "Of no use.")

    def _close(self, officer: str, reason: str) -> None:
        body, version = {**self.CLOSED, "reason": reason}, self._row()["version"]
        path = f"/v1/officer/reports/{self.id}"
        call("PATCH", path, body, officer=officer, version=int(version)).expect(200)

    def has_happened(self) -> bool:
        return str(self._row().get("disposition")) == "malicious"


class ReferralStep(_OnReport):
    below = "/referral/approve"

    def begin(self, officer: str) -> None:
        self._refer(officer, ["text"])

    def swap(self, officer: str) -> None:
        self._call(officer, "POST", "/referral/decline", {"reason": "Too little."}, 204)
        self._refer(officer, ["text", "place"])

    def _refer(self, officer: str, include: list[str]) -> None:
        body = {"agency": "city_services", "reason": "Theirs.", "include": include}
        self._call(officer, "POST", "/referral", body, 201)

    def has_happened(self) -> bool:
        return bool((self._row().get("referrals") or {}).get("passed_on"))

    def version(self) -> str:
        return f'"{(self._row().get("referrals") or {}).get("last", 0)}"'


class MaskStep(_OnReport):
    """A mask of a report's text. It is read where it is approved."""

    number = 0

    def begin(self, officer: str, length: int = 8) -> None:
        passage = str(report()["text"])[:length]
        body = {"part": "text", "start": 0, "passage": passage, "reason": "third_person"}
        self._call(officer, "POST", "/masks", body, 201)
        self.number = int(self._row()["masks"]["last"])
        self.path = {"report_id": self.id, "number": str(self.number)}
        self.approval = f"/v1/officer/reports/{self.id}/masks/{self.number}/approve"

    def swap(self, officer: str) -> None:
        """Change the text by another mask that others approve: its number stays."""
        for username in ("placer", "approver"):
            cloud.officer(username)
        body = {"part": "text", "start": 10, "passage": str(report()["text"])[10:12]}
        self._call("placer", "POST", "/masks", {**body, "reason": "court"}, 201)
        path = f"/v1/officer/reports/{self.id}/masks/{self.number + 1}/approve"
        assert read_and_approve(path, "approver").status == 200

    def has_happened(self) -> bool:
        return any(int(each["number"]) == self.number for each in self._row()["masks"]["approved"])


class RequestStep:
    """A decision of a request of a third person."""

    ASKED: Mapping[str, Any] = {
        "right": "erasure",
        "text": "My name is in a report.",
        "contact": {"phone": "+8613800000000"},
    }

    def __init__(self) -> None:
        cloud.officer("clerk")
        made = call("POST", "/v1/officer/requests", self.ASKED, officer="clerk").expect(201)
        self._path = f"/v1/officer/requests/{made['number']}"
        self.path = {"request_number": str(made["number"])}
        self.approval = f"{self._path}/decision/approve"

    def begin(self, officer: str, outcome: str = "granted") -> None:
        body = {"outcome": outcome, "reason": "So it is."}
        call("POST", f"{self._path}/decision", body, officer=officer).expect(201)

    def swap(self, officer: str) -> None:
        body = {"reason": "It is needed."}
        call("POST", f"{self._path}/decision/decline", body, officer=officer).expect(204)
        self.begin(officer, "refused")

    def has_happened(self) -> bool:
        store = SubjectRequests(wiring.reports().table)
        found = store.get(self.path["request_number"], wiring.clock.now())
        return found is not None and found.is_decided

    def version(self) -> str:
        return '"1"'


class BulletinStep:
    DRAFT: Mapping[str, Any] = {
        "channel": "key_cases",
        "title": {"en": "Witnesses wanted"},
        "body": {"en": "Tuesday evening."},
    }

    def __init__(self) -> None:
        self.id = ""
        self.path: dict[str, str] = {}

    def begin(self, officer: str) -> None:
        reply = call("POST", "/v1/officer/bulletins", self.DRAFT, officer=officer).expect(201)
        self.id = reply["id"]
        self.path = {"bulletin_id": self.id}

    @property
    def approval(self) -> str:
        return f"/v1/officer/bulletins/{self.id}/approve"

    def swap(self, officer: str) -> None:
        tag, body = {"If-Match": self.version()}, {"body": {"en": "Another evening."}}
        path = f"/v1/officer/bulletins/{self.id}"
        assert call("PATCH", path, body, officer=officer, headers=tag).status == 200

    def has_happened(self) -> bool:
        return call("GET", f"/v1/bulletins/{self.id}").status == 200

    def version(self) -> str:
        found = wiring.bulletins().dossier(self.id)
        return f'"{found.bulletin.version if found else 0}"'


class ExportStep:
    """An export of more reports than one zip has. They are rows of lists, and nobody opens them."""

    REPORTS = 51

    def __init__(self) -> None:
        created = file()
        wiring.reports().table.put_all(cloud.listed_copies(created["id"], self.REPORTS))
        self.path: dict[str, str] = {"export_id": "0" * 20}

    def begin(self, officer: str) -> None:
        body = {"filters": {"category": report()["category"]}, "reason": "For the review."}
        reply = call("POST", "/v1/officer/exports", body, officer=officer).expect(202)
        self.path["export_id"] = reply["id"]

    @property
    def approval(self) -> str:
        return f"/v1/officer/exports/{self.path['export_id']}/approve"

    def swap(self, officer: str) -> None:
        """Ask for another one: what was asked for never changes."""
        self.begin(officer)

    def has_happened(self) -> bool:
        found = wiring.export_requests().get(self.path["export_id"], wiring.clock.now())
        return found is not None and found.approved_by is not None

    def version(self) -> str:
        return '"1"'


class BurstStep(_OnReport):
    """A burst of one report, of this hour or an earlier one."""

    def __init__(self, hours_ago: int = 0) -> None:
        self.id = str(file("child_abduction")["id"])
        row = dict(self._row())
        received_at = times.parse(row["received_at"]) - timedelta(hours=hours_ago)
        row["received_at"] = times.render(received_at)
        row["listed_at"] = f"{row['received_at']}#{self.id}"
        row |= {"unproven": True, "in_burst": True, "attention_at": f"1#{row['listed_at']}"}
        row["attention_shard"] = f"{row['category_shard']}#bursts"
        wiring.reports().table.put(row)
        burst_id = f"child_abduction.{row['received_at'][:13]}"
        self.path = {"burst_id": burst_id, "report_id": self.id}
        self._ending = f"/v1/officer/bursts/{burst_id}/ending"
        self.approval = f"{self._ending}/approve"

    def begin(self, officer: str, disposition: str = "unfounded") -> None:
        call("POST", self._ending, {"disposition": disposition}, officer=officer).expect(201)

    def swap(self, officer: str) -> None:
        assert call("DELETE", self._ending, officer=officer).status == 204
        self.begin(officer, "malicious")

    def has_happened(self) -> bool:
        ending = wiring.burst_stores().endings.get(self.path["burst_id"])
        return ending is not None and ending.approved_by is not None


STEPS: Mapping[TwoPersonStep, Callable[[], Step]] = {
    TwoPersonStep.APPOINTMENT: Appointment,
    TwoPersonStep.HOLD: HoldStep,
    TwoPersonStep.HOLD_LIFT: HoldLiftStep,
    TwoPersonStep.BULLETIN: BulletinStep,
    TwoPersonStep.OUTCOME: OutcomeStep,
    TwoPersonStep.WITHDRAWAL: WithdrawalStep,
    TwoPersonStep.CLOSING: ClosingStep,
    TwoPersonStep.REFERRAL: ReferralStep,
    TwoPersonStep.MASK: MaskStep,
    TwoPersonStep.REQUEST: RequestStep,
    TwoPersonStep.EXPORT: ExportStep,
    TwoPersonStep.BURST: BurstStep,
    TwoPersonStep.DESTINATION: DestinationStep,
}
