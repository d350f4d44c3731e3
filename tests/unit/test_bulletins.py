"""The steps of a bulletin's life, without a store, and the input that begins them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chalicelib.domain.bulletins import lifecycle
from chalicelib.domain.bulletins.area import area_label
from chalicelib.domain.bulletins.model import (
    LIFE,
    TRACE_LIFE,
    About,
    Bulletin,
    BulletinState,
    Content,
    EndCode,
    Ending,
    MessageKind,
    Step,
)
from chalicelib.domain.bulletins.requests import Changes, Draft
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.second_person import refusal
from chalicelib.kernel import errors
from chalicelib.kernel.languages import LocalizedText
from chalicelib.store.bulletins.public_rows import published

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
A, B, C = "a", "b", "c"


def draft(**more: Any) -> Bulletin:
    fields = {"channel": "key_cases", "title": {"en": "Title"}, "body": {"en": "Body"}} | more
    return lifecycle.new_bulletin(Draft.model_validate(fields), entry_id="1" * 16, by=A, now=NOW)


def changed(bulletin: Bulletin, *, by: str = A, now: datetime = NOW, **fields: Any) -> Bulletin:
    return lifecycle.changed(
        bulletin, Changes.model_validate(fields), pictures=frozenset(), by=by, now=now
    )


def approved(bulletin: Bulletin, *, by: str = B, now: datetime = NOW) -> Bulletin:
    return lifecycle.approved(bulletin, by=by, now=now)


def resolved(bulletin: Bulletin, words: LocalizedText | None = None) -> Bulletin:
    ending = Ending(EndCode.FOUND, words)
    return lifecycle.ended(bulletin, Step.RESOLVE, ending, by=A, now=NOW)


def withdrawn(bulletin: Bulletin, words: LocalizedText | None = None) -> Bulletin:
    ending = Ending(EndCode.PUBLISHED_IN_ERROR, words)
    return lifecycle.ended(bulletin, Step.WITHDRAW, ending, by=A, now=NOW)


def in_state(state: BulletinState) -> Bulletin:
    made = draft()
    if state is BulletinState.DRAFT:
        return made
    made = approved(made)
    if state is BulletinState.EXPIRED:
        return made.model_copy(update={"expires_at": NOW})
    if state is BulletinState.RESOLVED:
        return resolved(made)
    return withdrawn(made) if state is BulletinState.WITHDRAWN else made


TAKE = {
    Step.WRITE: lambda bulletin: changed(bulletin, body={"en": "Other"}),
    Step.APPROVE: lambda bulletin: approved(bulletin, by=C),
    Step.DECLINE: lambda bulletin: lifecycle.declined(bulletin, "Too long.", by=C, now=NOW),
    Step.RESOLVE: lambda bulletin: resolved(bulletin, {"en": "Over."}),
    Step.WITHDRAW: lambda bulletin: withdrawn(bulletin, {"en": "A mistake."}),
}
LEGAL = {
    (BulletinState.DRAFT, Step.WRITE): BulletinState.DRAFT,
    (BulletinState.DRAFT, Step.APPROVE): BulletinState.PUBLISHED,
    (BulletinState.DRAFT, Step.DECLINE): BulletinState.DRAFT,
    (BulletinState.DRAFT, Step.WITHDRAW): BulletinState.WITHDRAWN,
    (BulletinState.PUBLISHED, Step.WRITE): BulletinState.PUBLISHED,
    (BulletinState.PUBLISHED, Step.RESOLVE): BulletinState.RESOLVED,
    (BulletinState.PUBLISHED, Step.WITHDRAW): BulletinState.WITHDRAWN,
    (BulletinState.EXPIRED, Step.WRITE): BulletinState.EXPIRED,
    (BulletinState.EXPIRED, Step.RESOLVE): BulletinState.RESOLVED,
    (BulletinState.EXPIRED, Step.WITHDRAW): BulletinState.WITHDRAWN,
    (BulletinState.RESOLVED, Step.RESOLVE): BulletinState.RESOLVED,
    (BulletinState.RESOLVED, Step.WITHDRAW): BulletinState.WITHDRAWN,
    (BulletinState.WITHDRAWN, Step.WITHDRAW): BulletinState.WITHDRAWN,
}


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", BulletinState)
def test_every_step_is_in_the_table_or_refused_with_the_legal_ones_named(
    state: BulletinState, step: Step
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


def test_nothing_is_possible_thirty_days_after_the_end() -> None:
    later = NOW + TRACE_LIFE
    ended = (resolved(approved(draft()), {"en": "Over."}), withdrawn(approved(draft())))
    for bulletin in ended:
        assert bulletin.legal_steps(later - timedelta(seconds=1))
        assert bulletin.legal_steps(later) == ()
        assert not bulletin.is_pending(later)
    assert in_state(BulletinState.EXPIRED).legal_steps(later) == ()


def test_the_date_of_an_old_draft_is_not_held_against_other_changes() -> None:
    late = draft(expires_at=(NOW + timedelta(hours=1)).isoformat())
    assert changed(late, now=NOW + timedelta(hours=2), body={"en": "Other"}).version == 2


def test_nobody_has_to_approve_why_a_draft_was_withdrawn() -> None:
    bulletin = withdrawn(draft(), {"en": "No."})
    assert (bulletin.is_pending(NOW), bulletin.legal_steps(NOW)) == (False, ())


def test_a_cancel_whose_words_change_is_followed_by_another() -> None:
    over = resolved(approved(draft()))
    waiting = resolved(over, {"en": "Over."})
    assert [len(each.messages) for each in (over, waiting, approved(waiting))] == [2, 2, 3]
    kinds = [message.kind for message in withdrawn(approved(waiting)).messages]
    assert kinds == [MessageKind.ALERT, *[MessageKind.CANCEL] * 3]


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


WORDS = st.sampled_from([None, "Over.", "A name."])


class Life(RuleBasedStateMachine):
    """Officers take any steps in any order while time passes.

    What readers see was always approved by another officer than its author.
    """

    officers = st.sampled_from([A, B, C])

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.bulletin = draft()
        self.wrote = {A}
        self.seen: Content | None = None
        self.ended = False
        self.words: LocalizedText | None = None

    def take(self, step: Step, do: Callable[[], Bulletin]) -> bool:
        """Try a step. It must succeed exactly when it is listed as legal."""
        legal = step in self.bulletin.legal_steps(self.now)
        try:
            self.bulletin = do()
        except errors.Conflict:
            assert not legal
            return False
        assert legal
        return True

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
            lambda: lifecycle.changed(
                self.bulletin, changes, pictures=frozenset(), by=by, now=self.now
            ),
        ):
            self.wrote |= {by} if self.bulletin.content != before.content else set()
            assert self.bulletin.version == before.version + 1

    @rule(by=st.sampled_from([A, B, C, "d"]))
    def approve(self, by: str) -> None:
        before = self.bulletin
        if refusal(Officer(username=by), before.authors, self.now):
            return
        if self.take(Step.APPROVE, lambda: lifecycle.approved(before, by=by, now=self.now)):
            assert by not in self.wrote
            if before.was_ended:
                self.words = before.words
            else:
                self.seen = before.content

    @rule(step=st.sampled_from([Step.RESOLVE, Step.WITHDRAW]), by=officers, word=WORDS)
    def end(self, step: Step, by: str, word: str | None) -> None:
        words = {"en": word} if word else None
        ending = Ending(EndCode.NO_LONGER_SOUGHT, words)
        before = self.bulletin
        if self.take(step, lambda: lifecycle.ended(before, step, ending, by=by, now=self.now)):
            self.ended, self.words = True, None
            self.wrote |= {by} if words else set()
            assert self.bulletin.version == before.version + 1

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
    def words_of_an_end_are_those_that_were_approved(self) -> None:
        assert self.bulletin.approved_words == self.words

    @invariant()
    def its_messages_are_an_alert_updates_and_cancels(self) -> None:
        kinds = [message.kind for message in self.bulletin.messages]
        assert kinds[:1] in ([], [MessageKind.ALERT])
        assert kinds[1:] == sorted(kinds[1:], key=[MessageKind.UPDATE, MessageKind.CANCEL].index)
        assert (MessageKind.CANCEL in kinds) is (self.ended and self.seen is not None)


TestLife = Life.TestCase


@pytest.mark.parametrize(
    ("area", "zh", "en"),
    [
        (None, None, None),
        ("chaoyang", "朝阳区", "Chaoyang"),
        ("The park", "The park", "The park"),
        ({"district": "haidian", "text": "A gate"}, "海淀区 A gate", "A gate, Haidian"),
        ({"district": "haidian", "text": "11 号院"}, "海淀区 11 号院", "11 号院, Haidian"),
        ({"district": "haidian", "text": "颐和园 E"}, "海淀区颐和园 E", "颐和园 E, Haidian"),
        ({"district": "haidian", "text": "“老地方”"}, "海淀区“老地方”", "“老地方”, Haidian"),
        ({"district": "haidian", "text": "Парк"}, "海淀区 Парк", "Парк, Haidian"),
        ({"district": "haidian", "text": "海淀区北门"}, "海淀区北门", "海淀区北门, Haidian"),
        ({"geohash": "wx4g4"}, "wx4g4", "wx4g4"),
        ({"district": "outside", "geohash": "wx4g4"}, "辖区以外", "Outside the area"),
        ("outside", "辖区以外", "Outside the area"),
    ],
)
def test_an_area_reads_in_both_languages(area: Any, zh: str | None, en: str | None) -> None:
    assert (area_label(area, "zh"), area_label(area, "en")) == (zh, en)
