"""The work list: whom the front desk calls before their visit, and what else needs a person.

`queries` finds the rows, `rows` words them; a row's call is recorded by phone_calls/.
"""
