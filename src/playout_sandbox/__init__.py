"""The platforms, emulated on one port: the other side of the demo, and the oracle of the tests.

Shares no import with `playout`, in either direction. TikTok so far, rule by rule as its documentation says.

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
    partial_upload                        read `bytes` of an upload, then reset

"Before" means that the request was received to its last byte. A stalled request is done even if the client gives up.
"""
