"""The composer: a post is written, changed, saved by itself as a draft, and sent; or shown, once it is on its way.

Its form holds everything, so that it works without a script: with one, parts of the page are drawn anew and a draft is
saved while somebody writes. Not here: the fields (composer_form.py), what is asked of platforms (composer_panels.py),
the clip itself (composer_clip.py, uploads.py).
"""

from dataclasses import replace

from starlette.responses import Response

from playout.application.shown import Shown
from playout.domain.delivery import State
from playout.domain.errors import Conflict, Invalid, NotFound, PlayoutError, Problem, Stale
from playout.domain.ids import is_id, new_id
from playout.domain.person import Scope
from playout.domain.post import state_of
from playout.domain.preflight import blocking
from playout.domain.rendition import Fit
from playout.web import composer_tiktok as tiktok
from playout.web import composer_words as words
from playout.web import times
from playout.web.ask import Ask
from playout.web.composer_form import WRONG_TIME, Part, Sheet, by_field, of_post, read
from playout.web.composer_panels import laid_out, limits_of
from playout.web.marks import N_
from playout.web.routes import Pages
from playout.web.toasts import Toast

pages = Pages()

#: What a button asks for.
DRAFT, QUEUE, AT, NOW, SAVE, CHECK, FIT = "draft", "queue", "at", "now", "save", "check", "fit:"
_OVERTAKEN = 409
_SENDS = frozenset({QUEUE, AT, NOW, SAVE})
_NOT_FOUND = N_("There is no such post.")


@pages.get("/posts/new")
async def blank(ask: Ask) -> Response:
    """Nothing of an earlier post is in it; `?video=` and `?at=` may bring a clip and a local time."""
    channels, _ = await limits_of(ask)
    sheet = Sheet(
        video_id=ask.said("video"),
        local_time=ask.said("at"),
        zone=ask.zone.key,
        parts=tuple(Part(one.id) for one in channels) if len(channels) == 1 else (),
        made_id=new_id("pst", ask.hall.clock.now()),
    )
    return await _drawn(ask, sheet)


@pages.post("/posts/new")
async def make(ask: Ask) -> Response:
    """What the pressed button says."""
    return await _pressed(ask, None)


@pages.post("/posts/new/autosave")
async def autosave_new(ask: Ask) -> Response:
    """The draft, for the first time."""
    return await _autosaved(ask, None)


@pages.get("/posts/{post_id}")
async def one(ask: Ask) -> Response:
    """To be changed, as long as nothing of it is being sent; else what became of it."""
    shown = await _post(ask)
    if _can_change(shown) and Scope.WRITE in ask.actor.scopes:
        return await _drawn(ask, of_post(shown.post), shown)
    return await _told(ask, shown)


@pages.post("/posts/{post_id}")
async def change(ask: Ask) -> Response:
    """What the pressed button says."""
    return await _pressed(ask, await _post(ask))


@pages.post("/posts/{post_id}/autosave")
async def autosave(ask: Ask) -> Response:
    """The draft, once more."""
    return await _autosaved(ask, await _post(ask))


@pages.get("/posts/{post_id}/state")
async def state(ask: Ask) -> Response:
    """What became of it so far, to be swapped into its page."""
    shown = await _post(ask)
    return ask.fragment("parts/post_state.html", post=shown.post, deliveries=shown.deliveries, moving=_is_moving(shown))


# ── what is asked for ────────────────────────────────────────────────────────────────────────────


async def _pressed(ask: Ask, shown: Shown | None) -> Response:
    sheet, do = await _sheet(ask, shown), ask.said("do")
    try:
        if do.startswith(FIT):
            return await _drawn(ask, await _fitted(ask, sheet, do.removeprefix(FIT)), shown)
        if do == CHECK:
            return await _drawn(ask, sheet, shown, problems=await _problems(ask, sheet))
        if do in _SENDS or do == DRAFT:
            return await _settled(ask, sheet, await _saved(ask, sheet, shown, do), do)
    except Stale:
        return await _overtaken(ask, sheet)
    except Invalid as error:
        return await _drawn(ask, sheet, shown, refused=error, problems=error.problems)
    except Conflict as error:
        return await _drawn(ask, sheet, shown, refused=error)
    return await _drawn(ask, sheet, shown)


async def _saved(ask: Ask, sheet: Sheet, shown: Shown | None, do: str) -> Shown:
    """Raises Invalid with every problem, Stale, Conflict."""
    posts, actor = ask.hall.posts, ask.actor
    draft, slot, at = do == DRAFT, do == QUEUE, sheet.scheduled_at if do in {AT, SAVE, DRAFT} else None
    if not draft:
        _refuse_incomplete(sheet, do)
    if shown is None:
        shown = await posts.create(actor, sheet.wanted(draft=draft, at=at, slot=slot), post_id=sheet.made_id or None)
        if draft or not shown.post.draft or shown.post.awaits_approval:
            return shown
        sheet = replace(sheet, version=None)  # saved by itself a moment ago, and its answer was lost
    if shown.deliveries:
        return await posts.edit(actor, shown.post.id, sheet.wanted(draft=False, at=at), sheet.version)
    saved = await posts.edit(actor, shown.post.id, sheet.wanted(draft=True, at=at), sheet.version)
    return saved if draft else await posts.schedule(actor, saved.post.id, at, slot=slot)


def _refuse_incomplete(sheet: Sheet, do: str) -> None:
    """What only the form knows: a time that is none, and the switch of a disclosure. Raises Invalid."""
    found = _of_form(sheet)
    if do in {AT, SAVE} and sheet.scheduled_at is None:
        found.append(Problem("time_missing", "/scheduled_at", WRONG_TIME))
    if found:
        raise Invalid(found[0].message, code=found[0].code, problems=found)


