"""纷享销客 (Fxiaoke, ShareCRM): one company on its open platform, with people who work in it."""

from crmkit.testing.simulators.fxiaoke.company import Fxiaoke
from crmkit.testing.simulators.fxiaoke.objects import described
from crmkit.testing.simulators.fxiaoke.pushes import pushed, sealed

__all__ = ["Fxiaoke", "described", "pushed", "sealed"]
