"""Response processing elements to the trees of the interpreter, templates by the last segment of their address."""

from lxml import etree

from itembank.exchange.qti.names import attributes, children, name_of
from itembank.items import Expression

TEMPLATES = ("match_correct", "map_response", "map_response_point", "CC2_match", "CC2_match_basic", "CC2_map_response")


def template_of(element: etree._Element) -> str:
    """The name of the template a responseProcessing element refers to, whatever address it is kept at; "" for none."""
    values = attributes(element)
    address = values.get("template") or values.get("template_location") or ""
    last = address.split("#")[0].split("?")[0].rstrip("/").rsplit("/", 1)[-1].removesuffix(".xml")
    same = {template.lower(): template for template in TEMPLATES}
    return same.get(last.lower(), last)


def read_rules(element: etree._Element) -> tuple[Expression, ...]:
    """The rules written inside a responseProcessing (or template) element."""
    return tuple(_expression(rule) for rule in children(element))


def _expression(element: etree._Element) -> Expression:
    op = name_of(element)
    read: Expression = dict(attributes(element))
    read["op"] = op
    if op == "base_value":
        read["value"] = "".join(map(str, element.itertext())).strip()
        return read
    args = [_expression(argument) for argument in children(element)]
    if args:
        read["args"] = args
    return read
