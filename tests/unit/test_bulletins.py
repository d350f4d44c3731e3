"""The rules of a bulletin's life, apart from where it is kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pygeohash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import ValidationError

from chalicelib import errors
from chalicelib.domain import bulletins as rules
from chalicelib.domain.bulletins import (
    LIFE,
    About,
    Bulletin,
    Changes,
    Content,
    Draft,
    MessageKind,
    State,
    Step,
)
from chalicelib.domain.cap import CATEGORIES, LEVELS, cell_of
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.geo import geohash5
from chalicelib.domain.ids import ID_PATTERN, bulletin_id, is_bulletin_id
from chalicelib.domain.media import original_key, parse_original_key
from chalicelib.store.bulletins import published

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
A, B, C = "a", "b", "c"


def draft(**more: Any) -> Bulletin:
    fields = {"channel": "key_cases", "title": {"en": "Title"}, "body": {"en": "Body"}} | more
    return rules.new_bulletin(Draft.model_validate(fields), entry_id="1" * 16, by=A, now=NOW)


def changed(bulletin: Bulletin, *, by: str = A, now: datetime = NOW, **fields: Any) -> Bulletin:
    return rules.changed(
        bulletin, Changes.model_validate(fields), pictures=frozenset(), by=by, now=now
    )


def approved(bulletin: Bulletin, *, by: str = B, now: datetime = NOW) -> Bulletin:
    return rules.approved(bulletin, by=by, now=now)


def in_state(state: State) -> Bulletin:
    made = draft()
    if state is State.DRAFT:
        return made
    made = approved(made)
    if state is State.EXPIRED:
        return made.model_copy(update={"expires_at": NOW})
    if state is State.RESOLVED:
        return rules.resolved(made, {"en": "Over."}, now=NOW)
    return rules.withdrawn(made, "A mistake.", now=NOW) if state is State.WITHDRAWN else made


TAKE = {
    Step.WRITE: lambda bulletin: changed(bulletin, body={"en": "Other"}),
    Step.APPROVE: lambda bulletin: approved(bulletin, by=C),
    Step.RESOLVE: lambda bulletin: rules.resolved(bulletin, {"en": "Over."}, now=NOW),
    Step.WITHDRAW: lambda bulletin: rules.withdrawn(bulletin, "A mistake.", now=NOW),
}
LEGAL = {
    (State.DRAFT, Step.WRITE): State.DRAFT,
    (State.DRAFT, Step.APPROVE): State.PUBLISHED,
    (State.DRAFT, Step.WITHDRAW): State.WITHDRAWN,
    (State.PUBLISHED, Step.WRITE): State.PUBLISHED,
    (State.PUBLISHED, Step.RESOLVE): State.RESOLVED,
    (State.PUBLISHED, Step.WITHDRAW): State.WITHDRAWN,
    (State.EXPIRED, Step.WRITE): State.EXPIRED,
    (State.EXPIRED, Step.RESOLVE): State.RESOLVED,
    (State.EXPIRED, Step.WITHDRAW): State.WITHDRAWN,
    (State.RESOLVED, Step.RESOLVE): State.RESOLVED,
    (State.RESOLVED, Step.WITHDRAW): State.WITHDRAWN,
}


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", State)
def test_every_step_is_in_the_table_or_refused_with_the_legal_ones_named(
    state: State, step: Step
) -> None:
    bulletin = in_state(state)
    wanted = LEGAL.get((state, step))
    if wanted:
        assert TAKE[step](bulletin).state_at(NOW) is wanted
        return
    with pytest.raises(errors.Conflict) as refused:
        TAKE[step](bulletin)
    assert refused.value.code == "illegal_transition"
    assert refused.value.params["legal"] == ", ".join(legal for at, legal in LEGAL if at is state)


def test_nobody_who_ever_wrote_a_word_approves() -> None:
    written = changed(approved(draft()), by=C, body={"en": "Other"})
    assert written.authors == (A, C)

    for author in (A, C):
        with pytest.raises(errors.Forbidden) as refused:
            approved(written, by=author)
        assert refused.value.code == "self_approval"
    assert approved(written).published == written.content


def test_a_version_is_one_more_with_every_change_even_one_that_changes_nothing_and_makes_nobody_an_author() -> (
    None
):
    written = [
        changed(draft(), by=B, **fields)
        for fields in ({}, {"body": {"en": "Body"}}, {"body": {"en": "Other"}})
    ]
    assert [each.version for each in written] == [2, 2, 2]
    assert [each.authors for each in written] == [(A,), (A,), (A, B)]


def test_a_renewal_is_no_correction_and_a_correction_does_not_renew() -> None:
    published = approved(draft())
    later = NOW + timedelta(days=20)
    renewed = approved(
        changed(published, now=later, expires_at=(later + timedelta(days=30)).isoformat()),
        now=later,
    )
    corrected = approved(changed(published, now=later, body={"en": "Other"}), now=later)

    assert (renewed.corrected_at, renewed.expires_at) == (None, later + timedelta(days=30))
    assert (corrected.corrected_at, corrected.expires_at) == (later, NOW + LIFE[About.OTHER])
    assert [message.kind for message in renewed.messages] == [MessageKind.ALERT, MessageKind.UPDATE]


def test_a_bulletin_found_to_be_about_a_child_lives_no_longer_than_one() -> None:
    published = approved(changed(approved(draft()), about="child"))
    assert published.expires_at == NOW + LIFE[About.CHILD]


@pytest.mark.parametrize(
    "fields",
    [{"body": {"en": "Other"}}, {"body": {"en": "Other"}, "expires_at": None}, {"about": "child"}],
    ids=["words", "date cleared", "another life"],
)
def test_only_a_date_that_is_asked_for_brings_an_expired_bulletin_back(
    fields: dict[str, Any],
) -> None:
    waiting = changed(approved(draft(expires_at=(NOW + timedelta(days=2)).isoformat())), **fields)
    later = NOW + timedelta(days=3)
    assert Step.APPROVE in waiting.legal_steps(NOW)
    assert Step.APPROVE not in waiting.legal_steps(later)
    with pytest.raises(errors.Conflict) as refused:
        approved(waiting, now=later)
    assert refused.value.code == "expiry_passed"

    renewed = changed(waiting, now=later, expires_at=(later + timedelta(days=1)).isoformat())
    assert Step.APPROVE in renewed.legal_steps(later)
    assert approved(renewed, now=later).state_at(later) is State.PUBLISHED


def test_an_old_date_beyond_its_life_prolongs_nothing() -> None:
    published = approved(
        changed(
            draft(expires_at=(NOW + timedelta(days=20)).isoformat()), about="child", expires_at=None
        )
    )
    far = published.model_copy(
        update={
            "content": published.content.model_copy(update={"expires_at": NOW + timedelta(days=20)})
        }
    )
    far = far.model_copy(update={"published": far.content})
    corrected = approved(
        changed(far, now=NOW + timedelta(days=1), body={"en": "Other"}), now=NOW + timedelta(days=1)
    )
    assert corrected.expires_at == NOW + LIFE[About.CHILD]


def test_nothing_pending_on_an_expired_bulletin_is_nothing_to_approve() -> None:
    with pytest.raises(errors.Conflict) as refused:
        approved(in_state(State.EXPIRED))
    assert refused.value.code == "illegal_transition"


def test_what_has_ended_shows_the_words_that_were_published_and_nothing_waits() -> None:
    published = approved(draft())
    waiting = changed(published, body={"en": "Never published."})
    for ended in (
        rules.resolved(waiting, {"en": "Over."}, now=NOW),
        rules.withdrawn(waiting, "No.", now=NOW),
    ):
        assert ended.content == published.content
        assert not ended.is_pending(NOW)


def test_an_outcome_is_corrected_and_keeps_the_time_of_the_end() -> None:
    resolved = rules.resolved(approved(draft()), {"en": "Over."}, now=NOW)
    corrected = rules.resolved(resolved, {"en": "All over."}, now=NOW + timedelta(hours=1))
    assert (corrected.outcome, corrected.ended_at, corrected.corrected_at) == (
        {"en": "All over."},
        NOW,
        NOW + timedelta(hours=1),
    )


def test_a_draft_whose_date_has_passed_cannot_be_published() -> None:
    late = draft(expires_at=(NOW + timedelta(hours=1)).isoformat())
    with pytest.raises(errors.Conflict) as refused:
        approved(late, now=NOW + timedelta(hours=1))
    assert refused.value.code == "expiry_passed"


def test_the_date_of_an_old_draft_is_not_held_against_other_changes() -> None:
    late = draft(expires_at=(NOW + timedelta(hours=1)).isoformat())
    assert changed(late, now=NOW + timedelta(hours=2), body={"en": "Other"}).version == 2


def test_a_withdrawn_draft_was_never_an_alert() -> None:
    assert rules.withdrawn(draft(), "No.", now=NOW).messages == ()


def test_a_cancel_whose_words_change_is_followed_by_another() -> None:
    resolved = rules.resolved(approved(draft()), {"en": "Over."}, now=NOW)
    kinds = [message.kind for message in rules.withdrawn(resolved, "No.", now=NOW).messages]
    assert kinds == [MessageKind.ALERT, MessageKind.CANCEL, MessageKind.CANCEL]


@pytest.mark.parametrize(
    "fields",
    [
        {"title": {}},
        {"title": {"en": " "}},
        {"title": {"qq": "Title"}},
        {"title": {"en": "x" * 201}},
        {"body": {"en": "x" * 4001}},
        {"body": {"en": "\u202etext"}},
        {"title": "Title"},
        {"area": {}},
        {"area": {"lat": 39.9}},
        {"area": {"district": "atlantis"}},
        {"channel": "gossip"},
        {"about": "dog"},
        {"state": "published"},
        {"media": ["1" * 16]},
        {"guardian_consent": "yes"},
    ],
)
def test_what_cannot_be_a_draft_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        draft(**fields)


def test_a_title_and_a_text_in_no_common_language_are_refused() -> None:
    with pytest.raises(errors.Invalid) as refused:
        draft(title={"zh": "标题"}, body={"en": "Body"})
    assert [(each.field, each.code) for each in refused.value.errors] == [
        ("body", "needs_one_language")
    ]


def test_a_channel_is_fixed_once_published() -> None:
    assert changed(draft(), channel="traffic").content.channel == "traffic"
    with pytest.raises(errors.Invalid):
        changed(approved(draft()), channel="traffic")


def test_null_clears_what_may_be_absent_and_nothing_else() -> None:
    placed = draft(area="chaoyang", expires_at=(NOW + timedelta(hours=1)).isoformat())
    cleared = changed(placed, area=None, expires_at=None)
    assert (cleared.content.area, cleared.content.expires_at) == (None, None)
    with pytest.raises(errors.Invalid) as refused:
        changed(placed, title=None, about=None)
    assert [(each.field, each.code) for each in refused.value.errors] == [
        ("about", "required"),
        ("title", "required"),
    ]


def test_only_the_cell_of_a_place_is_kept() -> None:
    area = draft(area={"lat": 39.93291, "lon": 116.47811, "district": "chaoyang"}).content.area
    assert area == {"district": "chaoyang", "geohash": "wx4g4"}


@pytest.mark.parametrize(
    ("point", "district"),
    [({"lat": 39.93291, "lon": 116.47811}, "chaoyang"), ({"lat": 31.23, "lon": 121.47}, "outside")],
)
def test_the_district_of_a_point_is_worked_out(point: dict[str, float], district: str) -> None:
    assert draft(area=point).content.area == {
        "district": district,
        "geohash": geohash5(point["lat"], point["lon"]),
    }


@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
def test_a_cell_holds_what_it_was_made_of(lat: float, lon: float) -> None:
    cell = cell_of(geohash5(lat, lon))
    assert cell.south <= lat < cell.north
    assert cell.west <= lon < cell.east
    assert ((cell.south + cell.north) / 2, (cell.west + cell.east) / 2) == pytest.approx(
        tuple(pygeohash.decode(geohash5(lat, lon)))[:2], abs=0.05
    )


@pytest.mark.parametrize(
    ("area", "zh", "en"),
    [
        (None, None, None),
        ("chaoyang", "朝阳区", "Chaoyang"),
        ("The park", "The park", "The park"),
        ({"district": "haidian", "text": "A gate"}, "A gate, 海淀区", "A gate, Haidian"),
        ({"geohash": "wx4g4"}, "wx4g4", "wx4g4"),
        ({"district": "outside", "geohash": "wx4g4"}, "辖区以外", "Outside the area"),
        ("outside", "辖区以外", "Outside the area"),
    ],
)
def test_an_area_reads_in_both_languages(area: Any, zh: str | None, en: str | None) -> None:
    assert (rules.area_label(area, "zh"), rules.area_label(area, "en")) == (zh, en)


def test_words_come_in_the_language_asked_for_or_in_one_there_is() -> None:
    both = {"zh": "好", "en": "Good"}
    assert rules.wording(both, "zh") == ("zh", "好")
    assert rules.wording({"zh": "好"}, "en") == ("zh", "好")


def test_a_bulletins_id_is_no_reports_and_its_media_keys_read_back() -> None:
    made = bulletin_id("7" * 16)
    assert is_bulletin_id(made)
    assert not ID_PATTERN.fullmatch(made)
    assert parse_original_key(original_key(made, "8" * 16)) == (made, "8" * 16)


def test_every_channel_and_urgency_has_its_word_in_cap() -> None:
    assert set(CATEGORIES) == {channel.code for channel in catalogue().channels}
    assert {
        Content(channel="traffic", title={}, body={}, about=about).urgency for about in About
    } <= set(LEVELS)


def test_every_channel_is_fed_by_categories_that_there_are() -> None:
    codes = {category.code for category in catalogue().categories}
    assert all(
        channel.fed_by and codes.issuperset(channel.fed_by) for channel in catalogue().channels
    )


class Life(RuleBasedStateMachine):
    """Officers do whatever they like, in any order, while time passes: what readers see was always
    approved by somebody else.
    """

    officers = st.sampled_from([A, B, C])

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.bulletin = draft()
        self.wrote = {A}
        self.seen: Content | None = None
        self.ended = False

    def take(self, step: Step, do: Callable[[], Bulletin]) -> bool:
        """Try a step: it works exactly when it was said to be legal."""
        legal = step in self.bulletin.legal_steps(self.now)
        refusal = None
        try:
            self.bulletin = do()
        except (errors.Conflict, errors.Forbidden) as refused:
            refusal = refused.code
        assert legal if refusal in (None, "self_approval") else not legal
        return refusal is None

    @rule(
        by=officers,
        word=st.sampled_from(["one", "two", "three"]),
        days=st.sampled_from([None, 1, 20]),
    )
    def write(self, by: str, word: str, days: int | None) -> None:
        expires_at = None if days is None else (self.now + timedelta(days=days)).isoformat()
        changes = Changes.model_validate({"body": {"en": word}, "expires_at": expires_at})
        before = self.bulletin
        if self.take(
            Step.WRITE,
            lambda: rules.changed(
                self.bulletin, changes, pictures=frozenset(), by=by, now=self.now
            ),
        ):
            self.wrote |= {by} if self.bulletin.content != before.content else set()
            assert self.bulletin.version == before.version + 1

    @rule(by=st.sampled_from([A, B, C, "d"]))
    def approve(self, by: str) -> None:
        if self.take(Step.APPROVE, lambda: rules.approved(self.bulletin, by=by, now=self.now)):
            assert by not in self.wrote
            self.seen = self.bulletin.content

    @rule()
    def resolve(self) -> None:
        self.ended |= self.take(
            Step.RESOLVE, lambda: rules.resolved(self.bulletin, {"en": "Over."}, now=self.now)
        )

    @rule()
    def withdraw(self) -> None:
        self.ended |= self.take(
            Step.WITHDRAW, lambda: rules.withdrawn(self.bulletin, "No.", now=self.now)
        )

    @rule(days=st.sampled_from([1, 10, 31]))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def readers_see_what_was_approved_and_nothing_after_its_end(self) -> None:
        shown = published(self.bulletin, self.now)
        if shown:
            assert not self.ended
            assert shown.content == self.seen
            assert self.now < shown.expires_at <= self.now + LIFE[About.OTHER]

    @invariant()
    def its_messages_are_an_alert_updates_and_cancels(self) -> None:
        kinds = [message.kind for message in self.bulletin.messages]
        assert kinds[:1] in ([], [MessageKind.ALERT])
        assert kinds[1:] == sorted(kinds[1:], key=[MessageKind.UPDATE, MessageKind.CANCEL].index)
        assert (MessageKind.CANCEL in kinds) is (self.ended and self.seen is not None)


TestLife = Life.TestCase
