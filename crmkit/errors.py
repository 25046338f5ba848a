"""Every error crmkit raises, grouped by what the caller does next.

All derive from `CrmkitError`, say what happened and what to do about it, and carry their
facts as attributes, so that a host application can react without parsing a message.
"""

from __future__ import annotations

from typing import Any


class CrmkitError(Exception):
    """Base of every error crmkit raises on purpose.

    Keyword arguments become attributes: ``CustomerNotFound("...", customer_id="c1").customer_id``.
    """

    def __init__(self, message: str, **facts: Any) -> None:
        """Keep the message and set every fact as an attribute."""
        super().__init__(message)
        for name, value in facts.items():
            setattr(self, name, value)


# -- the caller passed something wrong: mend the call ----------------------------------


class InvalidValueError(CrmkitError, ValueError):
    """A value is outside what crmkit accepts; `field` names it where there is one."""


class NaiveTimeError(InvalidValueError):
    """A datetime without a UTC offset was given where an instant is needed."""


class ModelError(InvalidValueError):
    """A value model, policy or rule file does not make sense; `field` names the place."""


class MappingError(InvalidValueError):
    """A column mapping file does not fit the data; `field` names the column or key."""


class ConfigError(CrmkitError, ValueError):
    """The configuration is wrong; `key` names the setting."""


# -- something that was asked for is not there -----------------------------------------


class CustomerNotFound(CrmkitError, LookupError):  # noqa: N818 - a fixed public name
    """No customer has that id; `customer_id` holds it."""


class CustomerMerged(CustomerNotFound):
    """The id was merged into another; `customer_id` holds it, `into` where it went."""


class TouchpointNotFound(CrmkitError, LookupError):  # noqa: N818 - reads like its sibling
    """No live touchpoint has that source and id; `source` and `id` hold them."""


class DecisionNotFound(CrmkitError, LookupError):  # noqa: N818 - reads like its sibling
    """No decision (merge, collision, ending, agenda item, run) has that id; `id` holds it."""


# -- the call is right but must not be carried out -------------------------------------


class RefusedError(CrmkitError):
    """A rule of the relationship forbids it (approval, ended relationship, consent)."""


class SignatureInvalid(RefusedError):  # noqa: N818 - reads like its siblings
    """What came in is not from whom it claims to be, or is too old; `channel` names where."""


# -- storage: the caller retries, repairs or migrates ----------------------------------


class StoreError(CrmkitError):
    """The database could not do it; the message says what to check."""


class StoreClosed(StoreError):  # noqa: N818 - reads like its siblings
    """The store was closed; open it again with ``crmkit.connect``."""


class StoreBusy(StoreError):  # noqa: N818 - reads like its siblings
    """Another process kept the database locked for too long; the call may be repeated."""


class SchemaError(StoreError):
    """The database's schema is older or newer than this crmkit; `found` and `expected`."""


class BackupError(StoreError):
    """A backup is cut short, damaged, none at all or of a newer crmkit; `file` names it."""


# -- jobs: the queue keeps it ----------------------------------------------------------


class JobUnknown(CrmkitError, LookupError):  # noqa: N818 - reads like its siblings
    """A job is of another release than this worker: it goes back to the queue; `job` holds it."""


# -- files of the exported log ---------------------------------------------------------


class ExportError(CrmkitError):
    """The log cannot be exported to a folder, or read from it; `folder` holds it.

    What was exported there before is as it was, unless the message says otherwise.
    """


# -- plugins ---------------------------------------------------------------------------


class PluginError(CrmkitError):
    """A plugin is missing, broken or wrong; `plugin`, `hook` and `cause` name which and why."""
