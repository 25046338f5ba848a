"""A customer who is drifting away: found, cared for by a plan, and back in his tier.

On a year of a real shop's invoices, which end on 9 December 2011. What happens afterwards (the
contacts that the plan asks for, and the orders that follow them) is made up.
"""

from datetime import UTC, datetime, time, timedelta

import crmkit
from crmkit.capture.files import read_touchpoints
from crmkit.capture.mapping import load_mapping
from crmkit.demo import DATA, MAPPING

DAY = timedelta(days=1)
now = datetime(2011, 12, 10, 9, tzinfo=UTC)
settings = {
    "currency": "GBP",
    "people": {
        "lin": {"name": "Lin", "role": "account manager", "reports_to": "boss"},
        "boss": {"name": "Ms Wang", "role": "head of sales", "senior": True},
    },
}


def order(customer: str, at: datetime) -> dict[str, object]:
    """Give an order as the shop's own system would hand it over."""
    return {
        "id": f"{customer}-{at:%Y%m%d}",
        "kind": "purchase",
        "at": at,
        "customer": customer,
        "item": "assorted gift tins",
        "amount": "640.00",
        "currency": "GBP",
        "quantity": 60,
    }


with crmkit.connect(
    "memory://", config=settings, clock=lambda: now, plugins=[], actor="lin"
) as crm:
    crm.capture(read_touchpoints(DATA, load_mapping(MAPPING)), source="shop")
    crm.value.use(crm.value.calibrate())
    crm.lifecycle.advance()

    # Who fell out of his tier, more than his own rhythm explains?
    falling = crm.value.movers(now - 90 * DAY, direction="falling", tier="core")
    fallen = next(one for one in falling if one.after.tier == "base")
    who = fallen.customer_id
    number = crm.customers.get(who).identities[0].value
    print(f"customer {number} fell from {fallen.before.total:.1f}", end=" ")
    print(f"({fallen.before.tier}) to {fallen.after.total:.1f} ({fallen.after.tier})")

    # A plan is drawn up: what the log knows already, nobody types again.
    plan = crm.care.draft(who, owner="lin", cause=fallen)
    print(f"\nplan {plan.id}: {plan.goals.long_term}")
    print(*(f"  {line}" for line in plan.situation.introduction.split("\n")), sep="\n")
    for obstacle in plan.goals.obstacles:
        print(f"  obstacle: {obstacle.obstacle}, {obstacle.importance}")
    for action in plan.action_plan.actions:
        print(f"  {action.on} {action.responsible}: {action.content} [{action.bond} bond]")

    # Who asks for it may not approve it.
    crm.care.submit(plan.id)
    try:
        crm.care.approve(plan.id)
    except crmkit.RefusedError as error:
        print(f"\nrefused: {error}")
    plan = crm.care.approve(plan.id, by="boss")
    begun = now

    # Day by day: the agenda says what is to be done; the checklist says what was done.
    while plan.state == "running":
        now += DAY
        if now.weekday() == 0:
            crm.lifecycle.advance()
        for item in crm.care.agenda(now.date(), owner="lin"):
            print(f"{item.due} {item.owner}, {item.why[0].en}: {item.about[0].en}")
            spent = {"travel": "35.00", "currency": "GBP"} if item.plan[1] == "a3" else {}
            outcome = {
                "mode": "visit" if spent else "phone",
                "competitor": "a new wholesaler calls him weekly",
                "effective": True,
                "next_step": "deliver every second week",
            }
            crm.care.done(item, outcome=outcome | spent, by=item.owner)
        if (now - begun).days in range(12, 100, 14):
            crm.capture([order(who, now)], source="shop")
        # The goal goes by the tier that `advance` recorded; a person closes the plan.
        plan = crm.care.plan(plan.id)
        if plan.reached and not plan.waiting:
            plan = crm.care.close(plan.id, outcome="He orders every second week again.")

    print(f"\nclosed on {now.date()}: {plan.outcome} Goal tier reached: {plan.reached}")
    moved = crm.value.explain(who, begun)
    print(f"his score since: {moved.before.total:.1f} -> {moved.after.total:.1f}")

    # What care brought: he against himself before, and against his like who had no plan.
    now += DAY
    brought = crm.care.evaluate(datetime.combine(begun.date(), time(0), UTC), now)
    back = brought.return_on_care
    print(f"compared with {back.others} others who had no plan:")
    for one in back.compared:
        others = f"theirs {one.others_before:.1f} -> {one.others_after:.1f}"
        print(f"  {one.measure} {one.before:.1f} -> {one.after:.1f}, {others}: {one.effect:+.1f}")
    print(f"cost {back.cost} {back.currency}, gain {back.gain} ({back.gain_of})")
    print(f"proven: {back.proven}. {back.note}")
