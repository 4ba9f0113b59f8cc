"""Numbers as people write them."""

from django import template

register = template.Library()


@register.filter
def thousands(number: int) -> str:
    """12,345."""
    return f"{number:,}"


@register.filter
def counted(number: int, word: str) -> str:
    """1 visit, 12,345 visits."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")
