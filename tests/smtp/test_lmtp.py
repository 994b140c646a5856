"""A store's reply for each recipient, and the one that the client hears."""

import pytest
from tests.smtp.stage import stage

from sluis.smtp.lmtp import one_reply
from sluis.smtp.reply import Reply

TAKEN = "250 2.1.5 Saved"
LATER = "452 4.2.2 Over quota"
NEVER = "550 5.1.1 Gone"


@pytest.mark.parametrize(
    ("replies", "told"),
    [
        ([TAKEN], TAKEN),
        ([TAKEN, TAKEN], TAKEN),
        ([LATER], LATER),
        ([NEVER], NEVER),
        ([NEVER, NEVER], NEVER),
        ([NEVER, LATER], LATER),
        ([TAKEN, LATER], "451 4.2.0 1 of 2 recipients have this message, the others not yet: 452 4.2.2 Over quota"),
        ([TAKEN, NEVER], "554 5.2.0 1 of 2 recipients have this message, the others never: 550 5.1.1 Gone"),
        (
            [NEVER, TAKEN, LATER],
            "451 4.2.0 1 of 3 recipients have this message, the others not yet: 452 4.2.2 Over quota",
        ),
    ],
)
def test_no_recipient_is_lost_in_one_reply(replies: list[str], told: str) -> None:
    assert one_reply([Reply.of(reply) for reply in replies]).wire() == told.encode() + b"\r\n"


@pytest.mark.parametrize(("replies", "code"), [((TAKEN, TAKEN), "250"), ((TAKEN, LATER), "451"), ((NEVER,), "451")])
async def test_every_reply_that_is_owed_is_waited_for(replies: tuple[str, ...], code: str) -> None:
    """A store that goes before all have been given has not answered."""
    async with stage(lmtp=True) as playing:
        client, store = await playing.open()
        await client.says("RCPT TO:<c@reader.example>")
        assert await store.hears() == "RCPT TO:<c@reader.example>"
        await store.says("250 Ok")
        await client.reply()
        await client.asks("DATA")
        await client.sends(b"Subject: x\r\n\r\nbody\r\n.\r\n")
        assert await store.hears() == "DATA"
        await store.says("354 Go")
        assert await store.message() == b"Subject: x\r\n\r\nbody\r\n"
        await store.says(*replies)
        store.closes()
        assert (await client.reply())[:3] == code
