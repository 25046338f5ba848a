"""The commands of the core: names and summaries, so that ``crmkit --help`` imports none of them."""

from __future__ import annotations

from crmkit.contracts.specs import CommandSpec

COMMANDS = tuple(
    CommandSpec(name=name, command=f"crmkit.cli.{place}", summary=summary)
    for name, place, summary in (
        ("demo", "demo:demo", "Try everything on a year of a real shop's invoices."),
        ("import", "importing:import_", "Take touchpoints or customers in from files."),
        ("advance", "advancing:advance", "Bring everybody to his tier and stage; run it daily."),
        ("customers", "customers:customers", "Find customers."),
        ("score", "scores:score", "Show a customer's value score and its parts."),
        ("explain", "scores:explain", "Say why a customer's score moved."),
        ("movers", "movers:movers", "List who rose or fell, and why."),
        ("pyramid", "pyramid:pyramid", "Show the tiers and their shares of value and revenue."),
        ("agenda", "agenda:agenda", "List whom to contact on a day, why, and about what."),
        ("done", "acting:done", "Record that a contact of the agenda was made."),
        ("snooze", "acting:snooze", "Put a contact of the agenda off."),
        ("key-accounts", "key_accounts:key_accounts", "List the key accounts and their figures."),
        ("key-account", "key_accounts:key_account", "Admit, review and remove key accounts."),
        ("promises", "key_accounts:promises", "List what was promised to key accounts."),
        ("consents", "consents:consents", "See what a customer allowed and forbade; record it."),
        ("send", "send:send", "Send messages one to one, and see what became of each."),
        ("sync", "sync:sync", "Keep the CRM that a team already has in step, both ways."),
        ("work", "work:work", "Be a worker: send, poll, sync and advance by itself."),
        ("jobs", "work:jobs", "List what workers do by themselves, and hand them more."),
        ("endings", "endings:endings", "List the relationships that were ended, or shall be."),
        ("ending", "endings:ending", "End a relationship with approval, or begin it anew."),
        ("competitors", "market:competitors", "List what is known of the competitors."),
        ("market", "market:market", "Tell how buying developed, and who came by word of mouth."),
        ("feedback", "feedback:feedback", "List cases of feedback that wait, and work on them."),
        ("standards", "standards:standards", "List service standards against what was measured."),
        ("funnel", "funnel:funnel", "List opportunities; see leaks and forecast, and move them."),
        ("targets", "targets:targets", "Set targets beside what was reached, and set them."),
        ("plan", "plan:plan", "Care plans: draw up, approve, carry out, close."),
        ("form", "forms:form", "Render a form of a care plan, filled or blank, to print on A4."),
        ("read-form", "forms:read_form", "Read a form that was filled in, and name every mistake."),
        (
            "report",
            "report:report",
            "Count customers and touchpoints, or report on channels, segments, care, the funnel.",
        ),
        ("collisions", "acting:collisions", "List keys that point at two customers."),
        ("resolve", "acting:resolve", "Merge the two customers of a collision, or keep them."),
        ("export", "customers:export", "Give all that is known about a customer, or the log."),
        ("erase", "customers:erase", "Forget a customer for good."),
        ("backup", "backing_up:backup", "Write everything into one file, and check it."),
        ("restore", "restoring:restore", "Bring back what a backup holds, but nobody erased."),
        ("migrate", "keeping:migrate", "Create or upgrade the database's schema."),
        ("rebuild", "keeping:rebuild", "Work out every customer's value anew from the log."),
        ("plugins", "keeping:plugins", "List the plugins and how they are."),
        ("doctor", "doctor:doctor", "Look for what is wrong or forgotten."),
        ("new-plugin", "new_plugin:new_plugin", "Write a plugin to start from."),
    )
)
"""In the order that help lists them."""
