"""DingtalkChatbot beside ours: the same post, signed alike.

DingTalk's own packages (dingtalk-stream, alibabacloud-dingtalk) know nothing of a group's robot.
"""

from urllib.parse import quote_plus

import pytest
from crmkit_dingtalk import hooks
from crmkit_dingtalk.bot import sign
from dingtalkchatbot.chatbot import DingtalkChatbot

from crmkit.contracts.channel import Message
from crmkit.testing.simulators.dingtalk import DingTalk

MOBILES = ["13800138000"]


@pytest.mark.row("R31")
@pytest.mark.parametrize("secret", ["SECrobot", "SEC" + "0f" * 32, "SEC密钥"])
def test_a_post_is_what_another_client_posts(secret: str):
    """The same address and mentions; each signature is the other's, encoded once."""
    (spec,) = hooks.crmkit_channels()
    with DingTalk(secret=secret) as robot:
        given = {"access_token": "robot-token", "secret": secret, "endpoint": robot.url}
        more = {"allow_private": True, "at_mobiles": MOBILES, "at_all": True}
        bot = spec.open(spec.configure({**given, **more}))
        (receipt,) = bot.send([Message(id="m1", customer_id="", purpose="service", text="库存")])
        bot.close()
        client = DingtalkChatbot(f"{robot.url}/robot/send?access_token=robot-token", secret)
        assert (
            client.send_text("库存 @13800138000", True, MOBILES, is_auto_at=False)["errcode"] == 0
        )
        assert receipt.outcome == "accepted"
        ours, theirs = robot.calls
    assert (ours.method, ours.path, ours.json()) == (theirs.method, theirs.path, theirs.json())
    for call in (ours, theirs):
        stamp = call.query["timestamp"]
        signed = f"timestamp={stamp}&sign={quote_plus(sign(stamp, secret))}"
        assert call.target == f"/robot/send?access_token=robot-token&{signed}"
