"""What a recipient told of their choice, written down on the page of an item."""

from typing import Annotated, Final, get_args
from uuid import UUID

from litestar.params import PathParameter

from relay.errors import Invalid
from relay.exchange import told
from relay.exchange.model import ToldHow
from relay.exchange.told import ToldChoice
from relay.identity.model import Person
from relay.permissions import Permission
from relay.web.desk.doing import Page, TheAsked, does
from relay.web.desk.item import on_item

ItemId = Annotated[UUID, PathParameter()]
_CHOICES: Final[tuple[ToldChoice, ...]] = get_args(ToldChoice)
_HOW: Final[tuple[ToldHow, ...]] = get_args(ToldHow)


@does("/items/{item_id:uuid}/told", Permission.CHOICE_WRITE_DOWN)
async def write_down(asked: TheAsked, item_id: ItemId) -> Page:
    """Write down what somebody told of their choice."""
    house, form = asked.house, asked.form

    async def do(person: Person) -> None:
        seat_id = form.identifier("seat_id")
        wrong = {}
        if form.text("choice") not in _CHOICES:
            wrong["choice"] = "Choose what they told you."
        if form.text("how") not in _HOW:
            wrong["how"] = "Choose how they told you."
        if wrong:
            raise Invalid(**wrong)
        choice, how = form.choice("choice", *_CHOICES), form.choice("how", *_HOW)
        told_on = form.day("told_on").astimezone(house.settings.zone).date()
        await told.write_down(house, person, item_id, seat_id, choice=choice, how=how, told_on=told_on)

    return await on_item(asked, item_id, do, done="told")


HANDLERS = [write_down]
