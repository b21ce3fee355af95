"""Approval: whoever may write but not publish asks, and somebody who may says yes or no."""

from dataclasses import replace
from datetime import timedelta

import pytest

from playout.application.posts import as_new
from playout.domain.delivery import State
from playout.domain.errors import Conflict, Forbidden, Invalid, Stale
from playout.domain.person import Actor, Role, Scope
from playout.domain.post import PostState, state_of
from tests.cast import Cast


@pytest.fixture
async def cast() -> Cast:
    cast = await Cast.open()
    await cast.services.workspaces.change(cast.alice, approval=True)
    return cast


@pytest.fixture
def editor(cast: Cast) -> Actor:
    return replace(cast.alice, name="editor", scopes=Role.EDITOR.scopes(approval=True))


async def test_an_editor_asks_by_scheduling(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)

    assert state_of(asked.post, asked.deliveries) is PostState.AWAITING_APPROVAL
    assert asked.post.approval
    assert asked.post.approval.asked_by == "editor"
    assert asked.deliveries == ()


async def test_nothing_goes_out_before_somebody_says_yes(cast: Cast, editor: Actor) -> None:
    await cast.post(cast.alice, by=editor)
    cast.clock.move(hours=2)

    await cast.work()

    assert cast.platform.published == {}


async def test_an_approved_post_goes_out_at_its_time(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)

    approved = await cast.services.posts.approve(cast.alice, asked.post.id, None)

    assert [one.due_at for one in approved.deliveries] == [asked.post.scheduled_at]
    assert approved.post.approval is None
    assert state_of(approved.post, approved.deliveries) is PostState.SCHEDULED


async def test_approval_after_its_time_needs_another_time(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)
    cast.clock.move(hours=2)

    with pytest.raises(Invalid) as refused:
        await cast.services.posts.approve(cast.alice, asked.post.id, None)
    assert refused.value.code == "in_the_past"

    later = cast.clock.now() + timedelta(hours=1)
    assert (await cast.services.posts.approve(cast.alice, asked.post.id, later)).post.scheduled_at == later


async def test_a_rejected_post_is_a_draft_with_a_word_why(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)

    rejected = await cast.services.posts.reject(cast.alice, asked.post.id, "Not this one.")

    assert state_of(rejected.post, rejected.deliveries) is PostState.DRAFT
    assert rejected.post.approval
    assert rejected.post.approval.note == "Not this one."


async def test_what_was_rejected_can_be_mended_and_asked_for_again(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)
    rejected = await cast.services.posts.reject(cast.alice, asked.post.id, "Louder.")

    mended = await cast.services.posts.edit(
        editor, asked.post.id, replace(as_new(rejected.post), caption="First light!"), None
    )
    again = await cast.services.posts.schedule(editor, mended.post.id, None)

    assert again.post.awaits_approval
    assert again.post.caption == "First light!"


async def test_an_editor_takes_his_question_back(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)

    taken_back = await cast.services.posts.cancel(editor, asked.post.id)

    assert state_of(taken_back.post, taken_back.deliveries) is PostState.DRAFT
    with pytest.raises(Conflict) as refused:
        await cast.services.posts.approve(cast.alice, asked.post.id, None)
    assert refused.value.code == "not_awaiting_approval"


async def test_an_editor_cannot_approve(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)

    with pytest.raises(Forbidden):
        await cast.services.posts.approve(editor, asked.post.id, None)
    with pytest.raises(Forbidden):
        await cast.services.posts.reject(editor, asked.post.id, "")


async def test_an_editor_cannot_move_what_is_in_line(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)
    await cast.services.posts.approve(cast.alice, asked.post.id, None)

    with pytest.raises(Forbidden):
        await cast.services.posts.schedule(editor, asked.post.id, cast.clock.now() + timedelta(hours=3))
    with pytest.raises(Forbidden):
        await cast.services.posts.cancel(editor, asked.post.id)


async def test_whoever_may_publish_needs_no_approval(cast: Cast) -> None:
    shown = await cast.post(cast.alice)

    assert [one.state for one in shown.deliveries] == [State.WAITING]


async def test_without_approval_in_the_workspace_an_editor_is_refused(cast: Cast, editor: Actor) -> None:
    await cast.services.workspaces.change(cast.alice, approval=False)

    with pytest.raises(Forbidden):
        await cast.post(cast.alice, by=editor)


async def test_only_what_was_seen_is_approved(cast: Cast, editor: Actor) -> None:
    asked = await cast.post(cast.alice, by=editor)
    await cast.services.posts.edit(editor, asked.post.id, replace(as_new(asked.post), caption="Something else"), None)

    with pytest.raises(Stale):
        await cast.services.posts.approve(cast.alice, asked.post.id, None, asked.post.version)


@pytest.mark.parametrize("approval", [True, False])
def test_roles_allow_more_the_higher_they_are(*, approval: bool) -> None:
    viewer, editor, approver, owner = (
        role.scopes(approval=approval) for role in (Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.OWNER)
    )

    assert viewer < editor <= approver < owner
    assert (Scope.PUBLISH in editor) is not approval