def _of_form(sheet: Sheet) -> list[Problem]:
    return [problem for part in sheet.parts for problem in tiktok.problems_of(part)]


async def _problems(ask: Ask, sheet: Sheet) -> tuple[Problem, ...]:
    wanted = sheet.wanted(draft=False, at=sheet.scheduled_at)
    return (*_of_form(sheet), *await ask.hall.posts.validate(ask.actor, wanted))


async def _fitted(ask: Ask, sheet: Sheet, channel_id: str) -> Sheet:
    """Has a copy made for this channel, and chooses it."""
    channel = await ask.hall.channels.get(ask.actor, channel_id)
    await ask.hall.renditions.ask(ask.actor, sheet.video_id, channel.platform, Fit.PAD)
    return sheet.fitted(channel_id, Fit.PAD)


async def _autosaved(ask: Ask, shown: Shown | None) -> Response:
    """A line for the foot of the page; the page sends the version that it knows, so that nobody's words are lost."""
    sheet = await _sheet(ask, shown)
    problems = await _problems(ask, sheet) if ask.said("check") else None
    try:
        saved = await _saved(ask, sheet, shown, DRAFT)
    except Stale:
        return _line(ask, sheet, problems, theirs=await _post(ask))
    except Invalid as error:
        return _line(ask, sheet, error.problems, refused=error)
    return _line(ask, sheet, problems, saved=saved)


def _line(
    ask: Ask,
    sheet: Sheet,
    problems: tuple[Problem, ...] | None,
    *,
    saved: Shown | None = None,
    theirs: Shown | None = None,
    refused: Invalid | None = None,
) -> Response:
    """`problems` None: they were not looked for now."""
    return ask.fragment(
        "parts/composer_saved.html",
        status=_OVERTAKEN if theirs else None,
        refused=refused,
        saved=saved.post if saved else None,
        theirs=theirs.post if theirs else None,
        wrong=by_field(problems or (), sheet),
        checked=problems is not None,
        blocking=len(blocking(problems or ())),
    )


# ── what is there ────────────────────────────────────────────────────────────────────────────────


async def _post(ask: Ask) -> Shown:
    """Raises NotFound, also for what cannot be an id."""
    post_id = ask.request.path_params["post_id"]
    if not is_id(post_id, "pst"):
        raise NotFound(_NOT_FOUND)
    return await ask.hall.posts.get(ask.actor, post_id)


async def _sheet(ask: Ask, shown: Shown | None) -> Sheet:
    _, limits = await limits_of(ask)
    sheet = read(ask.form, limits, shown.post.timezone if shown else ask.zone.key)
    return sheet if is_id(sheet.made_id, "pst") else replace(sheet, made_id="")


def _can_change(shown: Shown) -> bool:
    """Nothing of it is being sent or was sent, and nobody is asked to approve it."""
    waiting = all(one.state in {State.WAITING, State.HELD} and not one.step for one in shown.deliveries)
    return waiting and (shown.post.draft or bool(shown.deliveries)) and not shown.post.awaits_approval


def _is_moving(shown: Shown) -> bool:
    return any(one.state in {State.WAITING, State.SENDING, State.PROCESSING} for one in shown.deliveries)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


async def _drawn(
    ask: Ask,
    sheet: Sheet,
    shown: Shown | None = None,
    *,
    refused: PlayoutError | None = None,
    problems: tuple[Problem, ...] = (),
    theirs: Shown | None = None,
    status: int | None = None,
) -> Response:
    draw = ask.fragment if ask.by_htmx else ask.page
    drawn = draw(
        "parts/composer_sheet.html" if ask.by_htmx else "composer.html",
        status=status,
        refused=refused,
        place="composer",
        sheet=sheet,
        desk=await laid_out(ask, sheet, problems),
        post=shown.post if shown else None,
        scheduled=bool(shown and shown.deliveries),
        action=f"/posts/{shown.post.id}" if shown else "/posts/new",
        theirs=theirs.post if theirs else None,
        words=words,
        tiktok=tiktok,
        slot_zone=times.zone_named(sheet.zone),
    )
    return drawn if isinstance(drawn, Response) else await drawn


async def _settled(ask: Ask, sheet: Sheet, saved: Shown, do: str) -> Response:
    if do == DRAFT:
        return ask.see_other(f"/posts/{saved.post.id}", toast=Toast(ask.translated(N_("Draft saved."))))
    if saved.post.awaits_approval:
        sentence = N_("Somebody who may publish is asked to approve it.")
    elif await _has_tiktok(ask, sheet):
        sentence = tiktok.AFTERWARDS
    else:
        sentence = N_("Now it is being sent.") if do == NOW else N_("Scheduled.")
    where = f"/posts/{saved.post.id}" if do == NOW else "/"
    return ask.see_other(where, toast=Toast(ask.translated(sentence)))


async def _has_tiktok(ask: Ask, sheet: Sheet) -> bool:
    channels, _ = await limits_of(ask)
    return any(one.platform == tiktok.NAME and sheet.part(one.id) for one in channels)


async def _overtaken(ask: Ask, mine: Sheet) -> Response:
    """Another tab or person was faster: both wordings are shown, and saving again is a choice."""
    theirs = await _post(ask)
    if not _can_change(theirs):
        return await _told(ask, theirs)
    mine = replace(mine, version=theirs.post.version)
    return await _drawn(ask, mine, theirs, theirs=theirs, status=_OVERTAKEN)


async def _told(ask: Ask, shown: Shown) -> Response:
    return await ask.page(
        "post.html",
        place="queue",
        post=shown.post,
        value=state_of(shown.post, shown.deliveries),
        deliveries=shown.deliveries,
        moving=_is_moving(shown),
    )
