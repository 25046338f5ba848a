"""What Tryton's own client, proteus, sees of the parties, by identifier; argument: a URL.

A process of its own: what is Tryton's is never imported beside crmkit.
"""

import json
import sys

from proteus import Model, config

if __name__ == "__main__":
    config.set_xmlrpc(sys.argv[1])
    Party = Model.get("party.party")
    told = {
        one.code: {
            "name": party.name,
            "contacts": {row.type: row.value for row in party.contact_mechanisms},
        }
        for party in Party.find([])
        for one in party.identifiers
    }
    sys.stdout.write(json.dumps(told))
