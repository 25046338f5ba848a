"""lark-webhook-notify beside ours: the same envelope, signed alike.

Feishu's own package (lark-oapi) knows nothing of a group's bot.
"""

import pytest
from crmkit_feishu import hooks
from crmkit_feishu.bot import sign
from lark_webhook_notify import LarkWebhookNotifier
from lark_webhook_notify.client import gen_sign

from crmkit.contracts.channel import Message
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.feishu import Feishu


@pytest.mark.row("R31")
@pytest.mark.parametrize("secret", ["feishu-secret", "0f" * 32, "密钥"])
def test_a_post_is_signed_as_another_client_signs_it(secret: str):
    """Where it goes, what stands beside the text, and each signature, which is the other's."""
    (spec,) = hooks.crmkit_channels()
    with Feishu(secret=secret) as group:
        given = {"token": "hook-token", "secret": secret, "endpoint": group.url}
        bot = spec.open(spec.configure({**given, "allow_private": True}))
        (receipt,) = bot.send([Message(id="m1", customer_id="", purpose="service", text="库存")])
        bot.close()
        assert receipt.outcome == "accepted"
        group.fail(Fault(answer=Answer({"code": 0})))  # it posts cards, of which the group knows no
        url = f"{group.url}/open-apis/bot/v2/hook/hook-token"
        with LarkWebhookNotifier(webhook_url=url, webhook_secret=secret) as client:
            client.send_raw_content({"schema": "2.0"})
        ours, theirs = (call.json() for call in group.calls)
        assert group.calls[0].target == group.calls[1].target
    assert {*theirs} - {"card"} == {*ours} - {"content"} == {"msg_type", "timestamp", "sign"}
    for body in (ours, theirs):
        assert (
            body["sign"] == sign(body["timestamp"], secret) == gen_sign(body["timestamp"], secret)
        )
