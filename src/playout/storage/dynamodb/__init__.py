"""The store in one table of DynamoDB.

Keys `PK` and `SK`; `w` is a workspace. Everything is read from the table itself, consistently; five indexes only say
where to look. They are sparse, hold little beside keys, and lag: whoever finds something by one looks at the record.

    record      PK                  SK               found by
    workspace   w                   WS
    person      PER#id              PER
                EMAIL#address       PER              points to the person; an address belongs to one
                WAY#way             PER              points to them too; an identity or passkey belongs to one as well
                KEY#key             WHO#person       points to them too: sealed under that key
                w                   PER#id           whose sessions begin in it
    token       TOK#hash            TOK
                w                   TOK#id           points to the hash
    channel     w                   CH#id
                ACC#platform#remote TO#w             points to the channel; an account is connected once in a workspace
                OWN#platform#owner  TO#channel       points to it too
                KEY#key             TO#channel       points to it too: sealed under that key
    video       w                   VID#id           named: w#SHA#sha256
                w                   USE#video        the set of posts that use it
    post        w                   POST#id          holds the set of its deliveries' ids
                                                     planned: w#POSTS by scheduled_at
    delivery    w                   DLV#id           due: DUE#0…3 by wake_at · channel: w#channel · state: w#state
                                                     planned: w by scheduled_at · named: HANDLE#platform#handle
    hand        w                   HAND#channel     due: HAND#0…3 by its end. Which delivery of a channel is in hand
    event       w#subject           EVT#id
    webhook     w                   WHK#id
                KEY#key             HOOK#webhook     points to it: sealed under that key
    sending     w                   SND#id           channel: w#webhook · due: SENT#0…3 by created_at, for the sweep
    chore       w                   CHORE#kind:id    due: CHORES#0…3 by wake_at
    rest        w                   REST#random      due: DUE#0…3, at once. What a long step left to be done
    note, calls E#key, C#key        E, C             due: END#0…3 by its end; `ttl` for DynamoDB's own broom
    schema      SCHEMA              SCHEMA           the revision

**Writes.** A save is one transaction of at most 100 items, if each record has the version it was loaded with. What a
step writes that cannot be refused (new deliveries, history) may be more: the rest travels in an item of the same
transaction and is put afterwards, by whoever finds it if not by us (rest.py). A write whose answer was lost is known
again by its ClientRequestToken, and by the mark it leaves on each item (table.py).

Channels, posts and videos need what they point to, new records of a workspace the workspace (`lives`), in the same
transaction; only the channels of new deliveries are looked at before it. See erasing.py for how a workspace ends.

**What webhooks hear.** A save with an event that they may ask for asks first whether the workspace has one, and then
puts a chore in the same transaction.

**The claim.** Asks the four parts of the index what is due and, if anything is, which hands have not ended; deals turns
as every store does (turns.py); then takes each by a transaction: the delivery, if it has that version and is due, and
the hand of its channel, if it is free. An index that lags proposes what is gone; the table refuses. Two workers who see
two deliveries of one channel cannot both have its hand.

**What it costs**, counted in tests/storage/test_dynamo_cost.py; none of it grows with the number of posts that wait:

    a tick with nothing due               8 queries, no item
    schedule: post and delivery           3 requests, 1 of them a transaction; 1 item read, 5 written
    claim                                 9, 1; 1, 2; and all hands on channels that have not ended
    load the work                         3, 1; 6, 0
    save with a fence, keep in hand       2, 1; 1, 2 each
    save an outcome, with its event       2, 1; 1, 3
    the same, of which webhooks may hear  3, 1; 1, 3; where there is a webhook 2, 4
    a delivery with two claims, one keep  38, 9; 20, 20; where there is a webhook 22, 22
    a message to a webhook, once it came  3, 1; 1, 4; and 1 written by the sweep
    a chore, from put to done             8, 1; 2, 3
    find a person by address or way       2, 0; 2, 0
    save one                              2, 1; 1, 2; and 1 for each way in, address or key that comes or goes
    the workspace with all its members    1, 0; 1, 0
"""

from playout.storage.dynamodb.store import DynamoStore

__all__ = ["DynamoStore"]
