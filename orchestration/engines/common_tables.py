"""A select taken apart into its common table expressions, for an engine that understands them better one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import Token, TokenType, tokenize

# What a token adds to how many parentheses are open.
OPENS = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}


def taken_apart(query: str, dialect: str) -> tuple[list[tuple[str, str]], str]:
    """Name and select of every common table expression at the head of a select, in order, and the select they serve.

    The texts are the query's own. A select without any, or with one that reads itself, is left whole.
    """
    tokens = tokenize(query, read=dialect)
    if not tokens or tokens[0].token_type is not TokenType.WITH:
        return [], query
    is_recursive = tokens[1].token_type is TokenType.RECURSIVE
    at = 2 if is_recursive else 1
    tables = []
    while True:
        # <name> as ( <select> )
        name, opening = tokens[at].text, at + 2
        closing = _closing(tokens, opening)
        if is_recursive and any(token.text == name for token in tokens[opening:closing]):
            return [], query
        tables.append((name, query[tokens[opening].end + 1 : tokens[closing].start]))
        at = closing + 1
        if tokens[at].token_type is not TokenType.COMMA:
            return tables, query[tokens[at].start :]
        at += 1


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """Where the parenthesis that opens there is closed."""
    open_now = 0
    for place in range(opening, len(tokens)):
        open_now += OPENS.get(tokens[place].token_type, 0)
        if open_now == 0:
            return place
    raise ValueError("A parenthesis is not closed.")
