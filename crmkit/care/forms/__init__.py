"""Forms 087 to 090: a care plan on paper, and what was written there back into the plan."""

from crmkit.care.forms.reading import FilledForm, read_form
from crmkit.care.forms.rendering import render_form

__all__ = ["FilledForm", "read_form", "render_form"]
