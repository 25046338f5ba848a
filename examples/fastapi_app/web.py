"""The shop's web service: FastAPI, with the CRM in threads beside its event loop.

`uvicorn web:app` serves it, and `crmkit --config crmkit.toml work` does what it asks for; of both
there may be as many as you want, on as many machines.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from shop import Refused, Shop


class Wish(BaseModel):
    """What a customer sends."""

    email: str
    name: str
    item: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the shop while the service runs."""
    app.state.shop = shop = await run_in_threadpool(Shop)
    yield
    await run_in_threadpool(shop.close)


app = FastAPI(lifespan=lifespan)


@app.post("/orders", status_code=201)
async def order(wish: Wish, request: Request) -> dict[str, int]:
    """Take an order."""
    shop: Shop = request.app.state.shop
    try:
        number = await run_in_threadpool(shop.place_order, wish.email, wish.name, wish.item)
    except Refused as refused:
        raise HTTPException(422, str(refused)) from refused
    return {"number": number}


@app.get("/customers/{email}")
async def customer(email: str, request: Request) -> dict[str, Any]:
    """Tell what a customer is worth."""
    shop: Shop = request.app.state.shop
    found = await run_in_threadpool(shop.value_of, email)
    if found is None:
        raise HTTPException(404, "nobody is known by this address")
    return found
