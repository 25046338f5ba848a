"""Putting together what outreach works with, out of what a connection has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import attrs

from crmkit.capture.intake import Joint
from crmkit.capture.tombstones import Key
from crmkit.config import Config
from crmkit.contracts.channel import Delivery
from crmkit.contracts.session import Session
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.outreach.lines import Lines
from crmkit.outreach.policy import OutreachPolicy
from crmkit.outreach.setup import Setup
from crmkit.outreach.surveys.settings import SurveySettings
from crmkit.outreach.templates.catalogue import Templates
from crmkit.relied import Relied


@attrs.frozen
class Outfit:
    """What a connection lends to outreach.

    Attributes:
        key: Gives the key of suppressions.
        joint: Opens a transaction that captures too.
        lines: The channels.
    """

    key: Key
    joint: Joint
    lines: Lines


def open_setup(session: Session, config: Config, relied: Relied, outfit: Outfit) -> Setup:
    """Read ``[outreach]`` and ``[channels]``; no channel is opened yet.

    Raises:
        ConfigError: a setting is wrong; `key` names it.
    """
    section = session.settings.get("outreach", {})
    folder = None if config.file is None else config.file.parent
    known = {*outfit.lines.names(), *relied.plugins.channels()}
    return Setup(
        session=session,
        policy=OutreachPolicy.of(section, known),
        templates=Templates.of(section.get("templates", {}), folder, channels=known),
        surveys=SurveySettings.of(section.get("surveys", {})),
        lines=outfit.lines,
        region=config.region,
        zone=AgendaPolicy.of(session.settings.get("agenda", {})).zone,
        key=outfit.key,
        joint=outfit.joint,
        refused=lambda messages: relied.refusals(messages, session.store.workspace),
        told=partial(_tell, relied, session.store.workspace),
    )


def _tell(relied: Relied, workspace: str, deliveries: Sequence[Delivery]) -> None:
    if relied.plugins.hears("crmkit_receipts"):
        relied.plugins.receipts(deliveries, workspace)
