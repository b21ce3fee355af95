"""The platforms, emulated on one port: the other side of the demo, and the oracle of the tests.

Shares no import with `playout`, in either direction. Rule by rule as their documentation says.

Start
-----
`python -m playout_sandbox --host 127.0.0.1 --port 9400 --data DIR [--profile fast] [--pull-root CAFILE]`

Port 0 picks a free one. When ready it prints one line: `{"url": "http://127.0.0.1:9400", "port": 9400}`. `fast` sets
the delays (processing, moderation, pull) to zero. SIGTERM ends it. DIR keeps `ledger.jsonl` and the received videos.

Where the platforms are
-----------------------
    URL/tiktok-www/v2/auth/authorize/     the consent page (client_key "sandbox-client-key")
    URL/tiktok-api/v2/...                 oauth/token/, oauth/revoke/, user/info/, video/list/, post/publish/...
    URL/tiktok-upload/...                 chunks; the address comes from init
    URL/feed                              what went live, for people

Control, JSON in and out, never counted as a platform request
-------------------------------------------------------------
    GET  /_sandbox/health                 {"ok": true}
    GET  /_sandbox/config                 all settings; secrets left out
    POST /_sandbox/config                 merge: {"sink": true, "limits": false, "tiktok": {"audited": false}}; see
                                          `config.Config` and `tiktok.config.TikTokConfig`; 400 names a wrong one
    GET  /_sandbox/ledger[?effect=E&after=SEQ]   [{"seq", "at", "platform", "effect", "request", "creator", ...}]
    GET  /_sandbox/requests               [{"n", "kind", "method", "at", "status", "fault"}], numbered from 1
    DELETE /_sandbox/requests             number from 1 again, keep everything else
    POST /_sandbox/faults                 {"match": {"n": 7}, "action": "reset_after"}; GET lists, DELETE clears
    PUT  /_sandbox/sink                   any body, thrown away -> {"size"}: a yardstick for uploads
    GET  /_sandbox/hooks                  [{"platform", "event", "facts", "attempts", "delivered", "dropped"}]
    POST /_sandbox/clock                  {"advance": 3600} -> {"now", "offset"}
    POST /_sandbox/reset                  forget everything: ledger, requests, faults, grants, posts, settings, clock
    POST /_sandbox/tiktok/grant           {"creator"?, "scopes"?, "client_key"?} -> what the token endpoint answers
    POST /_sandbox/tiktok/disconnect      {"creator"}: the creator removes the app
    POST /_sandbox/tiktok/finish-draft    {"publish_id", "privacy"?} -> {"post_id"}: the creator posts a draft
    POST /_sandbox/tiktok/take-down       {"post_id"}: the post is not public any more
    POST /_sandbox/tiktok/numbers         {"post_id", "view_count"?, "like_count"?, "comment_count"?, "share_count"?}

Request kinds: tiktok.authorize, .token, .revoke, .user_info, .video_list, .video_query, .creator_info, .init,
.inbox_init, .photo_init, .upload, .status, .cancel, .unknown.

Effects in the ledger, in the order of a post's life: token_issued, token_refreshed, revoked, disconnected;
task_created, chunk_accepted ("range"), upload_complete ("size", "sha256"), pull_started, pull_complete ("size",
"sha256"), published ("post_id", "sha256"), made_public ("post_id"), handed_over, cancelled ("reason"), failed
("reason"), taken_down ("post_id"). Each effect on a task also has "creator", "publish_id", "caption" and "privacy".
**Exactly one `published` entry for each post that exists**: two inits that were both uploaded are two entries.
"request" is the number of the platform request that caused the effect. No token is ever in there.

YouTube
-------
    URL/youtube-accounts/o/oauth2/v2/auth  the consent page (client_id "sandbox-client-id")
    URL/youtube-oauth/...                 token, revoke
    URL/youtube-api/youtube/v3/...        videos (GET, PUT, DELETE), channels, playlistItems, videoCategories,
                                          videos:batchGetStats
    URL/youtube-api/upload/youtube/v3/... videos (POST starts a resumable session; PUT its address with bytes, or with
                                          "bytes */N" to ask), thumbnails/set
    URL/youtube-analytics/v2/reports      a table of the numbers
    POST /_sandbox/youtube/grant          {"creator"?: channel id or handle, "scopes"?, "client_id"?} -> as token does
    POST /_sandbox/youtube/disconnect     {"creator"}: the person removes the app at Google
    POST /_sandbox/youtube/take-down      {"post_id", "reason"?}: gone; with a rejectionReason: rejected
    POST /_sandbox/youtube/numbers        {"post_id", "view_count"?, "like_count"?, "minutes_watched"?, ...}

Kinds: youtube.authorize, .token, .revoke, .start, .upload, .query, .videos, .stats, .channels, .playlist_items,
.categories, .thumbnail, .analytics, .unknown. Effects: token_issued, token_refreshed, revoked, disconnected;
session_started ("size", "notify"), chunk_accepted ("range": what was kept), upload_complete ("size", "sha256"),
published ("post_id", "sha256": when the last byte is in, whatever processing finds), made_public, failed ("reason": a
failureReason or rejectionReason), taken_down, thumbnail_set. "creator" is the channel's id, "caption" the title,
"session" a number of our own. Settings: `youtube.config.YouTubeConfig`. A broken connection leaves whole 256 KiB.

Instagram
---------
    URL/instagram-www/oauth/authorize     the consent page (client_id "sandbox-client-id")
    URL/instagram-api/oauth/access_token  code to short token
    URL/instagram-graph/...               access_token, refresh_access_token, and below a version: me, ID/media,
                                          ID/media_publish, ID/content_publishing_limit, CONTAINER, MEDIA,
                                          MEDIA/insights
    URL/facebook-graph/...                the same edges with tokens of Facebook Login
    URL/meta-rupload/ig-api-upload/...    bytes of a container; the address comes from POST ID/media
    POST /_sandbox/instagram/grant        {"creator"?, "scopes"?, "login"?: "instagram" or "facebook"} -> long-lived
                                          "access_token", "user_id"; with facebook also "page_id", "page_token"
    POST /_sandbox/instagram/disconnect   {"creator", "login"?}: the person removes the app (without login: both)
    POST /_sandbox/instagram/delete-data  {"creator"} -> {"status", "body", "proper"}: what deletion_url answered
    POST /_sandbox/instagram/take-down    {"post_id"}
    POST /_sandbox/instagram/numbers      {"post_id", "views"?, "likes"?, ...}: what insights tell
    POST /_sandbox/instagram/verify-webhook  {} -> {"verified", "status"}: the challenge for webhook_url
    POST /_sandbox/instagram/comment      {"post_id", "login"?}: a webhook by the app of that login, of no publication

Kinds: instagram.authorize, .token, .exchange, .refresh, .me, .container, .container_status, .publish, .media, .quota,
.insights, .upload, .unknown. Effects: token_issued, token_refreshed, disconnected; container_created ("upload",
"options"), pull_started, pull_complete, chunk_accepted, upload_complete, failed ("reason": a subcode, "rule"),
published ("post_id", "container"), taken_down. Settings: `instagram.config.InstagramConfig`; the accounts, the Graph
versions and the app's calls an hour are those of `meta.config.LoginConfig`. A scripted error takes a `code` like
"4/2207051".

Facebook
--------
    URL/facebook-www/VER/dialog/oauth     the consent page, with the Pages to tick (client_id "sandbox-client-id")
    URL/facebook-graph/VER/...            oauth/access_token, debug_token, me, me/accounts, me/businesses,
                                          me/permissions, BUSINESS/owned_pages and client_pages, PAGE,
                                          PAGE/video_reels, PAGE/videos, PAGE/published_posts, VIDEO,
                                          VIDEO/thumbnails, VIDEO/video_insights
    URL/meta-rupload/video-upload/...     bytes of a reel; the address comes from start
    POST /_sandbox/facebook/grant         {"creator"?: person or Page, "scopes"?, "tick"?: "all", "none" or ids,
                                          "life"?: "long" or "short"} -> what oauth gives, and "pages" with their tokens
    POST /_sandbox/facebook/disconnect    {"creator"}: the person removes the app; deauthorize_url is told
    POST /_sandbox/facebook/delete-data   {"creator"?, "user_id"?, "tamper"?} -> what deletion_url answered; 502 if
                                          it was not 200 with `url` and `confirmation_code`
    POST /_sandbox/facebook/verify-webhook  {} -> {"verified", "status"}: the challenge for webhook_url
    POST /_sandbox/facebook/comment       {"post_id", "times"?}: a webhook for each, or (webhook_batch) one for all
    POST /_sandbox/facebook/take-down     {"post_id"}
    POST /_sandbox/facebook/numbers       {"post_id", "likes"?, "comments"?, "shares"?, any metric of insights}

Kinds: facebook.authorize, .token, .debug_token, .me, .accounts, .businesses, .permissions, .page, .reels_start,
.reels_finish, .reels (the list), .upload, .video, .delete, .posts, .videos_start, .videos_transfer, .videos_finish,
.videos (from an address), .thumbnails, .insights, .unknown. Effects: token_issued, revoked, disconnected ("creator" is
the person); session_started, chunk_accepted ("range"), upload_complete ("size", "sha256"), published ("post_id": the
video's id, "sha256", "privacy": at the accepted finish, though the status tells it later), drafted, scheduled ("due"),
failed ("reason"), thumbnail_set, taken_down ("by"), deleted ("creator" is the Page, "video_id"). Settings:
`facebook.config.FacebookConfig` and `meta.config.LoginConfig`, both under "facebook". A scripted error takes a `code`
like "190/463", for .upload one like "OffsetInvalidError". A broken connection leaves every byte that arrived.

Faults
------
`match` is {"n": 7} (the request's number) or {"kind": "tiktok.init", "nth": 2} (the second of that kind from now on;
`*` in a kind matches anything). `times` (default 1) makes it fire on as many in a row. `delay` waits before acting.

    reset_before, reset_after             connection reset; before: nothing done, after: done and the answer lost
    kill_before, kill_after               SIGKILL `pid` instead of answering, and wait until it is dead
    status, status_after                  answer `status` (500) with `code` in the platform's shape, or with `body`
    html, html_after                      502 with a page of HTML
    stall, stall_after                    hold for `seconds`, before or after doing it, then answer
    half_body, malformed, renamed, slow   done, but the answer is cut, broken, differently named, or dripped
    partial_upload                        read `bytes` of an upload, then reset; the platform may keep some

"Before" means that the request was received to its last byte. A stalled request is done even if the client gives up.
"""
